"""Jobs and what is in them, for programs."""

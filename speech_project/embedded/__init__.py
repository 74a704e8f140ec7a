"""The PostgreSQL backend, which starts the embedded server at the first connection."""

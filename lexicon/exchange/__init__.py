"""Terms in files, in and out: bytes to text (decoding.py), what a column may hold (columns.py),
CSV, TSV and JSON (formats.py), and what is done with each line (importing.py)."""

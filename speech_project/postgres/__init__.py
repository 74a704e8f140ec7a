"""Django's PostgreSQL backend, which finds out without asking that a connection is gone."""

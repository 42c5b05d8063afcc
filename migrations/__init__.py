"""Database schema history, one tree per context, for SQLite and PostgreSQL."""

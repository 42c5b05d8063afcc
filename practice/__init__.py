"""The public practice program: its own process and database, released items only."""

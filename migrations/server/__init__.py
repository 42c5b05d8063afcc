"""The server's revisions."""

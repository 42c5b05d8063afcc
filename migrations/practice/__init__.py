"""The public program's revisions."""

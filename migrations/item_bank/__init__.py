"""The bank's revisions."""

"""The proctor's revisions."""

"""Revisions of the context `practice`."""

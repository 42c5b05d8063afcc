"""Revisions of the context `kernel`."""

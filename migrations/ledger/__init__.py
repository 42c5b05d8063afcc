"""Revisions of the context `ledger`."""

"""Decisions of the results room: lines of a list, its periods, reviews, what may be shown."""

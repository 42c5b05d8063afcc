"""Archives over HTTP: making and fetching them; holds and the destruction of a session's keys."""

from server.archive.api import erasing, exporting

__all__ = ["erasing", "exporting"]

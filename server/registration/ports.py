"""What this room asks of the matcher of faces; wired in the composition root."""

from typing import Protocol


class PortraitReport(Protocol):
    """What was found in a portrait; ``code`` is None when it can be enrolled (``face.no_face``
    …).
    """

    @property
    def code(self) -> str | None: ...


class PortraitDesk(Protocol):
    """Portraits for the 1:1 comparison. Each call opens its own transactions."""

    async def inspect_portrait(self, *, image: bytes) -> PortraitReport:
        """Looks and stores nothing. Raises a Refusal for bytes that are no picture."""
        ...

    async def enrol_portrait(self, *, subject_id: str, image: bytes, session_id: str) -> object:
        """Puts it on file for the subject. Raises a Refusal with a ``face.*`` code."""
        ...

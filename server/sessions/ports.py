"""What this room asks of later ones; wired in the composition root."""

from typing import Protocol

from kernel.access import Principal
from kernel.db import ReadSession


class OpenSittings(Protocol):
    """The sittings that still run when the chief closes a session."""

    async def count_open(self, session: ReadSession, session_id: str) -> int:
        """How many sittings of the session have started and not ended."""
        ...

    async def submit_open(self, principal: Principal, session_id: str, reason_text: str) -> int:
        """Submits each of them as forced, in transactions of its own; returns how many."""
        ...

"""What a sitting asks of others: the opened paper, a matcher of faces, and somebody to tell."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from kernel.db import ReadSession, WriteSession
from paper.package import Content
from server.checkin.ports import Comparison


class Papers(Protocol):
    """The opened paper of a session."""

    async def content(self, session_id: str) -> Content:
        """In memory only. Raises ``papers.not_released``."""
        ...


class SeatVerdict(Comparison, Protocol):
    """The second match, against the door frame."""

    @property
    def reason(self) -> str | None: ...


class SeatMatcher(Protocol):
    """Opens its own transactions, so it is asked outside ours."""

    async def verify(
        self, *, subject_id: str, image: bytes, against: str, purpose: str
    ) -> SeatVerdict:
        """``against`` is ``door``, ``purpose`` is ``seat``."""
        ...


class Portraits(Protocol):
    """The portraits of registration, of both routes."""

    async def portrait_of_sitting(self, sitting_id: str) -> bytes:
        """JPEG. Raises ``registration.no_portrait``."""
        ...


@dataclass(frozen=True, slots=True)
class Observation:
    """Something a person should look at. ``kind`` and ``severity`` are the incident's words.

    ``name`` is what whoever reports calls it, with a ``number`` where names are counted: what comes
    again under a name and no higher number is the same report. Without a name each one counts.
    """

    sitting_id: str
    kind: str
    severity: str
    at_ms: int
    score: float | None = None
    threshold: float | None = None
    proposal_s: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    number: int = 0


class Incidents(Protocol):
    """Where observations go; a report of something already open is coalesced with it, one
    that was made before, whatever was decided meanwhile, is nothing.
    """

    async def report(self, tx: WriteSession, observation: Observation) -> None:
        """Within the caller's transaction."""
        ...

    async def open_outages(self, session: ReadSession) -> dict[str, int]:
        """Sittings with an open case and an outage whose end was not measured: since when."""
        ...


class Templates(Protocol):
    """Biometric templates on file. It opens its own transactions."""

    async def erase_templates(self, *, session_id: str) -> int:
        """Destroys every face template of the session with its key; returns how many."""
        ...

"""Sittings: sign-in at the seat, paper, answers, handing in, and the steps that staff take."""

from kernel.access import Principal
from kernel.errors import Kind, Refusal
from server.sittings.ports import Portraits
from server.sittings.service.answers import Acked, Answers, Batch, Event
from server.sittings.service.calls import Calls
from server.sittings.service.changes import Changes, Following
from server.sittings.service.entry import Device, Entry, FaceResult, SignedIn
from server.sittings.service.everybody import places
from server.sittings.service.forgetting import Forgetting
from server.sittings.service.hall import Hall
from server.sittings.service.hearing import Hearing
from server.sittings.service.interventions import Acting, Interventions
from server.sittings.service.paper import DealtPaper, PaperDesk, State
from server.sittings.service.presence import Presence, Progress
from server.sittings.service.receipting import Receipting
from server.sittings.service.rows import Loaded, ensure, find, load, locked, of_room, of_session
from server.sittings.service.submitting import FinalState, Submitting, final_message
from server.sittings.service.watching import Watching


class SittingsService:
    """The use cases over one hall. ``lookup_key`` finds ID numbers."""

    def __init__(self, hall: Hall, lookup_key: bytes, portraits: Portraits | None = None) -> None:
        self.hall = hall
        self._portraits = portraits
        self.papers = PaperDesk(hall)
        self.entry = Entry(hall, lookup_key)
        self.calls = Calls(hall)
        self.answers = Answers(hall, self.papers, self.calls)
        self.submitting = Submitting(hall, self.papers)
        self.receipting = Receipting(hall, self.submitting)
        self.interventions = Interventions(hall)
        self.watching = Watching(hall)
        self.hearing = Hearing(hall)
        self.changes = Changes(hall)

    async def portrait(self, sitting_id: str) -> bytes:
        """The candidate's own portrait (JPEG). Raises ``registration.no_portrait``."""
        if self._portraits is None:
            raise Refusal("registration.no_portrait", Kind.NOT_FOUND)
        return await self._portraits.portrait_of_sitting(sitting_id)

    async def show(self, principal: Principal, image: bytes) -> None:
        """The wall's small picture. Raises ``answer.stale_epoch`` for a device that was replaced:
        what its camera sees is not the candidate.
        """
        hall = self.hall
        async with hall.database.read() as session:
            loaded = await load(session, principal.subject)
        if hall.is_replaced(loaded, principal):
            raise Refusal("answer.stale_epoch", Kind.CONFLICT, epoch=loaded.row.epoch)
        hall.heard(loaded, principal)
        hall.presence.keep_thumbnail(loaded.row.id, image, hall.clock.now_ms())


__all__ = [
    "Acked",
    "Acting",
    "Answers",
    "Batch",
    "Calls",
    "Changes",
    "DealtPaper",
    "Device",
    "Entry",
    "Event",
    "FaceResult",
    "FinalState",
    "Following",
    "Forgetting",
    "Hall",
    "Interventions",
    "Loaded",
    "PaperDesk",
    "Presence",
    "Progress",
    "SignedIn",
    "SittingsService",
    "State",
    "Submitting",
    "Watching",
    "ensure",
    "final_message",
    "find",
    "load",
    "locked",
    "of_room",
    "of_session",
    "places",
]

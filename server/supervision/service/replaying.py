"""A look's content: the paper as it was dealt, its moments, its frames, the pictures of the camera.

Rules kept here: everything comes from the sitting's own streams and the sealed package; a table is
asked only where a picture lies, and the picture must be the one the log names.
"""

from dataclasses import dataclass
from hashlib import sha256

from kernel.access import Principal
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger, OpenRecord
from paper.package import Form
from server.checkin.service import camera_stream, sitting_stream
from server.invigilation.tables import CaptureRow
from server.papers.service import PapersService
from server.sittings.rules.bound import bound_form, dealt_items
from server.sittings.rules.dealing import DealtItem, Section, sections
from server.sittings.rules.logged import times_of
from server.supervision.ports import Pictures
from server.supervision.rules.moments import Moment, moments
from server.supervision.rules.replaying import Frame, replay
from server.supervision.service.looks import Look, Looks


@dataclass(frozen=True, slots=True)
class Picture:
    """A capture on record. ``kept`` is False once the picture itself is gone."""

    capture_id: str
    taken_at_ms: int
    outcome: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Course:
    """A whole sitting on the time line, from the first record to the last."""

    look: Look
    title: str
    from_ms: int
    to_ms: int
    items: tuple[DealtItem, ...]
    sections: tuple[Section, ...]
    moments: tuple[Moment, ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A frame with the look that allows it."""

    look: Look
    frame: Frame


class Replaying:
    """Shows what a look allows."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        papers: PapersService,
        captures: Pictures,
        looks: Looks,
    ) -> None:
        self._db = database
        self._ledger = ledger
        self._papers = papers
        self._captures = captures
        self._looks = looks

    async def course(self, principal: Principal, look_id: str) -> Course:
        """Raises ``replay.*``, ``papers.not_released``, ``ledger.*``."""
        async with self._db.read() as session:
            look = await self._looks.held(session, principal, look_id)
            records = await self.records(session, look.row.sitting_id)
            pictures = await self._pictures(session, look.row.sitting_id)
        title, form = await self.form(look.row.session_id, records)
        dealt = dealt_items(records, [form])
        times = times_of(records)
        return Course(
            look, title, times[0], times[-1], dealt, tuple(sections(dealt)),
            tuple(moments(records, dealt)), tuple(pictures),
        )  # fmt: skip

    async def frame(self, principal: Principal, look_id: str, at_ms: int) -> Shown:
        """Raises ``replay.*``, ``papers.not_released``, ``ledger.*``."""
        async with self._db.read() as session:
            look = await self._looks.held(session, principal, look_id)
            records = await self.records(session, look.row.sitting_id)
        _, form = await self.form(look.row.session_id, records)
        return Shown(look, replay(records, form, at_ms))

    async def picture(self, principal: Principal, look_id: str, capture_id: str) -> bytes:
        """JPEG. Raises ``capture.unknown``, ``replay.picture_gone``, ``replay.picture_differs``."""
        async with self._db.read() as session:
            look = await self._looks.held(session, principal, look_id)
            named = await self._named(session, look.row.sitting_id)
            row = await session.get(CaptureRow, capture_id)
        if capture_id not in named or row is None or row.sitting_id != look.row.sitting_id:
            raise Refusal("capture.unknown", Kind.NOT_FOUND, id=capture_id)
        try:
            image = await self._captures.image(row)
        except (FileNotFoundError, KeyError, Refusal) as gone:
            raise Refusal("replay.picture_gone", Kind.NOT_FOUND) from gone
        if sha256(image).hexdigest() != named[capture_id].body["frame_sha256"]:
            raise Refusal("replay.picture_differs", Kind.CONFLICT)
        return image

    async def records(self, session: ReadSession, sitting_id: str) -> list[OpenRecord]:
        """The sitting's stream."""
        return await self._ledger.read(session, sitting_stream(sitting_id))

    async def form(self, session_id: str, records: list[OpenRecord]) -> tuple[str, Form]:
        """Title and form, out of the sealed package. Raises ``replay.empty``,
        ``sitting.form_unknown``.
        """
        if not records:
            raise Refusal("replay.empty", Kind.NOT_FOUND)
        content = await self._papers.content(session_id)
        return content.title, bound_form(records, content.forms)

    async def _named(self, session: ReadSession, sitting_id: str) -> dict[str, OpenRecord]:
        records = await self._ledger.read(session, camera_stream(sitting_id))
        return {one.body["capture_id"]: one for one in records if one.kind == "capture"}

    async def _pictures(self, session: ReadSession, sitting_id: str) -> list[Picture]:
        found = []
        for capture_id, one in (await self._named(session, sitting_id)).items():
            kept = await session.get(CaptureRow, capture_id) is not None
            found.append(Picture(capture_id, one.body["taken_at_ms"], one.body["outcome"], kept))
        return sorted(found, key=lambda one: (one.taken_at_ms, one.capture_id))

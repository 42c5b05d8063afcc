"""Dealing the paper, first time and after every reload: the same order, the answers from the
ledger.

Rules kept here: nothing is dealt before T0 and release; the seed is drawn once, recorded in the
ledger with the form's hash and the plan of the time, so that order and deadline can be made again
from there, and wrapped in the row; a form that is not the one bound at the door is refused.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kernel.access import Principal
from kernel.crypto import chance
from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from ledger.fold import Folded
from paper.items import FormItem
from paper.package import Form, form_hash
from server.bodies.service import room_name
from server.checkin.service import sitting_stream
from server.papers.service import manifest_of
from server.sittings.rules.dealing import DealtItem, Section, deal, sections
from server.sittings.rules.timing import Stage, may_answer, stage
from server.sittings.service.hall import Hall
from server.sittings.service.presence import Progress
from server.sittings.service.rows import Loaded, load, locked
from server.sittings.tables import NoticeRow


@dataclass(frozen=True, slots=True)
class Answered:
    """The fold of the client's records: item id → response as sent, marked items, next seq.

    ``settled_ms``: item id → when its answer or its clearing was made, by the device's word.
    """

    answers: dict[str, Any]
    settled_ms: dict[str, int]
    marks: list[str]
    epoch: int
    next_seq: int


@dataclass(frozen=True, slots=True)
class DealtPaper:
    """Everything the candidate's page needs to go on."""

    form_code: str
    form_hash: str
    title: str
    items: list[DealtItem]
    sections: list[Section]
    answered: Answered


@dataclass(frozen=True, slots=True)
class State:
    """Where the sitting stands, as the candidate's page shows it."""

    loaded: Loaded
    stage: Stage
    now_ms: int
    deadline_ms: int
    title: str
    item_count: int | None
    full_score: str | None
    room_name: str
    acked_through: int
    notices: list[NoticeRow]


def seed_purpose(sitting_id: str) -> bytes:
    """Under which the seed of a sitting's order is wrapped."""
    return b"gongyuan/sitting-order/" + sitting_id.encode()


class PaperDesk:
    """Deals and folds."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    async def form(self, loaded: Loaded) -> tuple[str, Form]:
        """Title and form. Raises ``papers.not_released``, ``paper.form_missing``."""
        content = await self._hall.papers.content(loaded.row.session_id)
        for form in content.forms:
            if form.form_code == loaded.row.form_code:
                return content.title, form
        raise Refusal("paper.form_missing", Kind.CONFLICT, form=loaded.row.form_code)

    async def items(self, loaded: Loaded) -> dict[str, FormItem]:
        """The form's items by id."""
        _, form = await self.form(loaded)
        return {item.item_id: item for item in form.items}

    async def paper(self, principal: Principal) -> DealtPaper:
        """The paper in this candidate's order. Raises what ``may_answer`` raises, and
        ``answer.stale_epoch`` for a device that no longer holds the sitting.
        """
        hall = self._hall
        now_ms = hall.clock.now_ms()
        async with hall.database.read() as session:
            loaded = await load(session, principal.subject)
        hall.check_holder(loaded, principal, loaded.row.epoch)
        may_answer(now_ms, loaded.standing(now_ms), newest_client_ms=now_ms, late_data_s=0)
        title, form = await self.form(loaded)
        if loaded.row.seed_wrapped is None:
            loaded = await self._start(principal, form)
        seed = hall.keyring.unwrap(loaded.row.seed_wrapped or b"", seed_purpose(loaded.row.id))
        dealt = deal(form, seed)
        async with hall.database.read() as session:
            answered = await self.fold(session, loaded)
        hall.presence.touch(loaded.row.id, now_ms)
        return DealtPaper(
            form.form_code, form_hash(form).hex(), title, dealt, sections(dealt), answered
        )

    async def _start(self, principal: Principal, form: Form) -> Loaded:
        hall = self._hall
        async with hall.database.write() as tx:
            loaded = await locked(tx, principal.subject)
            if loaded.row.seed_wrapped is not None:
                return loaded
            now_ms = hall.clock.now_ms()
            may_answer(now_ms, loaded.standing(now_ms), newest_client_ms=now_ms, late_data_s=0)
            manifest = await manifest_of(tx, loaded.row.session_id)
            hashes = {one.form_code: one.form_hash for one in manifest.forms}
            found = form_hash(form).hex()
            if hashes.get(form.form_code) != found:
                raise Refusal("paper.form_differs", Kind.CONFLICT, form=form.form_code)
            await hall.ensure_running(tx, loaded)
            seed = chance.token_bytes(32)
            loaded.row.seed_wrapped = hall.keyring.wrap(seed, seed_purpose(loaded.row.id))
            loaded.row.started_at_ms = now_ms
            await tx.flush()
            await hall.write_record(
                tx, loaded, "started",
                {
                    "form_code": form.form_code, "form_hash": found, "order_seed": seed.hex(),
                    "plan": {
                        "starts_at_ms": loaded.exam.starts_at_ms,
                        "duration_s": loaded.exam.duration_s,
                        "extra_time_pct": loaded.candidate.extra_time_pct,
                    },
                },
            )  # fmt: skip
        hall.moved(loaded)
        return loaded

    async def fold(self, session: ReadSession, loaded: Loaded) -> Answered:
        """Answers and marks from the ledger; keeps the count for the wall."""
        folded, progress = await self._rebuilt(session, loaded)
        return Answered(
            folded.answers, folded.settled_ms, sorted(folded.marks), loaded.row.epoch,
            progress.acked_through + 1,
        )  # fmt: skip

    async def progress(self, session: ReadSession, loaded: Loaded) -> Progress:
        """How far the sitting is: from memory, or rebuilt from the ledger."""
        known = self._hall.presence.progress(loaded.row.id)
        if known is None or known.epoch < loaded.row.epoch:
            _, read = await self._rebuilt(session, loaded)
            known = self._hall.presence.progress(loaded.row.id) or read
        return known

    async def _rebuilt(self, session: ReadSession, loaded: Loaded) -> tuple[Folded, Progress]:
        folded = await self._hall.ledger.fold(session, sitting_stream(loaded.row.id))
        progress = Progress(set(folded.answers), loaded.row.epoch, folded.acked(loaded.row.epoch))
        self._hall.presence.keep_progress(loaded.row.id, progress)
        return folded, progress

    async def state(self, sitting_id: str) -> State:
        """The state of a sitting."""
        hall = self._hall
        now_ms = hall.clock.now_ms()
        async with hall.database.read() as session:
            loaded = await load(session, sitting_id)
            progress = await self.progress(session, loaded) if loaded.row.epoch else Progress()
            manifest = await manifest_of(session, loaded.row.session_id)
            found = await session.execute(
                select(NoticeRow)
                .where(NoticeRow.sitting_id == sitting_id)
                .order_by(NoticeRow.at_ms, NoticeRow.id)
            )
            notices = list(found.scalars())
            room = await room_name(session, loaded.row.room_id)
        summary = next((f for f in manifest.forms if f.form_code == loaded.row.form_code), None)
        standing = loaded.standing(now_ms)
        return State(
            loaded=loaded,
            stage=stage(now_ms, standing),
            now_ms=now_ms,
            deadline_ms=standing.deadline_ms,
            title=manifest.title,
            item_count=summary.item_count if summary else None,
            full_score=summary.full_score if summary else None,
            room_name=room,
            acked_through=progress.acked_through if progress.epoch == loaded.row.epoch else 0,
            notices=notices,
        )

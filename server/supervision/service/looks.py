"""Taking a look: who, at whose sitting, why; on record before anything is shown.

Rules kept here: a look is recorded in the session's stream in the transaction that grants it, and
in the stream after the seal when the session's own is sealed; a look belongs to whoever took it,
ends by itself, and a look at a running session ends when the session is closed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernel.access import Principal, Role
from kernel.clock import Clock
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from ledger.book import Act, Ledger
from server.accounts.service import accounts_named
from server.checkin.service import Reason, sitting_stream
from server.sessions.rules import Duty, SessionState, reached
from server.sessions.service import need_duty, session_row, session_stream
from server.sittings.service import Loaded, load, of_session
from server.sittings.service.shapes import masked
from server.supervision.rules.looking import Viewer, texts_shown
from server.supervision.tables import LookRow

LOOKERS = (Role.SUPERVISOR, Role.OFFICER, Role.CHIEF)


@dataclass(frozen=True, slots=True)
class Look:
    """A look that was taken, with whose sitting it shows."""

    row: LookRow
    seat_no: str
    ticket_no: str
    name_masked: str
    form_code: str


@dataclass(frozen=True, slots=True)
class Sitting:
    """A sitting that can be replayed."""

    sitting_id: str
    seat_no: str
    ticket_no: str
    name_masked: str
    started: bool
    submitted: str | None


@dataclass(frozen=True, slots=True)
class Looked:
    """A look on record."""

    sitting_id: str
    by_name: str
    reason_code: str
    reason_text: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Overview:
    """A session's sittings in the order of seats, and the looks that were taken at them."""

    sittings: tuple[Sitting, ...]
    looks: tuple[Looked, ...]


class Looks:
    """Grants and checks looks."""

    def __init__(self, database: Database, clock: Clock, ledger: Ledger, look_s: int) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._look_s = look_s

    async def overview(self, principal: Principal, session_id: str) -> Overview:
        """Raises ``sessions.unknown``, ``sessions.not_staffed``, ``replay.running``."""
        async with self._db.read() as session:
            exam = await session_row(session, session_id)
            viewer = await _viewer(session, principal, session_id)
            texts_shown(viewer, closed=reached(exam.state, SessionState.CLOSED))
            found = [_sitting(one) for one in await of_session(session, session_id)]
            acts = await self._on_record(session, session_id)
            names = await accounts_named(session, {str(act["by"]) for act in acts})
        return Overview(
            tuple(sorted(found, key=lambda one: (one.seat_no, one.sitting_id))),
            tuple(
                Looked(
                    act["sitting_id"],
                    names[act["by"]].name if act["by"] in names else act["by"],
                    act["reason_code"],
                    act["reason_text"],
                    act["at_ms"],
                )
                for act in acts
            ),
        )

    async def take(self, principal: Principal, sitting_id: str, reason: Reason) -> Look:
        """A look, on record with its reason. Raises ``sitting.unknown``, ``replay.running``,
        ``sessions.not_staffed``, ``act.reason_missing``, ``act.reason_long``.
        """
        reason.need()
        async with self._db.write() as tx:
            loaded = await load(tx, sitting_id)
            session_id = loaded.row.session_id
            viewer = await _viewer(tx, principal, session_id)
            closed = reached(loaded.exam.state, SessionState.CLOSED)
            texts = texts_shown(viewer, closed=closed)
            # Whoever may not read the stream is told before the look is granted.
            await self._ledger.read(tx, sitting_stream(sitting_id))
            now_ms = self._clock.now_ms()
            row = LookRow(
                id=mint("look"), session_id=session_id, sitting_id=sitting_id,
                by=principal.subject, texts=texts, closed=closed, at_ms=now_ms,
                until_ms=now_ms + self._look_s * 1_000,
            )  # fmt: skip
            tx.add(row)
            await tx.flush()
            await self._record(
                tx,
                session_id,
                {
                    "look_id": row.id, "sitting_id": sitting_id, "by": principal.subject,
                    "reason_code": reason.code, "reason_text": reason.text, "texts": texts,
                    "state": loaded.exam.state, "at_ms": now_ms,
                },
            )  # fmt: skip
        return _look(row, loaded)

    async def held(self, session: ReadSession, principal: Principal, look_id: str) -> Look:
        """The look, if it still is the caller's. Raises ``replay.look_unknown``,
        ``replay.look_over``.
        """
        row = await session.get(LookRow, look_id)
        if row is None or row.by != principal.subject:
            raise Refusal("replay.look_unknown", Kind.NOT_FOUND)
        loaded = await load(session, row.sitting_id)
        closed = reached(loaded.exam.state, SessionState.CLOSED)
        if row.until_ms <= self._clock.now_ms() or closed is not row.closed:
            raise Refusal("replay.look_over", Kind.CONFLICT)
        # A duty or a role that was taken away since ends the look as well.
        texts_shown(await _viewer(session, principal, row.session_id), closed=closed)
        return _look(row, loaded)

    async def _record(self, tx: WriteSession, session_id: str, body: dict[str, Any]) -> None:
        act = [Act("replayed", body)]
        try:
            await self._ledger.append(tx, session_stream(session_id), act)
        except Refusal as refused:
            if refused.code != "ledger.stream_closed":
                raise
            await self._open_after(tx, session_id)
            await self._ledger.append(tx, session_stream(after(session_id)), act)

    async def _open_after(self, tx: WriteSession, session_id: str) -> None:
        """The stream of what is done to a session after its seal; it has a key of its own."""
        stream = session_stream(after(session_id))
        if not await self._ledger.heads(tx, after(session_id)):
            await self._ledger.open_session(tx, after(session_id))
            facts = {"sealed_session_id": session_id, "at_ms": self._clock.now_ms()}
            await self._ledger.open_stream(tx, stream, after(session_id), "session_opened", facts)

    async def _on_record(self, session: ReadSession, session_id: str) -> Sequence[dict[str, Any]]:
        found = []
        for stream in (session_stream(session_id), session_stream(after(session_id))):
            records = await self._ledger.read(session, stream)
            found += [one.body for one in records if one.kind == "replayed"]
        return found


def after(session_id: str) -> str:
    """Whose stream takes what is done after the seal of a session."""
    return f"{session_id}-after"


async def _viewer(session: ReadSession, principal: Principal, session_id: str) -> Viewer:
    principal.need(*LOOKERS)
    held = set()
    for duty in (Duty.CHIEF, Duty.OFFICER):
        if Role(duty.value) not in principal.roles:
            continue
        try:
            held.add(await need_duty(session, principal, session_id, duties=(duty,)))
        except Refusal:
            continue
    return Viewer(Role.SUPERVISOR in principal.roles, frozenset(held))


def _sitting(one: Loaded) -> Sitting:
    return Sitting(
        one.row.id,
        one.row.seat_no,
        one.candidate.ticket_no,
        masked(one.candidate.name),
        one.row.started_at_ms is not None,
        one.row.submit_kind,
    )


def _look(row: LookRow, loaded: Loaded) -> Look:
    return Look(
        row,
        loaded.row.seat_no,
        loaded.candidate.ticket_no,
        masked(loaded.candidate.name),
        loaded.row.form_code,
    )

"""A sitting with everything that decides about its time, read in one query.

Rules kept here: whoever needs the deadline gets it from ``Loaded``, which asks the one deadline
function; a sitting's row appears when the candidate is admitted and somebody first needs it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, String, bindparam, cast, or_, select
from sqlalchemy.exc import IntegrityError

from kernel.bulk import Wanted, select_rows
from kernel.db import ReadSession, Table, WriteSession
from kernel.errors import Kind, Refusal
from kernel.settings import ExamPolicy
from server.checkin.service import admission_of
from server.papers.tables import PackageRow
from server.registration.tables import CandidateRow
from server.seating.service import seat_of
from server.sessions.service import policy_of
from server.sessions.tables import SessionRow
from server.sittings.rules.timing import (
    Accommodation,
    Pause,
    Plan,
    Standing,
    SubmitKind,
    deadline,
)
from server.sittings.tables import SittingRow

AT_ONCE = 512
"""Ids in one question."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A sitting and what surrounds it."""

    row: SittingRow
    exam: SessionRow
    candidate: CandidateRow
    paper_open: bool

    @property
    def policy(self) -> ExamPolicy:
        return policy_of(self.exam)

    @property
    def paused_since_ms(self) -> int | None:
        """When the running pause began, if one runs."""
        return next((begin for begin, end in self.row.pauses if end is None), None)

    def pauses(self, now_ms: int) -> list[Pause]:
        """All of them; one that runs ends now."""
        return _pauses(self.row.pauses, now_ms)

    def deadline_ms(self, now_ms: int) -> int:
        """The end of this sitting; while a pause runs it moves with the present."""
        return _deadline(
            self.exam.starts_at_ms,
            self.exam.duration_s,
            self.candidate.extra_time_pct,
            self.row.extensions_s,
            self.row.pauses,
            now_ms,
        )

    def standing(self, now_ms: int) -> Standing:
        """What the rules of time look at."""
        return Standing(
            starts_at_ms=self.exam.starts_at_ms,
            deadline_ms=self.deadline_ms(now_ms),
            paper_open=self.paper_open,
            face_passed=self.row.face_passed,
            has_device=self.row.epoch > 0,
            paused=self.paused_since_ms is not None,
            submitted=SubmitKind(self.row.submit_kind) if self.row.submit_kind else None,
        )


def _deadline(
    starts_at_ms: int,
    duration_s: int,
    extra_time_pct: int,
    extensions_s: Sequence[int],
    pauses: Sequence[Sequence[int | None]],
    now_ms: int,
) -> int:
    """The one deadline function on what the rows hold; a pause that runs ends now."""
    return deadline(
        Plan(starts_at_ms, duration_s),
        Accommodation(extra_time_pct),
        extensions_s,
        _pauses(pauses, now_ms),
    )


def _pauses(rows: Sequence[Sequence[int | None]], now_ms: int) -> list[Pause]:
    return [
        Pause(begin or 0, max(begin or 0, now_ms if end is None else end)) for begin, end in rows
    ]


def _wanted() -> Select[SittingRow, SessionRow, CandidateRow, int | None]:
    return (
        select(SittingRow, SessionRow, CandidateRow, PackageRow.content_released_at_ms)
        .join(SessionRow, SessionRow.id == SittingRow.session_id)
        .join(CandidateRow, CandidateRow.id == SittingRow.candidate_id)
        .outerjoin(PackageRow, PackageRow.session_id == SittingRow.session_id)
    )


async def find(session: ReadSession, sitting_id: str) -> Loaded | None:
    """The sitting, or None before anybody needed its row."""
    found = await session.execute(_wanted().where(SittingRow.id == sitting_id))
    line = found.one_or_none()
    return None if line is None else Loaded(line[0], line[1], line[2], line[3] is not None)


async def load(session: ReadSession, sitting_id: str) -> Loaded:
    """Raises ``sitting.unknown``."""
    loaded = await find(session, sitting_id)
    if loaded is None:
        raise Refusal("sitting.unknown", Kind.NOT_FOUND)
    return loaded


async def locked(tx: WriteSession, sitting_id: str) -> Loaded:
    """The sitting with its row locked until the transaction ends. Raises ``sitting.unknown``."""
    found = await tx.execute(
        _wanted()
        .where(SittingRow.id == sitting_id)
        .with_for_update(of=SittingRow)
        .execution_options(populate_existing=True)
    )
    line = found.one_or_none()
    if line is None:
        raise Refusal("sitting.unknown", Kind.NOT_FOUND)
    return Loaded(line[0], line[1], line[2], line[3] is not None)


@dataclass(frozen=True, slots=True)
class Gate:
    """What decides whether a batch may come in, of one sitting with its row locked."""

    sitting_id: str
    session_id: str
    room_id: str
    form_code: str
    holder: int
    epoch: int
    policy: str
    standing: Standing

    @property
    def late_data_s(self) -> int:
        """For how long after the deadline what was made before it is kept."""
        return ExamPolicy.model_validate_json(self.policy).late_data_s


async def locked_gates(
    tx: WriteSession, sitting_ids: Sequence[str], now_ms: int
) -> dict[str, Gate]:
    """The sittings' gates in one question, their rows locked in the order of their ids."""
    [found] = await select_rows(tx, Wanted(_GATES, "sittings", sitting_ids))
    return {line[0]: _gate(line, now_ms) for line in found}


def _table(row: type[Table]) -> Any:
    return row.__table__.c


# Plain columns: thousands of rows a second are read here, and no entity is wanted of them. JSON
# stays text, because nearly all rows have the same.
_SITTING, _SESSION = _table(SittingRow), _table(SessionRow)
_CANDIDATE, _PACKAGE = _table(CandidateRow), _table(PackageRow)
_GATES = (
    select(
        _SITTING.id,
        _SITTING.session_id,
        _SITTING.room_id,
        _SITTING.form_code,
        _SITTING.holder,
        _SITTING.epoch,
        _SITTING.face_passed,
        cast(_SITTING.extensions_s, String),
        cast(_SITTING.pauses, String),
        _SITTING.submit_kind,
        _SESSION.starts_at_ms,
        _SESSION.duration_s,
        cast(_SESSION.policy, String),
        _CANDIDATE.extra_time_pct,
        _PACKAGE.content_released_at_ms,
    )
    .select_from(
        SittingRow.__table__.join(SessionRow.__table__, _SESSION.id == _SITTING.session_id)
        .join(CandidateRow.__table__, _CANDIDATE.id == _SITTING.candidate_id)
        .outerjoin(PackageRow.__table__, _PACKAGE.session_id == _SITTING.session_id)
    )
    .where(_SITTING.id.in_(bindparam("sittings", expanding=True)))
    .order_by(_SITTING.id)
    .with_for_update(of=SittingRow.__table__)
)


@lru_cache(1_024)
def _read(text: str) -> tuple[Any, ...]:
    return tuple(msgspec.json.decode(text))


def _gate(line: Sequence[Any], now_ms: int) -> Gate:
    (
        sitting_id, session_id, room_id, form_code, holder, epoch, face_passed, extensions_json,
        pauses_json, submit_kind, starts_at_ms, duration_s, policy, extra_time_pct, released_at_ms,
    ) = line  # fmt: skip
    pauses = _read(pauses_json)
    return Gate(
        sitting_id=sitting_id,
        session_id=session_id,
        room_id=room_id,
        form_code=form_code,
        holder=holder,
        epoch=epoch,
        policy=policy,
        standing=Standing(
            starts_at_ms=starts_at_ms,
            deadline_ms=_deadline(
                starts_at_ms, duration_s, extra_time_pct, _read(extensions_json), pauses, now_ms
            ),
            paper_open=released_at_ms is not None,
            face_passed=face_passed,
            has_device=epoch > 0,
            paused=any(end is None for _, end in pauses),
            submitted=SubmitKind(submit_kind) if submit_kind else None,
        ),
    )


async def of_session(session: ReadSession, session_id: str) -> list[Loaded]:
    """Every sitting of the session that has a row."""
    return await _all(session, SittingRow.session_id == session_id)


async def of_room(
    session: ReadSession, session_id: str, room_id: str, drawn: Collection[str]
) -> list[Loaded]:
    """Who sits in the room, and where those are who were ``drawn`` into it."""
    near = or_(SittingRow.room_id == room_id, SittingRow.id.in_(drawn))
    return await _all(session, SittingRow.session_id == session_id, near)


async def some(session: ReadSession, sitting_ids: Sequence[str]) -> list[Loaded]:
    """These sittings; one that has no row is left out."""
    return [
        one for few in in_parts(sitting_ids) for one in await _all(session, SittingRow.id.in_(few))
    ]


def in_parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ids for one question after the other."""
    for first in range(0, len(ids), AT_ONCE):
        yield ids[first : first + AT_ONCE]


async def _all(session: ReadSession, *where: ColumnElement[bool]) -> list[Loaded]:
    found = await session.execute(_wanted().where(*where))
    return [Loaded(line[0], line[1], line[2], line[3] is not None) for line in found]


async def ensure(tx: WriteSession, sitting_id: str) -> Loaded:
    """The locked sitting of an admitted candidate, made at first need.

    Raises ``gate.not_admitted`` for somebody who did not pass the door.
    """
    if await tx.get(SittingRow, sitting_id) is None:
        admission = await admission_of(tx, sitting_id)
        if admission is None:
            raise Refusal("gate.not_admitted", Kind.FORBIDDEN)
        seat = await seat_of(tx, sitting_id)
        row = SittingRow(
            id=sitting_id, session_id=admission.session_id, candidate_id=admission.candidate_id,
            room_id=seat.room_id, seat_id=seat.seat_id, seat_no=seat.seat_no,
            machine_code=seat.machine_code, form_code=seat.form_code, sign_in=0, holder=0, epoch=0,
            device_public=None, first_signed_in_at_ms=None, face_passed=False, face_tries=0,
            started_at_ms=None, seed_wrapped=None, extensions_s=[], pauses=[],
            submitted_at_ms=None, submit_kind=None, receipt=None,
        )  # fmt: skip
        try:
            async with tx.begin_nested():
                tx.add(row)
                await tx.flush()
        except IntegrityError:
            # Two requests were first; the other one's row is as good.
            pass
    return await locked(tx, sitting_id)

"""The marks of a session as later rooms read them.

Rules kept here: the newest run counts; marks by hand are laid over it; whoever publishes first asks
whether rows and ledger say the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from kernel.db import ReadSession
from ledger.book import Ledger
from server.marking.rules import ItemMark, Sheet, totals_hash, with_hand_marks
from server.marking.tables import RunRow, SheetRow, TaskRow
from server.sessions.service import session_stream


@dataclass(frozen=True, slots=True)
class Marked:
    """The newest run with the marks by hand laid over it; sheets by sitting id."""

    run: RunRow
    sheets: Mapping[str, Sheet]
    waiting: int


async def newest_run(session: ReadSession, session_id: str) -> RunRow | None:
    """The last run, if the session was marked at all."""
    found = await session.execute(
        select(RunRow)
        .where(RunRow.session_id == session_id)
        .order_by(RunRow.version.desc())
        .limit(1)
    )
    return found.scalar_one_or_none()


async def sheets_of(session: ReadSession, run_id: str) -> list[Sheet]:
    """The machine's sheets of a run, by sitting id."""
    found = await session.execute(
        select(SheetRow).where(SheetRow.run_id == run_id).order_by(SheetRow.sitting_id)
    )
    return [
        Sheet(
            row.sitting_id,
            row.form_code,
            tuple(
                ItemMark(item_id, Decimal(full), None if mark is None else Decimal(mark), answered)
                for item_id, full, mark, answered in row.marks
            ),
        )
        for row in found.scalars()
    ]


async def tasks_of(session: ReadSession, session_id: str) -> list[TaskRow]:
    """All text answers of the session in the queue's order."""
    found = await session.execute(
        select(TaskRow).where(TaskRow.session_id == session_id).order_by(TaskRow.position)
    )
    return list(found.scalars())


async def waiting_count(session: ReadSession, session_id: str) -> int:
    """How many text answers still wait for a person."""
    found = await session.execute(
        select(func.count(TaskRow.id)).where(
            TaskRow.session_id == session_id, TaskRow.mark.is_(None)
        )
    )
    return found.scalar_one()


async def marked(session: ReadSession, session_id: str) -> Marked | None:
    """Every mark of the session; None before the first run."""
    run = await newest_run(session, session_id)
    if run is None:
        return None
    by_sitting: dict[str, dict[str, Decimal]] = {}
    waiting = 0
    for task in await tasks_of(session, session_id):
        if task.mark is None:
            waiting += 1
        else:
            by_sitting.setdefault(task.sitting_id, {})[task.item_id] = Decimal(task.mark)
    sheets = {
        sheet.sitting_id: with_hand_marks(sheet, by_sitting.get(sheet.sitting_id, {}))
        for sheet in await sheets_of(session, run.id)
    }
    return Marked(run, sheets, waiting)


async def marks_hold(session: ReadSession, ledger: Ledger, session_id: str) -> bool:
    """True when the rows say what the session's stream says: the newest run's totals hash and the
    last word about every text answer.
    """
    run = await newest_run(session, session_id)
    if run is None:
        return False
    records = await ledger.read(session, session_stream(session_id))
    runs = [record.body for record in records if record.kind == "marked"]
    found = totals_hash(session_id, run.key_sha256, await sheets_of(session, run.id)).hex()
    if not runs or runs[-1]["totals_hash"] != found or runs[-1]["version"] != run.version:
        return False
    written = _last_words((record.kind, record.body) for record in records)
    stored = {
        task.id: task.mark for task in await tasks_of(session, session_id) if task.mark is not None
    }
    return {key: mark for key, mark in written.items() if mark is not None} == stored


def _last_words(acts: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, str | None]:
    words: dict[str, str | None] = {}
    for kind, body in acts:
        if kind == "marked_by_hand":
            words[body["task_id"]] = body["mark"]
        elif kind == "mark_withdrawn":
            words[body["task_id"]] = None
    return words

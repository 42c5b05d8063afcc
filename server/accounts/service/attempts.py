"""Counting attempts at passwords, PINs, passphrases and numbers.

Rules kept here: ``begin_attempt`` runs in a transaction of its own, committed before the secret is
checked, so that a refusal cannot roll the count back; ``clear_attempts`` follows a success.
"""

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from kernel.clock import Clock
from kernel.db import Database, WriteSession
from server.accounts.rules import STANDARD, Attempts, Limit, counted
from server.accounts.tables import AttemptRow

REMEMBERED_S = 2 * 3_600
"""Longer than any lock that the settings allow."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What attempts are counted for, and when it locks."""

    purpose: str
    subject: str
    limit: Limit = STANDARD


async def begin_attempt(database: Database, clock: Clock, *subjects: Counted) -> None:
    """Counts one attempt for each; the first that is locked ends it, and none is counted.

    Raises ``accounts.locked``; the caller then checks nothing. Narrow subjects go first, so that
    who is locked there adds nothing to a wider one.
    """
    now_ms = clock.now_ms()
    async with database.write() as tx:
        await _forget(tx, now_ms)
        for one in subjects:
            row = await _row(tx, one)
            before = Attempts(row.failures, row.last_at_ms, row.locked_until_ms)
            after = counted(before, now_ms, one.limit)
            row.failures, row.last_at_ms = after.failures, after.last_at_ms
            row.locked_until_ms = after.locked_until_ms


async def clear_attempts(tx: WriteSession, *subjects: Counted) -> None:
    """The secret was right: nothing stands against it any more."""
    for one in subjects:
        await tx.execute(
            delete(AttemptRow).where(
                AttemptRow.purpose == one.purpose, AttemptRow.subject == one.subject
            )
        )


async def _forget(tx: WriteSession, now_ms: int) -> None:
    old = now_ms - REMEMBERED_S * 1_000
    await tx.execute(delete(AttemptRow).where(AttemptRow.last_at_ms < old))


async def _row(tx: WriteSession, one: Counted) -> AttemptRow:
    wanted = (
        select(AttemptRow)
        .where(AttemptRow.purpose == one.purpose, AttemptRow.subject == one.subject)
        .with_for_update()
    )
    row = (await tx.execute(wanted)).scalar_one_or_none()
    if row is not None:
        return row
    try:
        async with tx.begin_nested():
            fresh = AttemptRow(
                purpose=one.purpose,
                subject=one.subject,
                failures=0,
                last_at_ms=0,
                locked_until_ms=0,
            )
            tx.add(fresh)
            await tx.flush()
    except IntegrityError:
        return (await tx.execute(wanted)).scalar_one()
    return fresh

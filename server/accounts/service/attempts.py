"""Counting attempts at passwords, PINs and passphrases.

Rules kept here: ``begin_attempt`` runs in a transaction of its own, committed before the secret is
checked, so that a refusal cannot roll the count back; ``clear_attempts`` follows a success.
"""

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from kernel.clock import Clock
from kernel.db import Database, WriteSession
from server.accounts.rules import LOCK_S, Attempts, counted
from server.accounts.tables import AttemptRow


async def begin_attempt(database: Database, clock: Clock, *, purpose: str, subject: str) -> None:
    """Counts one attempt. Raises ``accounts.locked``; the caller then checks nothing."""
    now_ms = clock.now_ms()
    async with database.write() as tx:
        row = await _row(tx, purpose, subject, now_ms)
        after = counted(Attempts(row.failures, row.last_at_ms, row.locked_until_ms), now_ms)
        row.failures, row.last_at_ms = after.failures, after.last_at_ms
        row.locked_until_ms = after.locked_until_ms


async def clear_attempts(tx: WriteSession, *, purpose: str, subject: str) -> None:
    """The secret was right: nothing stands against it any more."""
    await tx.execute(
        delete(AttemptRow).where(AttemptRow.purpose == purpose, AttemptRow.subject == subject)
    )


async def _row(tx: WriteSession, purpose: str, subject: str, now_ms: int) -> AttemptRow:
    old = now_ms - 2 * LOCK_S * 1_000
    await tx.execute(delete(AttemptRow).where(AttemptRow.last_at_ms < old))
    wanted = (
        select(AttemptRow)
        .where(AttemptRow.purpose == purpose, AttemptRow.subject == subject)
        .with_for_update()
    )
    row = (await tx.execute(wanted)).scalar_one_or_none()
    if row is not None:
        return row
    try:
        async with tx.begin_nested():
            fresh = AttemptRow(
                purpose=purpose, subject=subject, failures=0, last_at_ms=0, locked_until_ms=0
            )
            tx.add(fresh)
            await tx.flush()
    except IntegrityError:
        return (await tx.execute(wanted)).scalar_one()
    return fresh

"""Taking an order back before anything of it is carried out.

Rule kept here: from the moment that the order stands in the log it is finished and not withdrawn;
until a key goes, a hold stops it. So no order in the log is one that was taken back.
"""

from kernel.clock import Clock
from kernel.db import WriteSession
from kernel.errors import Kind, Refusal
from ledger.append import Act
from ledger.book import Ledger
from ledger.erasure.orders import (
    Erasure,
    State,
    erasure_of,
    locked,
    need_reason,
    need_standing,
)
from ledger.erasure.stream import record

_EARLY = {State.ORDERED.value, State.APPROVED.value}


async def withdraw(
    tx: WriteSession, ledger: Ledger, clock: Clock, erasure_id: str, *, reason: str, by: str
) -> Erasure:
    """A part of the caller's transaction; the session may then be ordered anew.

    Raises ``erasure.reason``, ``erasure.unknown``, ``erasure.withdrawn``, ``erasure.begun``.
    """
    need_reason(reason)
    row = await locked(tx, erasure_id)
    need_standing(row)
    if row.state not in _EARLY:
        raise Refusal("erasure.begun", Kind.CONFLICT)
    act = {
        "erasure_id": row.id, "session_id": row.session_id, "order_reason_text": row.reason,
        "ordered_by": row.ordered_by, "agreed": sorted(row.agreed), "reason_text": reason,
        "by": by,
    }  # fmt: skip
    await record(tx, ledger, row.session_id, [Act("order_withdrawn", act)])
    row.state = State.WITHDRAWN.value
    row.done = {"withdrawn": {"by": by, "at_ms": clock.now_ms()}}
    await tx.flush()
    return erasure_of(row)

"""Holds on a session, orders to destroy its keys, and who agreed.

Rules kept here: whoever decides about a session's keys locks the head of its stream first, so that
each sees what the one before decided; only a sealed session can be ordered; an order names those
who may agree, not whoever ordered it; each agrees once; a standing hold stops ordering, agreeing
and destroying; whoever lifts a hold that somebody else placed neither orders nor agrees.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from kernel.clock import Clock
from kernel.db import ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from ledger.append import Act, lock_session
from ledger.book import Ledger
from ledger.erasure.stream import record
from ledger.tables import ErasureRow, HoldRow, SealRow, TombstoneRow


class State(StrEnum):
    """How far an order has come."""

    ORDERED = "ordered"
    APPROVED = "approved"
    SEQUENCED = "sequenced"
    ERASED = "erased"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold; it stands while ``lifted_at_ms`` is None."""

    hold_id: str
    reason: str
    issued_by: str
    issued_at_ms: int
    lifted_by: str | None
    lifted_at_ms: int | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """An order: of ``approvers`` at least ``needed`` must agree; ``agreed`` did, at (ms).

    ``withdrawn_by`` is None unless it was withdrawn. ``order_seq`` and ``record_seq`` are places in
    the destruction's stream, None before it has come so far; ``keys`` were destroyed, by owner;
    ``complete`` says that the files were looked into afterwards, too.
    """

    erasure_id: str
    session_id: str
    reason: str
    ordered_by: str
    ordered_at_ms: int
    needed: int
    approvers: tuple[str, ...]
    agreed: dict[str, int]
    state: State
    erased_at_ms: int | None
    withdrawn_by: str | None
    withdrawn_at_ms: int | None
    order_seq: int | None
    record_seq: int | None
    keys: dict[str, int]
    complete: bool


class Orders:
    """Each method is a part of the caller's transaction. ``needed`` of ``approvers`` people."""

    def __init__(self, ledger: Ledger, clock: Clock, *, needed: int, approvers: int) -> None:
        self._ledger = ledger
        self._clock = clock
        self.needed = needed
        self.approvers = approvers

    async def hold(self, tx: WriteSession, session_id: str, *, reason: str, by: str) -> Hold:
        """Place a hold. Raises ``erasure.reason``, ``erasure.erased``."""
        need_reason(reason)
        await lock_session(tx, session_id)
        if await tx.get(TombstoneRow, session_id) is not None:
            raise Refusal("erasure.erased", Kind.CONFLICT, session=session_id)
        row = HoldRow(
            id=mint("hold"), session_id=session_id, reason=reason, issued_by=by,
            issued_at_ms=self._clock.now_ms(), lifted_by=None, lifted_at_ms=None,
        )  # fmt: skip
        tx.add(row)
        act = Act("hold_placed", {"hold_id": row.id, "reason_text": reason, "by": by})
        await record(tx, self._ledger, session_id, [act])
        return _hold(row)

    async def lift(self, tx: WriteSession, hold_id: str, *, reason: str, by: str) -> Hold:
        """Raises ``erasure.hold_unknown``, ``erasure.hold_lifted``, ``erasure.reason``,
        ``erasure.lifts_own_order``.
        """
        need_reason(reason)
        session_id = await tx.scalar(select(HoldRow.session_id).where(HoldRow.id == hold_id))
        if session_id is None:
            raise Refusal("erasure.hold_unknown", Kind.NOT_FOUND, id=hold_id)
        await lock_session(tx, session_id)
        row = await tx.get_one(HoldRow, hold_id)
        if row.lifted_at_ms is not None:
            raise Refusal("erasure.hold_lifted", Kind.CONFLICT, id=hold_id, by=row.lifted_by)
        if by != row.issued_by:
            await self._need_apart(tx, session_id, by)
        row.lifted_by, row.lifted_at_ms = by, self._clock.now_ms()
        act = Act("hold_lifted", {"hold_id": row.id, "reason_text": reason, "by": by})
        await record(tx, self._ledger, row.session_id, [act])
        return _hold(row)

    async def holds(self, session: ReadSession, session_id: str) -> list[Hold]:
        """Every hold of the session, oldest first."""
        found = await session.scalars(
            select(HoldRow)
            .where(HoldRow.session_id == session_id)
            .order_by(HoldRow.issued_at_ms, HoldRow.id)
        )
        return [_hold(row) for row in found]

    async def order(
        self, tx: WriteSession, session_id: str, *, reason: str, by: str, approvers: Sequence[str]
    ) -> Erasure:
        """Raises ``erasure.reason``, ``erasure.approvers``, ``erasure.ordered``,
        ``erasure.erased``, ``erasure.held``, ``erasure.lifted_hold``, ``ledger.not_sealed``.
        """
        need_reason(reason)
        named = tuple(sorted(set(approvers)))
        if len(named) != self.approvers or len(approvers) != len(named) or by in named:
            raise Refusal("erasure.approvers", count=self.approvers)
        await lock_session(tx, session_id)
        if not await self.is_sealed(tx, session_id):
            raise Refusal("ledger.not_sealed", Kind.CONFLICT, session=session_id)
        await self.need_free(tx, session_id)
        await self._need_no_lifter(tx, session_id, (by, *named))
        standing = await self.of_session(tx, session_id)
        if standing is not None and standing.state is not State.WITHDRAWN:
            raise Refusal("erasure.ordered", Kind.CONFLICT, session=session_id)
        row = ErasureRow(
            id=mint("erasure"), session_id=session_id, reason=reason, ordered_by=by,
            ordered_at_ms=self._clock.now_ms(), needed=self.needed, approvers=list(named),
            agreed={}, state=State.ORDERED.value, order_seq=None, order_hash=None,
            erased_at_ms=None, done={},
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        return erasure_of(row)

    async def agree(self, tx: WriteSession, erasure_id: str, *, by: str) -> Erasure:
        """Raises ``erasure.unknown``, ``erasure.not_approver``, ``erasure.agreed``,
        ``erasure.held``, ``erasure.erased``, ``erasure.lifted_hold``, ``erasure.withdrawn``.
        """
        row = await locked(tx, erasure_id)
        need_standing(row)
        if by not in row.approvers:
            raise Refusal("erasure.not_approver", Kind.FORBIDDEN)
        if by in row.agreed:
            raise Refusal("erasure.agreed", Kind.CONFLICT)
        await self.need_free(tx, row.session_id)
        await self._need_no_lifter(tx, row.session_id, [by])
        row.agreed = {**row.agreed, by: self._clock.now_ms()}
        if row.state == State.ORDERED.value and len(row.agreed) >= row.needed:
            row.state = State.APPROVED.value
        await tx.flush()
        return erasure_of(row)

    async def is_sealed(self, session: ReadSession, session_id: str) -> bool:
        """Whether the session can be ordered at all."""
        return await session.get(SealRow, session_id) is not None

    async def of_session(self, session: ReadSession, session_id: str) -> Erasure | None:
        """The session's order: the one that stands, one at most, or the last that was withdrawn."""
        found = await session.scalars(
            select(ErasureRow)
            .where(ErasureRow.session_id == session_id)
            .order_by(
                ErasureRow.state == State.WITHDRAWN.value, ErasureRow.ordered_at_ms.desc(),
                ErasureRow.id.desc(),
            )
            .limit(1)
        )  # fmt: skip
        row = found.first()
        return None if row is None else erasure_of(row)

    async def need_free(self, session: ReadSession, session_id: str) -> None:
        """Raises ``erasure.erased``; ``erasure.held`` while a hold stands."""
        if await session.get(TombstoneRow, session_id) is not None:
            raise Refusal("erasure.erased", Kind.CONFLICT, session=session_id)
        standing = [one for one in await self.holds(session, session_id) if one.lifted_by is None]
        if standing:
            first = standing[0]
            raise Refusal(
                "erasure.held", Kind.CONFLICT, reason=first.reason, by=first.issued_by,
                count=len(standing),
            )  # fmt: skip

    async def _need_no_lifter(
        self, session: ReadSession, session_id: str, people: Iterable[str]
    ) -> None:
        """Raises ``erasure.lifted_hold`` when one of them lifted a hold of somebody else."""
        lifters = lifters_among(await self.holds(session, session_id))
        for one in people:
            if one in lifters:
                raise Refusal("erasure.lifted_hold", Kind.FORBIDDEN, by=one)

    async def _need_apart(self, session: ReadSession, session_id: str, by: str) -> None:
        """Raises ``erasure.lifts_own_order`` for who ordered or agreed."""
        order = await self.of_session(session, session_id)
        if order is None or order.state is State.WITHDRAWN:
            return
        if by == order.ordered_by or by in order.agreed:
            raise Refusal("erasure.lifts_own_order", Kind.FORBIDDEN)


def lifters_among(holds: Iterable[Hold]) -> set[str]:
    """Who lifted a hold that somebody else had placed."""
    return {one.lifted_by for one in holds if one.lifted_by and one.lifted_by != one.issued_by}


async def locked(tx: WriteSession, erasure_id: str) -> ErasureRow:
    """The order, with its session locked. Raises ``erasure.unknown``."""
    asked = select(ErasureRow.session_id).where(ErasureRow.id == erasure_id)
    session_id = await tx.scalar(asked)
    if session_id is None:
        raise Refusal("erasure.unknown", Kind.NOT_FOUND, id=erasure_id)
    await lock_session(tx, session_id)
    return await tx.get_one(ErasureRow, erasure_id)


def need_standing(row: ErasureRow) -> None:
    """Raises ``erasure.withdrawn``."""
    if row.state == State.WITHDRAWN.value:
        raise Refusal("erasure.withdrawn", Kind.CONFLICT, by=row.done["withdrawn"]["by"])


def erasure_of(row: ErasureRow) -> Erasure:
    """The order as a value."""
    withdrawn = row.done.get("withdrawn", {})
    return Erasure(
        erasure_id=row.id, session_id=row.session_id, reason=row.reason,
        ordered_by=row.ordered_by, ordered_at_ms=row.ordered_at_ms, needed=row.needed,
        approvers=tuple(row.approvers), agreed=dict(row.agreed), state=State(row.state),
        erased_at_ms=row.erased_at_ms, withdrawn_by=withdrawn.get("by"),
        withdrawn_at_ms=withdrawn.get("at_ms"), order_seq=row.order_seq,
        record_seq=row.done.get("record", {}).get("seq"), keys=dict(row.done.get("keys", {})),
        complete="files" in row.done,
    )  # fmt: skip


def _hold(row: HoldRow) -> Hold:
    return Hold(
        row.id, row.reason, row.issued_by, row.issued_at_ms, row.lifted_by, row.lifted_at_ms
    )


def need_reason(reason: str) -> None:
    """Raises ``erasure.reason``."""
    if not 1 <= len(reason.strip()) <= 500:
        raise Refusal("erasure.reason")

"""Destroying a session's keys once its order has the approvals it needs.

Rules kept here: the order is in the log, committed and covered, before any key goes; keys of every
owner and the tombstone go in one transaction; then memory, then what the database's files keep of
deleted rows, which is looked for and not assumed; an interruption is finished by a second run. A
sealed session has no open review: the archive is refused while one waits.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import delete, or_, select

from kernel.clock import Clock
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from ledger.append import Act
from ledger.book import Ledger
from ledger.erasure.orders import Erasure, Orders, State, erasure_of, locked, need_standing
from ledger.erasure.statement import Statement
from ledger.erasure.stream import destruction_stream, record
from ledger.erasure.traces import traces_in
from ledger.keys import session_scope
from ledger.tables import ErasureRow, KeyRow, SealRow, TombstoneRow

Covered = Callable[[str, int], Awaitable[bool]]
"""Whether a record (stream id, seq) is covered, so that the order cannot be taken back."""


class KeyOwner(Protocol):
    """Whoever else keeps keys of a session, in tables of the same database."""

    @property
    def name(self) -> str: ...
    @property
    def tables(self) -> Sequence[str]:
        """Where the keys lie, for cleaning up behind them."""
        ...

    async def wrapped_keys(self, session: ReadSession, session_id: str) -> Sequence[bytes]: ...
    async def destroy(self, tx: WriteSession, session_id: str) -> None:
        """Delete every key that ``wrapped_keys`` names."""
        ...


class Destroying:
    """``database_file`` is SQLite's own file, looked into afterwards; None elsewhere."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        clock: Clock,
        orders: Orders,
        *,
        owners: Sequence[KeyOwner] = (),
        covered: Covered,
        database_file: Path | None = None,
    ) -> None:
        self._db = database
        self._ledger = ledger
        self._clock = clock
        self._orders = orders
        self._owners = owners
        self._covered = covered
        self._file = database_file
        # Only who deleted the keys can look for them; a second run must not tell of it first.
        self._alone = asyncio.Lock()

    async def run(self, erasure_id: str) -> Erasure:
        """From approval to the end, or from where an earlier run was interrupted.

        Raises ``erasure.unknown``, ``erasure.withdrawn``, ``erasure.not_approved``,
        ``erasure.held``, ``erasure.not_covered`` (run it again when it is).
        """
        sequenced = await self._sequence(erasure_id)
        if sequenced.state is not State.ERASED.value:
            seq = sequenced.order_seq or 0
            if not await self._covered(destruction_stream(sequenced.session_id), seq):
                raise Refusal("erasure.not_covered", Kind.UNAVAILABLE)
        async with self._alone:
            needles = await self._destroy(erasure_id)
            self._ledger.keys.forget_session(sequenced.session_id)
            return await self._clean(erasure_id, needles)

    async def sequence(self, erasure_id: str) -> Erasure:
        """The order into the log and no further, so that people see it there before a key goes.

        Raises ``erasure.unknown``, ``erasure.withdrawn``, ``erasure.not_approved``,
        ``erasure.held``.
        """
        return erasure_of(await self._sequence(erasure_id))

    async def _sequence(self, erasure_id: str) -> ErasureRow:
        """The order into the log. Nothing is destroyed here."""
        async with self._db.write() as tx:
            row = await locked(tx, erasure_id)
            need_standing(row)
            if row.state == State.ORDERED.value:
                raise Refusal(
                    "erasure.not_approved", Kind.CONFLICT, agreed=len(row.agreed), needed=row.needed
                )
            if row.state == State.APPROVED.value:
                await self._orders.need_free(tx, row.session_id)
                seal = await tx.get_one(SealRow, row.session_id)
                act = {
                    "erasure_id": row.id, "session_id": row.session_id,
                    "seal_hash": self._ledger.hash(seal.frame).hex(), "reason_text": row.reason,
                    "ordered_by": row.ordered_by, "agreed": sorted(row.agreed),
                    "needed": row.needed,
                }  # fmt: skip
                at = await record(
                    tx, self._ledger, row.session_id, [Act("keys_erased_ordered", act)]
                )
                row.order_seq, row.order_hash = at.seq, at.head
                row.state = State.SEQUENCED.value
            return row

    async def _destroy(self, erasure_id: str) -> list[bytes]:
        """What was deleted, as it lay there. Empty when it was done before."""
        async with self._db.write() as tx:
            row = await locked(tx, erasure_id)
            if row.state == State.ERASED.value:
                return []
            await self._orders.need_free(tx, row.session_id)
            above = session_scope(row.session_id)
            mine = or_(KeyRow.parent == above, KeyRow.scope == above)
            needles = list(await tx.scalars(select(KeyRow.wrapped).where(mine)))
            counts = {"ledger": len(needles)}
            await tx.execute(delete(KeyRow).where(mine))
            for owner in self._owners:
                theirs = await owner.wrapped_keys(tx, row.session_id)
                await owner.destroy(tx, row.session_id)
                counts[owner.name] = len(theirs)
                needles += theirs
            now_ms = self._clock.now_ms()
            tx.add(TombstoneRow(session_id=row.session_id, erasure_id=row.id, erased_at_ms=now_ms))
            act = {"erasure_id": row.id, "session_id": row.session_id, "keys": counts}
            at = await record(tx, self._ledger, row.session_id, [Act("keys_erased", act)])
            row.state, row.erased_at_ms = State.ERASED.value, now_ms
            row.done = {"keys": counts, "record": {"seq": at.seq, "hash": at.head.hex()}}
            return needles

    async def _clean(self, erasure_id: str, needles: Sequence[bytes]) -> Erasure:
        """What the files still hold of deleted rows. A second run writes SQLite's file anew."""
        async with self._db.read() as session:
            row = await session.get_one(ErasureRow, erasure_id)
        if "files" not in row.done:
            tables = ["ledger_key", *(name for owner in self._owners for name in owner.tables)]
            found = await self._scrub(tables, needles, whole=not needles)
            if found["traces"]:
                found = await self._scrub(tables, needles, whole=True)
            async with self._db.write() as tx:
                row = await locked(tx, erasure_id)
                # What was told once is on paper: another server's word does not replace it.
                row.done = {"files": found, **row.done}
        return erasure_of(row)

    async def _scrub(
        self, tables: Sequence[str], needles: Sequence[bytes], *, whole: bool
    ) -> dict[str, Any]:
        emptied = await self._db.scrub(tables, whole=whole)
        if not self._db.is_sqlite or self._file is None:
            return {"database": "PostgreSQL", "method": "VACUUM FULL", "traces": 0, "looked": False}
        traces = await traces_in(self._file, needles)
        method = "VACUUM" if whole else "secure_delete"
        return {
            "database": "SQLite", "method": method, "traces": traces, "looked": bool(needles),
            "log_emptied": emptied,
        }  # fmt: skip

    async def statement(self, erasure_id: str) -> Statement:
        """The destruction record (销毁记录), signed. Raises ``erasure.unknown``,
        ``erasure.not_erased``.
        """
        async with self._db.read() as session:
            row = await session.get(ErasureRow, erasure_id)
            if row is None:
                raise Refusal("erasure.unknown", Kind.NOT_FOUND, id=erasure_id)
            if row.erased_at_ms is None or "files" not in row.done:
                raise Refusal("erasure.not_erased", Kind.CONFLICT)
            holds = await self._orders.holds(session, row.session_id)
            seal = await session.get_one(SealRow, row.session_id)
        done: Mapping[str, Any] = row.done
        facts = {
            "erasure_id": row.id,
            "session_id": row.session_id,
            "origin": self._ledger.origin,
            "custody": self._ledger.custody,
            "reason": row.reason,
            "ordered_by": row.ordered_by,
            "ordered_at_ms": row.ordered_at_ms,
            "needed": row.needed,
            "approvers": sorted(row.approvers),
            "agreed": dict(sorted(row.agreed.items())),
            "holds": [
                {"reason": one.reason, "issued_by": one.issued_by, "lifted_by": one.lifted_by}
                for one in holds
            ],
            "seal_hash": self._ledger.hash(seal.frame).hex(),
            "sealed_at_ms": seal.sealed_at_ms,
            "order": {
                "stream": destruction_stream(row.session_id),
                "seq": row.order_seq,
                "hash": (row.order_hash or b"").hex(),
            },
            "erased_at_ms": row.erased_at_ms,
            "keys": done["keys"],
            "record": done["record"],
            "files": done["files"],
        }
        return Statement.signed(facts, self._ledger.sign, self._ledger.server_public)

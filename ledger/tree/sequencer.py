"""The sequencer: gives every committed record its leaf, grows the tree, signs its head.

Rules kept here: it takes what is in no tree, by stream and number, never by a mark over database
ids; the next head is written by comparing size, root and term with what was read, and committed
before any signature exists; before it signs it proves from the stored tiles that the last signed
tree is the beginning of the new one; the signed head is on disk outside the database before anybody
can read it. Whatever goes wrong here delays a checkpoint and never an answer.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from kernel.clock import Clock
from kernel.crypto.signing import Signer
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.lease import Lease
from kernel.rounds import rounds
from ledger.tree.beside import Beside, Outside
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.entry import LINK_STREAM
from ledger.tree.growing import LEAVES_LIMIT, Waiting, store_growth, waiting_entries
from ledger.tree.holding import fetch_tiles, places_around, read_around, tree_of
from ledger.tree.merkle import (
    consistency_holds,
    consistency_path,
    empty_root,
    leaf_hash,
)
from ledger.tree.note import Note, NoteKey, sign_note
from ledger.tree.tables import CheckpointRow, OtherLeafRow, TreeRow
from ledger.tree.tiles import Edge

_log = logging.getLogger(__name__)


class Deposed(Exception):
    """Another sequencer holds office; nothing of ours may be signed any more."""


@dataclass(slots=True)
class _Office:
    """What the sequencer in office knows: its term, the tree's edge and the last signed head."""

    tree: int
    term: int
    edge: Edge
    signed: Checkpoint
    held_outside: str


class Sequencer:
    """One per process; the one with the lease works."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        signer: Signer,
        origin: str,
        beside: Beside,
        lease: Lease,
    ) -> None:
        self._db = database
        self._clock = clock
        self._signer = signer
        self._origin = origin
        self._beside = beside
        self._lease = lease
        self._hasher = NoteKey.of_log(origin, signer.public).hasher
        self._office: _Office | None = None
        self.trouble = ""

    async def check(self) -> None:
        """Whether the database is at least as far as what was published.

        Raises ``ledger.rolled_back``, ``ledger.forked``, ``ledger.checkpoint_unreadable``.
        """
        async with self._db.read() as session:
            await self._beside.compare(session)

    async def run(self, stop: asyncio.Event, period_s: float) -> None:
        """Rounds until ``stop`` is set, then one more, so that what was written is covered."""
        await rounds(self._one_round, stop, period_s, _log, "no round; tried again")
        await self._one_round()
        await self.leave()

    async def _one_round(self) -> None:
        try:
            while await self.round():
                continue
            self.trouble = ""
        except Exception as failed:  # noqa: BLE001 - the next round tries again, answers go on
            self._office = None
            code = failed.code if isinstance(failed, Refusal) else type(failed).__name__
            if code != self.trouble:
                _log.exception("no checkpoint: %s; tried again", code)
            self.trouble = code

    async def leave(self) -> None:
        """Give the lease back."""
        self._office = None
        await self._lease.release()

    async def round(self) -> bool:
        """One round; True when there is more to take at once.

        Raises ``ledger.rolled_back``, ``ledger.forked``, Deposed, and what database and disk raise.
        """
        if not await self._lease.held():
            self._office = None
            return False
        office = self._office or await self._take_office()
        async with self._db.read() as session:
            waiting = await waiting_entries(session)
        if waiting:
            await asyncio.sleep(0)
            await self._integrate(office, waiting)
        if office.edge.size > office.signed.size:
            await self._sign(office)
        return len(waiting) >= LEAVES_LIMIT

    async def _take_office(self) -> _Office:
        async with self._db.write() as session:
            held = await self._beside.compare(session)
            row = await tree_of(session, self._origin)
            if row is None:
                row = await self._found_tree(session, held)
            term = row.term + 1
            moved = await session.scalar(
                update(TreeRow)
                .where(
                    TreeRow.number == row.number,
                    TreeRow.size == row.size,  # it may have grown since it was read
                    TreeRow.root == row.root,
                    TreeRow.term == row.term,
                )
                .values(term=term)
                .returning(TreeRow.number)
            )
            if moved is None:
                raise Deposed
            number, size, root = row.number, row.size, row.root
        async with self._db.read() as session:
            fetch = await fetch_tiles(session, number, places_around((), size))
            edge = Edge.at(size, fetch)
            signed = await self._last_signed(session, number)
        if edge.root(self._hasher) != root:
            raise Refusal("ledger.forked", Kind.UNAVAILABLE, size=size)
        text = "" if held is None else held.note.to_text()
        self._office = _Office(number, term, edge, signed, text)
        return self._office

    async def _found_tree(self, session: WriteSession, held: Outside | None) -> TreeRow:
        """A new tree; one that follows another origin begins with a leaf that quotes its end."""
        taken = (await session.scalars(select(TreeRow.number))).all()
        row = TreeRow(
            number=max(taken, default=0) + 1,
            origin=self._origin,
            term=0,
            size=0,
            root=empty_root(self._hasher),
        )
        session.add(row)
        if held is not None:
            session.add(
                OtherLeafRow(
                    name=f"{LINK_STREAM}{held.checkpoint.origin}",
                    seq=held.checkpoint.size,
                    hash=self._hasher(held.note.text.encode()),
                )
            )
        try:
            await session.flush()
        except IntegrityError as taken:  # another founded it in the same moment
            raise Deposed from taken
        return row

    async def _last_signed(self, session: ReadSession, tree: int) -> Checkpoint:
        found = await session.execute(
            select(CheckpointRow.size, CheckpointRow.root)
            .where(CheckpointRow.tree == tree, CheckpointRow.note != "")
            .order_by(CheckpointRow.size.desc())
            .limit(1)
        )
        row = found.first()
        if row is None:
            return Checkpoint(self._origin, 0, empty_root(self._hasher))
        return Checkpoint(self._origin, row.size, row.root)

    async def _integrate(self, office: _Office, waiting: Sequence[Waiting]) -> None:
        before = office.edge.size, office.edge.root(self._hasher)
        # In a thread: so long a piece of work would keep everybody else from their turn.
        edge, changed, root = await asyncio.to_thread(self._grown, office.edge, waiting)
        async with self._db.write() as session:
            moved = await session.scalar(
                update(TreeRow)
                .where(
                    TreeRow.number == office.tree,
                    TreeRow.size == before[0],
                    TreeRow.root == before[1],
                    TreeRow.term == office.term,
                )
                .values(size=edge.size, root=root)
                .returning(TreeRow.number)
            )
            if moved is None:
                raise Deposed
            at = CheckpointRow(
                tree=office.tree,
                size=edge.size,
                root=root,
                term=office.term,
                at_ms=self._clock.now_ms(),
                note="",
            )
            await store_growth(session, at, waiting, changed)
        office.edge = edge

    def _grown(
        self, edge: Edge, waiting: Sequence[Waiting]
    ) -> tuple[Edge, dict[tuple[int, int], bytes], bytes]:
        """The edge past the entries, the tiles that changed, and the new root."""
        hashes = [leaf_hash(one.entry, self._hasher) for one in waiting]
        grown = Edge(edge.size, [list(row) for row in edge.rows])
        changed = grown.grow(hashes, self._hasher)
        return grown, changed, grown.root(self._hasher)

    async def _sign(self, office: _Office) -> None:
        fresh = Checkpoint(self._origin, office.edge.size, office.edge.root(self._hasher))
        old = office.signed
        async with self._db.read() as session:
            row = await tree_of(session, self._origin)
            if row is None or row.term != office.term:
                raise Deposed
            read = await read_around(
                session, office.tree, [old.size, max(old.size - 1, 0)], fresh.size, self._hasher
            )
        path = consistency_path(read, old.size, fresh.size, self._hasher) if old.size else []
        if not consistency_holds(
            (old.size, old.root), (fresh.size, fresh.root), path, self._hasher
        ):
            raise Refusal("ledger.forked", Kind.UNAVAILABLE, size=old.size)
        note = sign_note(fresh.to_text(), self._origin, self._signer)
        await self._keep_outside(office, note)
        async with self._db.write() as session:
            await session.execute(
                update(CheckpointRow)
                .where(CheckpointRow.tree == office.tree, CheckpointRow.size == fresh.size)
                .values(note=note.to_text())
            )
        office.signed = fresh

    async def _keep_outside(self, office: _Office, note: Note) -> None:
        held = await asyncio.to_thread(self._beside.load)
        if held is not None and held.note.to_text() != office.held_outside:
            async with self._db.read() as session:
                await self._beside.compare(session)
        await asyncio.to_thread(self._beside.store, note)
        office.held_outside = note.to_text()

"""Shares that holders gave, until enough are there: in the database, sealed to servers' memory.

Rules kept here: a share is written and read under the session's row lock, sealed to every server
that runs; what a server did not write or what is too old counts as nothing; shares go in the
transaction that keeps the opened key.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, delete, select

from kernel.codec import encode
from kernel.crypto import holders
from kernel.crypto.digest import same
from kernel.db import ReadSession, WriteSession
from server.papers.rules import Part, share_counts
from server.papers.service.sharekeys import ShareKeys
from server.papers.tables import GivenShareRow, HolderRow, ShareKeyRow


@dataclass(frozen=True, slots=True)
class Ask:
    """Which key is to be opened: that of one part of one package, for one session."""

    session_id: str
    sha256: str
    part: Part


@dataclass(frozen=True, slots=True)
class Gathered:
    """``shares`` by holder id are those that this server can read; ``held`` are the holders whose
    share some running server can read; ``lost`` those whose servers have gone.
    """

    shares: dict[str, bytes] = field(repr=False)
    held: tuple[str, ...]
    lost: tuple[str, ...]


class GivenShares:
    """The shares of all sessions. ``keys`` are this server's."""

    def __init__(self, keys: ShareKeys) -> None:
        self.keys = keys

    async def put(
        self, tx: WriteSession, ask: Ask, holder_id: str, share: bytes, now_ms: int
    ) -> None:
        """The holder's share, in the place of an earlier one. The session's row is locked."""
        await tx.execute(
            delete(GivenShareRow).where(*_of(ask), GivenShareRow.holder_id == holder_id)
        )
        takers = self.keys.takers(await self.keys.living(tx, now_ms), now_ms)
        for key_id, public in takers.items():
            tx.add(self._copy(ask, holder_id, key_id, public, share, now_ms))
        await tx.flush()

    async def hand_over(self, tx: WriteSession, ask: Ask, now_ms: int) -> Gathered:
        """Servers that came later get what we can read; what is too old goes. The session's row is
        locked.
        """
        rows = await self._rows(tx, ask)
        counting = [row for row in rows if self._counts(row, ask, now_ms)]
        for row in rows:
            if row not in counting:
                await tx.delete(row)
        living = await self.keys.living(tx, now_ms)
        there = {(row.holder_id, row.key_id) for row in counting}
        got = self._gathered(counting, living)
        since = {row.holder_id: row.given_at_ms for row in counting}
        for holder_id, share in got.shares.items():
            for key_id, public in self.keys.takers(living, now_ms).items():
                if (holder_id, key_id) not in there:
                    tx.add(self._copy(ask, holder_id, key_id, public, share, since[holder_id]))
        await tx.flush()
        return got

    async def gathered(self, session: ReadSession, ask: Ask, now_ms: int) -> Gathered:
        """How far it is."""
        rows = await self._rows(session, ask)
        counting = [row for row in rows if self._counts(row, ask, now_ms)]
        return self._gathered(counting, await self.keys.living(session, now_ms))

    async def drop(self, tx: WriteSession, ask: Ask) -> None:
        """No share of this key is kept any longer."""
        await tx.execute(delete(GivenShareRow).where(*_of(ask)))

    async def waiting(self, session: ReadSession) -> tuple[list[tuple[str, Part]], set[str]]:
        """Sessions and parts for which shares lie here, and the keys they are sealed to."""
        rows = (
            await session.execute(
                select(GivenShareRow.session_id, GivenShareRow.part, GivenShareRow.key_id)
            )
        ).all()
        asked = sorted({(row.session_id, Part(row.part)) for row in rows})
        return asked, {row.key_id for row in rows}

    async def _rows(self, session: ReadSession, ask: Ask) -> Sequence[GivenShareRow]:
        found = await session.execute(
            select(GivenShareRow)
            .where(*_of(ask))
            .order_by(GivenShareRow.given_at_ms, GivenShareRow.holder_id, GivenShareRow.key_id)
            .execution_options(populate_existing=True)
        )
        return found.scalars().all()

    def _counts(self, row: GivenShareRow, ask: Ask, now_ms: int) -> bool:
        return (
            row.package_sha256 == ask.sha256
            and share_counts(row.given_at_ms, now_ms)
            and same(row.tag, self.keys.tag(_row_frame(row)))
        )

    def _gathered(
        self, counting: Sequence[GivenShareRow], living: Sequence[ShareKeyRow]
    ) -> Gathered:
        running = {row.id for row in living}
        shares: dict[str, bytes] = {}
        held: dict[str, bool] = {}
        for row in counting:
            private = self.keys.private(row.key_id)
            readable = private is not None or row.key_id in running
            held[row.holder_id] = held.get(row.holder_id, False) or readable
            if private is not None and row.holder_id not in shares:
                shares[row.holder_id] = holders.open_sealed(private, row.sealed, _info(row))
        return Gathered(
            shares,
            tuple(one for one, is_held in held.items() if is_held),
            tuple(one for one, is_held in held.items() if not is_held),
        )

    def _copy(
        self,
        ask: Ask,
        holder_id: str,
        key_id: str,
        public: bytes,
        share: bytes,
        given_at_ms: int,
    ) -> GivenShareRow:
        row = GivenShareRow(
            session_id=ask.session_id,
            part=ask.part.value,
            holder_id=holder_id,
            key_id=key_id,
            package_sha256=ask.sha256,
            given_at_ms=given_at_ms,
        )
        row.sealed = holders.seal_to(public, share, _info(row))
        row.tag = self.keys.tag(_row_frame(row))
        return row


async def names_of(session: ReadSession, holder_ids: Sequence[str]) -> tuple[str, ...]:
    """The holders' names, in the same order."""
    found = await session.execute(
        select(HolderRow.id, HolderRow.name).where(HolderRow.id.in_(holder_ids))
    )
    names = {row.id: row.name for row in found}
    return tuple(names.get(one, one) for one in holder_ids)


def _of(ask: Ask) -> tuple[ColumnElement[bool], ...]:
    return (
        GivenShareRow.session_id == ask.session_id,
        GivenShareRow.part == ask.part.value,
    )


def _info(row: GivenShareRow) -> bytes:
    named = [row.session_id, row.package_sha256, row.part, row.holder_id, row.key_id]
    return encode("papers-given-share", 1, named)


def _row_frame(row: GivenShareRow) -> bytes:
    return encode("papers-given-share-row", 1, [_info(row), row.given_at_ms, row.sealed])

"""The keys that servers keep in memory for shares on their way, and which servers are there.

Rules kept here: a private key never leaves memory and goes with the last share that was sealed to
it, at the latest an hour after it was made (first it is taken back, one round later dropped: nobody
can be sealing to it any more); the public half counts only with a tag of the key ring,
so whoever can write the database alone is sealed nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import delete, select

from kernel.codec import encode
from kernel.crypto import holders
from kernel.crypto.digest import keyed, same
from kernel.crypto.keyring import KeyRing
from kernel.db import ReadSession, WriteSession
from kernel.ids import mint
from server.papers.rules import HEARD_MS, KEY_KEPT_MS, KEY_RENEWED_MS, key_takes
from server.papers.tables import ShareKeyRow

LOOKUP = "papers-share"


@dataclass(slots=True)
class _Own:
    public: bytes
    private: bytes = field(repr=False)
    made_at_ms: int
    used: bool = False
    idle: bool = False


@dataclass(slots=True)
class _Heard:
    """What a key's row last said, and when it said something new."""

    said_ms: int
    at_ms: int


class ShareKeys:
    """One server's keys, and the others' as the database shows them; ``alone``: no other can be on
    this database, so nothing is published and nobody else's key counts.
    """

    def __init__(self, keyring: KeyRing, *, alone: bool = False) -> None:
        self.alone = alone
        self._tag_key = keyring.lookup_key(LOOKUP)
        self._own: dict[str, _Own] = {}
        self._published: set[str] = set()
        self._heard: dict[str, _Heard] = {}

    def private(self, key_id: str) -> bytes | None:
        """The private half, when the key is ours and still there."""
        own = self._own.get(key_id)
        return own.private if own else None

    def tag(self, frame: bytes) -> bytes:
        """The key ring's word for something that a server wrote for the others."""
        return keyed(self._tag_key, frame)

    def expire(self, now_ms: int) -> None:
        """Drop our keys that are too old for any share."""
        self._own = {
            key_id: own
            for key_id, own in self._own.items()
            if now_ms - own.made_at_ms < KEY_KEPT_MS
        }

    def forget(self, wanted: Collection[str]) -> None:
        """Once a round: drop our keys that no share needs any more. ``wanted`` are the ids of keys
        to which shares are sealed.
        """
        for key_id, own in list(self._own.items()):
            needed = key_id in wanted
            if own.idle and not needed:
                del self._own[key_id]
            own.idle = own.idle or (own.used and not needed)
            own.used = own.used or needed

    async def publish(self, tx: WriteSession, now_ms: int) -> None:
        """Our keys stand in the database and say that we are there. Only one round at a time."""
        self._young(now_ms)
        await self._take_back(tx)
        for key_id, own in self._own.items():
            if not own.idle:
                self._published.add(key_id)
                tag = self.tag(_key_frame(key_id, own.public, own.made_at_ms))
                tx.add(
                    ShareKeyRow(
                        id=key_id,
                        public=own.public,
                        made_at_ms=own.made_at_ms,
                        tag=tag,
                        heard_at_ms=now_ms,
                    )
                )
        await tx.flush()

    async def leave(self, tx: WriteSession) -> None:
        """Our keys are gone, here and for the others."""
        await self._take_back(tx)
        self._own.clear()

    async def tidy(self, tx: WriteSession, now_ms: int) -> None:
        """Rows of servers that are long gone."""
        old = ShareKeyRow.heard_at_ms < now_ms - KEY_KEPT_MS
        await tx.execute(delete(ShareKeyRow).where(old, ShareKeyRow.id.not_in(list(self._own))))

    async def living(self, session: ReadSession, now_ms: int) -> list[ShareKeyRow]:
        """The keys of other servers that run."""
        if self.alone:
            return []
        rows = (await session.execute(select(ShareKeyRow))).scalars().all()
        others = [row for row in rows if row.id not in self._own and self._is_ours(row)]
        self._heard = {row.id: self._hear(row, now_ms) for row in others}
        return [row for row in others if now_ms - self._heard[row.id].at_ms < HEARD_MS]

    def takers(self, living: Collection[ShareKeyRow], now_ms: int) -> dict[str, bytes]:
        """Public keys by id to which a share is to be sealed: a young one of ours, and others'."""
        key_id = self._young(now_ms)
        others = {row.id: row.public for row in living if key_takes(row.made_at_ms, now_ms)}
        return {key_id: self._own[key_id].public} | others

    async def _take_back(self, tx: WriteSession) -> None:
        await tx.execute(delete(ShareKeyRow).where(ShareKeyRow.id.in_(list(self._published))))
        self._published.clear()

    def _young(self, now_ms: int) -> str:
        for key_id, own in self._own.items():
            if now_ms - own.made_at_ms < KEY_RENEWED_MS and not own.idle:
                return key_id
        private, public = holders.passing_pair()
        key_id = mint("sharekey")
        self._own[key_id] = _Own(public, private, now_ms)
        return key_id

    def _hear(self, row: ShareKeyRow, now_ms: int) -> _Heard:
        known = self._heard.get(row.id)
        if known is None:
            return _Heard(row.heard_at_ms, min(row.heard_at_ms, now_ms))
        return known if known.said_ms == row.heard_at_ms else _Heard(row.heard_at_ms, now_ms)

    def _is_ours(self, row: ShareKeyRow) -> bool:
        return same(row.tag, self.tag(_key_frame(row.id, row.public, row.made_at_ms)))


def _key_frame(key_id: str, public: bytes, made_at_ms: int) -> bytes:
    return encode("papers-share-key", 1, [key_id, public, made_at_ms])

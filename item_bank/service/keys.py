"""Keys of items at rest.

Rules kept here: a key is an envelope bound to its version, under a key of the key ring; opening
keys always leaves a row that says who, what for and how many.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import select

from item_bank.tables import KeyRow, ViewRow
from kernel.codec import canonical_json, encode
from kernel.crypto import envelope
from kernel.crypto.keyring import KeyRing
from kernel.db import ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from paper.scoring import Key

_BATCH = 500


class ItemKeys:
    """Seals and opens."""

    def __init__(self, keyring: KeyRing) -> None:
        self._key = keyring.lookup_key("item-bank/item-key")

    def seal(self, version_id: str, key: Key) -> bytes:
        """The envelope of a version's key."""
        body = canonical_json(msgspec.to_builtins(key))
        return envelope.seal(self._key, body, _purpose(version_id))

    def open(self, version_id: str, sealed: bytes) -> Key:
        """Raises ``bank.key_damaged``."""
        try:
            body = envelope.unseal(self._key, sealed, _purpose(version_id))
            return msgspec.json.decode(body, type=Key)
        except (ValueError, msgspec.DecodeError) as wrong:
            raise Refusal("bank.key_damaged", Kind.CONFLICT, version=version_id) from wrong

    async def keys_of(
        self,
        tx: WriteSession,
        version_ids: Sequence[str],
        *,
        purpose: str,
        subject: str,
        by: str,
        now_ms: int,
    ) -> dict[str, Key]:
        """Version id → key, with the viewing logged in the same transaction."""
        found: dict[str, Key] = {}
        for start in range(0, len(version_ids), _BATCH):
            chunk = version_ids[start : start + _BATCH]
            rows = await tx.execute(select(KeyRow).where(KeyRow.version_id.in_(chunk)))
            for row in rows.scalars():
                found[row.version_id] = self.open(row.version_id, row.sealed)
        tx.add(
            ViewRow(
                id=mint("view"),
                purpose=purpose,
                subject=subject,
                items=len(found),
                viewed_by=by,
                viewed_at_ms=now_ms,
            )
        )
        return found


def _purpose(version_id: str) -> bytes:
    return encode("item-key", 1, [version_id])


async def views_of(session: ReadSession, subject: str) -> list[ViewRow]:
    """Every logged viewing of an item, an assembly or an export."""
    rows = await session.execute(
        select(ViewRow).where(ViewRow.subject == subject).order_by(ViewRow.id)
    )
    return list(rows.scalars())

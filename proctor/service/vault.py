"""Everything at rest: data keys, sealed blobs, sealed templates.

Rules kept here: nothing is stored unsealed; a data key belongs to one owner and one class of data
and is wrapped by the key ring; a sealed thing is bound to its owner, class and name, so none can
stand in for another; without its key a blob is noise for good.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.codec import encode
from kernel.crypto import chance, digest, envelope
from kernel.crypto.keyring import KeyRing
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from proctor.tables import KeyRow


class DataClass(StrEnum):
    """Classes of personal data; each has its own keys and its own clock."""

    PORTRAIT = "portrait"
    TEMPLATE = "template"
    SNAPSHOT = "snapshot"
    RECORDING = "recording"


@dataclass(frozen=True, slots=True)
class Stored:
    """Where bytes went. SHA-256 in hexadecimal of what was given and of what is stored."""

    name: str
    sha256: str
    stored_sha256: str
    stored_bytes: int


def key_purpose(owner_id: str, data_class: DataClass) -> bytes:
    """What a wrapped key is bound to."""
    return encode("proctor-key", 1, [owner_id, data_class.value])


def seal_purpose(owner_id: str, data_class: DataClass, name: str) -> bytes:
    """What a sealed thing is bound to."""
    return encode("proctor-sealed", 1, [owner_id, data_class.value, name])


class Vault:
    """Seals, stores, opens and shreds."""

    def __init__(
        self, database: Database, blobs: BlobStore, keyring: KeyRing, clock: Clock
    ) -> None:
        self._db = database
        self._blobs = blobs
        self._keyring = keyring
        self._clock = clock

    async def store(self, owner_id: str, data_class: DataClass, name: str, data: bytes) -> Stored:
        """Durable when it returns. ``name`` must be new."""
        key = await self._key(owner_id, data_class)
        sealed = envelope.seal(key, data, seal_purpose(owner_id, data_class, name))
        await self._blobs.put(name, sealed)
        given, kept = digest.sha256(data).hex(), digest.sha256(sealed).hex()
        return Stored(name, given, kept, len(sealed))

    async def fetch(self, owner_id: str, data_class: DataClass, name: str) -> bytes:
        """The plain bytes. Raises ``proctor.erased``, ``proctor.damaged``, ``blob.missing``."""
        async with self._db.read() as tx:
            key = await self._existing_key(tx, owner_id, data_class)
        sealed = await self._blobs.get(name)
        return self._open(key, sealed, seal_purpose(owner_id, data_class, name))

    async def drop(self, name: str) -> None:
        """Takes a blob away; a missing one is no error."""
        await self._blobs.delete(name)

    async def seal_template(self, tx: WriteSession, reference_id: str, vector: bytes) -> bytes:
        """A template under a fresh key of its own, within the caller's transaction."""
        key = chance.token_bytes(32)
        tx.add(self._row(reference_id, DataClass.TEMPLATE, key))
        purpose = seal_purpose(reference_id, DataClass.TEMPLATE, "vector")
        return envelope.seal(key, vector, purpose)

    async def open_template(self, tx: ReadSession, reference_id: str, sealed: bytes) -> bytes:
        """The vector. Raises ``proctor.erased``, ``proctor.damaged``."""
        key = await self._existing_key(tx, reference_id, DataClass.TEMPLATE)
        return self._open(key, sealed, seal_purpose(reference_id, DataClass.TEMPLATE, "vector"))

    async def shred(self, tx: WriteSession, owner_id: str, data_class: DataClass) -> None:
        """Destroys the data key: what it sealed can never be read again."""
        await tx.execute(
            delete(KeyRow).where(KeyRow.owner_id == owner_id, KeyRow.data_class == data_class.value)
        )

    async def _key(self, owner_id: str, data_class: DataClass) -> bytes:
        async with self._db.read() as tx:
            row = await tx.get(KeyRow, (owner_id, data_class.value))
        if row is None:
            try:
                async with self._db.write() as tx:
                    tx.add(self._row(owner_id, data_class, chance.token_bytes(32)))
            except IntegrityError:
                pass  # another task made it first
            async with self._db.read() as tx:
                return await self._existing_key(tx, owner_id, data_class)
        return self._unwrapped(row)

    async def _existing_key(self, tx: ReadSession, owner_id: str, data_class: DataClass) -> bytes:
        row = await tx.get(KeyRow, (owner_id, data_class.value))
        if row is None:
            raise Refusal("proctor.erased", Kind.NOT_FOUND, data_class=data_class.value)
        return self._unwrapped(row)

    def _unwrapped(self, row: KeyRow) -> bytes:
        try:
            purpose = key_purpose(row.owner_id, DataClass(row.data_class))
            return self._keyring.unwrap(row.wrapped, purpose)
        except ValueError as wrong:
            raise Refusal("proctor.damaged", Kind.CONFLICT, name=row.owner_id) from wrong

    def _row(self, owner_id: str, data_class: DataClass, key: bytes) -> KeyRow:
        wrapped = self._keyring.wrap(key, key_purpose(owner_id, data_class))
        return KeyRow(
            owner_id=owner_id, data_class=data_class.value, wrapped=wrapped,
            made_at_ms=self._clock.now_ms(),
        )  # fmt: skip

    def _open(self, key: bytes, sealed: bytes, purpose: bytes) -> bytes:
        try:
            return envelope.unseal(key, sealed, purpose)
        except ValueError as wrong:
            raise Refusal("proctor.damaged", Kind.CONFLICT, name="") from wrong

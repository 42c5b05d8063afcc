"""Keys of the log: key ring → session key → data key of a sitting (or of a room, or the session).

Rules kept here: a key is stored only wrapped by its parent, bound to its scope and version;
opened keys
stay in memory. A stream's scope is its sitting where it has one, so answers and captures share a
key.
"""

from sqlalchemy import select

from kernel.codec import encode
from kernel.crypto import chance, digest, envelope
from kernel.crypto.keyring import KeyRing
from kernel.db import ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from ledger.tables import KeyRow

KEY_BYTES = 32
FIRST_VERSION = 1


def scope_of(stream_id: str) -> str:
    """``sitting/x`` and ``camera/x`` share the scope ``sitting/x``; other streams are their own."""
    noun, _, rest = stream_id.partition("/")
    return f"sitting/{rest}" if noun == "camera" else stream_id


def key_commitment(key: bytes) -> bytes:
    """What the opening record says of the data key: it binds without telling."""
    return digest.sha256(encode("data-key-commitment", 1, [key]))


class Keys:
    """Opened keys of this process."""

    def __init__(self, keyring: KeyRing) -> None:
        self._ring = keyring
        self._open: dict[tuple[str, int], bytes] = {}

    async def make_session_key(self, session: WriteSession, session_id: str) -> None:
        """Raises a database error when the session has one already."""
        key = chance.token_bytes(KEY_BYTES)
        scope = f"session-key/{session_id}"
        wrapped = self._ring.wrap(key, _purpose(scope, FIRST_VERSION))
        session.add(KeyRow(scope=scope, version=FIRST_VERSION, parent="", wrapped=wrapped))
        await session.flush()

    async def make_data_key(self, session: WriteSession, session_id: str, scope: str) -> bytes:
        """The scope's data key, made now unless it is there."""
        found = await self._row(session, scope)
        if found is not None:
            return await self.data_key(session, scope, found.version)
        parent = f"session-key/{session_id}"
        above = await self._session_key(session, parent)
        key = chance.token_bytes(KEY_BYTES)
        wrapped = envelope.seal(above, key, _purpose(scope, FIRST_VERSION))
        session.add(KeyRow(scope=scope, version=FIRST_VERSION, parent=parent, wrapped=wrapped))
        await session.flush()
        return key

    async def data_key(self, session: ReadSession, scope: str, version: int) -> bytes:
        """Raises ``ledger.key_missing`` when it was never there or has been erased."""
        known = self._open.get((scope, version))
        if known is not None:
            return known
        row = await session.get(KeyRow, (scope, version))
        if row is None:
            raise Refusal("ledger.key_missing", Kind.NOT_FOUND, scope=scope)
        above = await self._session_key(session, row.parent)
        key = envelope.unseal(above, row.wrapped, _purpose(scope, version))
        self._open[scope, version] = key
        return key

    def forget(self) -> None:
        """Drop every opened key (erasure, tests)."""
        self._open.clear()

    async def _session_key(self, session: ReadSession, scope: str) -> bytes:
        known = self._open.get((scope, FIRST_VERSION))
        if known is not None:
            return known
        row = await session.get(KeyRow, (scope, FIRST_VERSION))
        if row is None:
            raise Refusal("ledger.key_missing", Kind.NOT_FOUND, scope=scope)
        key = self._ring.unwrap(row.wrapped, _purpose(scope, FIRST_VERSION))
        self._open[scope, FIRST_VERSION] = key
        return key

    @staticmethod
    async def _row(session: ReadSession, scope: str) -> KeyRow | None:
        newest = select(KeyRow).where(KeyRow.scope == scope).order_by(KeyRow.version.desc())
        return (await session.scalars(newest.limit(1))).first()


def _purpose(scope: str, version: int) -> bytes:
    return encode("wrapped-key", 1, [scope, version])

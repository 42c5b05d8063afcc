"""Keys of the log: key ring → session key → data key of a sitting (or of a room, or the session).

Rules kept here: a key is stored only wrapped by its parent, bound to its scope and version; opened
keys stay in memory, but never one whose making may still be rolled back. A stream's scope is its
sitting where it has one, so answers and captures share a key.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from kernel.codec import encode
from kernel.crypto import chance, envelope
from kernel.crypto.keyring import KeyRing
from kernel.db import ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from ledger.scopes import FIRST_VERSION, KEY_BYTES, key_commitment, scope_of
from ledger.tables import KeyRow, TombstoneRow

__all__ = [
    "FIRST_VERSION",
    "KEY_BYTES",
    "DataKey",
    "Keys",
    "key_commitment",
    "scope_of",
    "session_scope",
]

_MADE_HERE = "ledger_keys_made_here"


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key and its version within its scope."""

    version: int
    key: bytes


class Keys:
    """Opened keys of this process."""

    def __init__(self, keyring: KeyRing) -> None:
        self._ring = keyring
        self._open: dict[tuple[str, int], bytes] = {}
        self._parents: dict[str, str] = {}

    async def make_session_key(self, session: WriteSession, session_id: str) -> None:
        """Raises a database error when the session has one already."""
        key = chance.token_bytes(KEY_BYTES)
        scope = session_scope(session_id)
        wrapped = self._ring.wrap(key, _purpose(scope, FIRST_VERSION))
        session.add(KeyRow(scope=scope, version=FIRST_VERSION, parent="", wrapped=wrapped))
        await session.flush()
        _made_here(session)[scope, FIRST_VERSION] = key

    async def make_data_key(self, session: WriteSession, session_id: str, scope: str) -> "DataKey":
        """The scope's newest data key, made now unless it is there; it stays the newest until the
        transaction ends.
        """
        found = await self._row(session, scope)
        if found is not None:
            return DataKey(found.version, await self.data_key(session, scope, found.version))
        parent = session_scope(session_id)
        above = await self._session_key(session, parent)
        key = chance.token_bytes(KEY_BYTES)
        wrapped = self._sealed(above, key, scope, FIRST_VERSION)
        session.add(KeyRow(scope=scope, version=FIRST_VERSION, parent=parent, wrapped=wrapped))
        await session.flush()
        _made_here(session)[scope, FIRST_VERSION] = key
        return DataKey(FIRST_VERSION, key)

    async def next_data_key(self, session: WriteSession, scope: str) -> DataKey:
        """One version more for the scope, wrapped by its session's key. The caller writes the
        record that announces it. Raises ``ledger.key_missing``.
        """
        found = await self._row(session, scope)
        if found is None:
            raise Refusal("ledger.key_missing", Kind.NOT_FOUND, scope=scope)
        made = DataKey(found.version + 1, chance.token_bytes(KEY_BYTES))
        above = await self._session_key(session, found.parent)
        wrapped = self._sealed(above, made.key, scope, made.version)
        row = KeyRow(scope=scope, version=made.version, parent=found.parent, wrapped=wrapped)
        session.add(row)
        await session.flush()
        _made_here(session)[scope, made.version] = made.key
        return made

    async def rewrap_session_keys(self, session: WriteSession, limit: int) -> int:
        """Put up to ``limit`` session keys that lie under an older ring version under the newest;
        how many there were.
        """
        newest = self._ring.version.to_bytes(2, "big")
        rows = await session.scalars(
            select(KeyRow)
            .where(KeyRow.parent == "", func.substr(KeyRow.wrapped, 1, 2) != newest)
            .order_by(KeyRow.scope, KeyRow.version)
            .limit(limit)
            .with_for_update()
        )
        count = 0
        for row in rows.all():
            purpose = _purpose(row.scope, row.version)
            row.wrapped = self._ring.wrap(self._ring.unwrap(row.wrapped, purpose), purpose)
            count += 1
        return count

    async def by_ring_version(self, session: ReadSession) -> dict[str, int]:
        """How many session keys each version of the ring wraps."""
        version = func.substr(KeyRow.wrapped, 1, 2)
        found = await session.execute(
            select(version, func.count()).where(KeyRow.parent == "").group_by(version)
        )
        return {str(int.from_bytes(at, "big")): count for at, count in found}

    async def data_key(self, session: ReadSession, scope: str, version: int) -> bytes:
        """Raises ``ledger.key_missing`` when it was never there or has been erased."""
        known = self._known(session, scope, version)
        if known is not None:
            return known
        row = await session.get(KeyRow, (scope, version))
        if row is None:
            raise Refusal("ledger.key_missing", Kind.NOT_FOUND, scope=scope)
        return await self._unwrap(session, row)

    async def open_many(self, session: ReadSession, wanted: Iterable[tuple[str, int]]) -> None:
        """Bring keys (scope and version) into memory with one question; what is not there is left
        out.
        """
        missing = [one for one in set(wanted) if one not in self._open]
        if missing:
            rows = await session.scalars(
                select(KeyRow).where(KeyRow.scope.in_({scope for scope, _ in missing}))
            )
            for row in rows.all():
                await self._unwrap(session, row)

    async def of_session(
        self, session: ReadSession, session_id: str
    ) -> dict[tuple[str, int], bytes]:
        """Every data key of the session by scope and version, opened."""
        rows = await session.scalars(
            select(KeyRow)
            .where(KeyRow.parent == session_scope(session_id))
            .order_by(KeyRow.scope, KeyRow.version)
        )
        return {(row.scope, row.version): await self._unwrap(session, row) for row in rows.all()}

    def forget_session(self, session_id: str) -> None:
        """Drop every opened key of the session."""
        above = session_scope(session_id)
        for place in [p for p in self._open if p[0] == above or self._parents.get(p[0]) == above]:
            del self._open[place]

    async def forget_erased(self, session: ReadSession) -> None:
        """Drop what another process erased."""
        for session_id in await session.scalars(select(TombstoneRow.session_id)):
            self.forget_session(session_id)

    def forget(self) -> None:
        """Drop every opened key (erasure, tests)."""
        self._open.clear()

    async def _session_key(self, session: ReadSession, scope: str) -> bytes:
        known = self._known(session, scope, FIRST_VERSION)
        if known is not None:
            return known
        row = await session.get(KeyRow, (scope, FIRST_VERSION))
        if row is None:
            raise Refusal("ledger.key_missing", Kind.NOT_FOUND, scope=scope)
        key = self._ring.unwrap(row.wrapped, _purpose(scope, FIRST_VERSION))
        self._open[scope, FIRST_VERSION] = key
        return key

    async def _unwrap(self, session: ReadSession, row: KeyRow) -> bytes:
        known = self._known(session, row.scope, row.version)
        if known is not None:
            return known
        above = await self._session_key(session, row.parent)
        key = envelope.unseal(above, row.wrapped, _purpose(row.scope, row.version))
        self._open[row.scope, row.version] = key
        self._parents[row.scope] = row.parent
        return key

    def _sealed(self, above: bytes, key: bytes, scope: str, version: int) -> bytes:
        return envelope.seal_for(self._ring.suite, above, key, _purpose(scope, version))

    def _known(self, session: ReadSession, scope: str, version: int) -> bytes | None:
        return _made_here(session).get((scope, version)) or self._open.get((scope, version))

    @staticmethod
    async def _row(session: WriteSession, scope: str) -> KeyRow | None:
        """The newest. Its first is locked, which a rotation takes too, so none comes between."""
        of_scope = select(KeyRow).where(KeyRow.scope == scope)
        first = of_scope.where(KeyRow.version == FIRST_VERSION).with_for_update()
        if (await session.scalars(first)).first() is None:
            return None
        return (await session.scalars(of_scope.order_by(KeyRow.version.desc()).limit(1))).first()


def session_scope(session_id: str) -> str:
    """Where the session's own key is kept."""
    return f"session-key/{session_id}"


def _made_here(session: ReadSession) -> dict[tuple[str, int], bytes]:
    """Keys that this transaction made: good in it, and nowhere else before its commit."""
    made: dict[tuple[str, int], bytes] = session.info.setdefault(_MADE_HERE, {})
    return made


def _purpose(scope: str, version: int) -> bytes:
    return encode("wrapped-key", 1, [scope, version])

"""Rotation: the next version of a scope's data key, and session keys under the newest ring version.

Rules kept here: the new key is announced in every stream of its scope, under the old key, by a
commitment (``key_rotated``); the very next record is under the new version; announcement, key and
heads are one transaction, so a writer that waits for the head goes on under the new key.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from kernel.crypto.suite import suite_named
from kernel.db import Database, WriteSession
from kernel.errors import Kind, Refusal
from ledger.append import Act, Appender, Head, lock_heads, store
from ledger.keys import Keys
from ledger.scopes import key_commitment, scope_of, streams_of
from ledger.tables import StreamRow

REWRAPPED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Rotated:
    """A scope that goes on under ``version``; ``streams`` were told."""

    scope: str
    version: int
    streams: tuple[str, ...]


async def rotate_scope(session: WriteSession, appender: Appender, scope: str) -> Rotated:
    """The scope's next key, within the caller's transaction.

    Raises ``ledger.key_missing``, ``ledger.stream_closed`` (sealed: nothing comes after it).
    """
    made = await appender.keys.next_data_key(session, scope)
    heads = await lock_heads(session, streams_of(scope))
    await _announce(session, appender, list(heads.values()), made.version, made.key)
    return Rotated(scope, made.version, tuple(heads))


async def rotate_session(database: Database, appender: Appender, session_id: str) -> list[Rotated]:
    """Every scope of a session that is not sealed, a transaction each: no writer waits long, and
    what was rotated before an interruption stays rotated. Raises ``ledger.stream_unknown`` where
    the session has no stream, ``ledger.stream_closed``.
    """
    async with database.read() as session:
        found = await session.scalars(
            select(StreamRow.stream_id)
            .where(StreamRow.session_id == session_id)
            .order_by(StreamRow.stream_id)
        )
        scopes = sorted({scope_of(stream_id) for stream_id in found})
    if not scopes:
        raise Refusal("ledger.stream_unknown", Kind.NOT_FOUND, stream=f"session/{session_id}")
    done = []
    for scope in scopes:
        async with database.write() as session:
            done.append(await rotate_scope(session, appender, scope))
    return done


async def rewrap(database: Database, keys: Keys) -> int:
    """All session keys under the newest ring version; how many were moved. Whatever was moved
    before an interruption stays moved, and a second run takes the rest.
    """
    total = 0
    while True:
        async with database.write() as session:
            moved = await keys.rewrap_session_keys(session, REWRAPPED_AT_ONCE)
        total += moved
        if moved < REWRAPPED_AT_ONCE:
            return total


async def _announce(
    session: WriteSession, appender: Appender, heads: Sequence[Head], version: int, key: bytes
) -> None:
    now_ms = appender.clock.now_ms()
    for head in heads:
        commitment = key_commitment(key, suite_named(head.suite)).hex()
        act = Act("key_rotated", {"version": version, "data_key": commitment})
        old = await appender.keys.data_key(session, scope_of(head.stream_id), head.key_version)
        await store(session, appender.chain(head, old, [act], now_ms), [head])
    await session.execute(
        update(StreamRow)
        .where(StreamRow.number.in_([head.number for head in heads]))
        .values(key_version=version)
    )

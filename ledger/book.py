"""The ledger as the rooms see it: open, append, submit, read, fold, seal.

Rules kept here: a staff act and its record are one transaction (``append`` takes the caller's); a
candidate's batch goes through the group writer (``submit``); nothing else writes records.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from kernel.clock import Clock
from kernel.crypto.keyring import KeyRing
from kernel.crypto.signing import is_device_public_key, server_signature_holds
from kernel.crypto.suite import suite_named
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import short_code
from kernel.lease import Lease
from ledger.append import Act, Appended, Appender, add_stream, lock_head, lock_session
from ledger.client import Ack, ClientBatch, ClientEvent, Receipt, receipt_frame
from ledger.disclosure import Opening
from ledger.fold import Folded, fold
from ledger.keys import Keys, key_commitment, scope_of
from ledger.reading import OpenRecord, StreamHead, heads, open_one, read_stream
from ledger.rotation import Rotated, rewrap, rotate_session
from ledger.seal import SessionSeal, seal_session
from ledger.tables import DeviceRow, StreamRow
from ledger.tree.beside import Beside
from ledger.tree.note import NoteKey
from ledger.tree.reading import Tree
from ledger.tree.sequencer import Sequencer
from ledger.writer import Guard, LedgerWriter

__all__ = [
    "Ack",
    "Act",
    "Appended",
    "ClientBatch",
    "ClientEvent",
    "Ledger",
    "OpenRecord",
    "Receipt",
]


class Ledger:
    """One origin's log in one database."""

    def __init__(
        self,
        database: Database,
        keyring: KeyRing,
        clock: Clock,
        origin: str,
        witnesses: Sequence[NoteKey] = (),
    ) -> None:
        self.origin = origin
        self._clock = clock
        self._db = database
        self.custody = keyring.custody
        self.keys = Keys(keyring)
        self._signer = keyring.signer("ledger")
        self._appender = Appender(self.keys, clock, suite_named(keyring.suite), origin)
        self._writer = LedgerWriter(database, self._appender, self._signer)
        self.log_key = NoteKey.of_log(origin, self._signer.public)
        self.tree = Tree(self.log_key, witnesses)

    def sequencer(self, checkpoint_file: Path, lease: Lease) -> Sequencer:
        """What grows the tree over this log; ``checkpoint_file`` lies outside the database."""
        return Sequencer(
            self._db,
            self._clock,
            self._signer,
            self.origin,
            Beside(checkpoint_file, self.log_key),
            lease,
        )

    @property
    def server_public(self) -> bytes:
        """The key under acks, receipts and seals: Ed25519 (32 bytes), or SM2 (65)."""
        return self._signer.public

    def start(self) -> None:
        """Begin taking candidates' batches."""
        self._writer.start()

    async def stop(self) -> None:
        """Write what has queued, then end."""
        await self._writer.stop()

    async def open_session(self, session: WriteSession, session_id: str) -> None:
        """Make the session's key; before any stream of it. Raises ``ledger.suite_changed``."""
        suite = self._appender.suite.name
        other = select(StreamRow.suite).where(
            StreamRow.origin == self.origin, StreamRow.suite != suite
        )
        kept = await session.scalar(other.limit(1))
        if kept is not None:
            raise Refusal(
                "ledger.suite_changed", Kind.CONFLICT, origin=self.origin, kept=kept, wanted=suite
            )
        await self.keys.make_session_key(session, session_id)

    async def open_stream(
        self,
        session: WriteSession,
        stream_id: str,
        session_id: str,
        kind: str,
        body: Mapping[str, Any],
    ) -> Appended:
        """A new stream with its opening record, which binds session and data key.

        Raises ``ledger.stream_exists`` and what ``append`` raises.
        """
        current = await self.keys.make_data_key(session, session_id, scope_of(stream_id))
        await add_stream(
            session,
            stream_id,
            session_id,
            origin=self.origin,
            suite=self._appender.suite.name,
            key_version=current.version,
        )
        commitment = key_commitment(current.key, self._appender.suite)
        binding = {"session_id": session_id, "data_key": commitment.hex()}
        return await self.append(session, stream_id, [Act(kind, {**body, **binding})])

    async def rotate_keys(self, session_id: str) -> list[Rotated]:
        """The next data key for every scope of a session that is not sealed.

        Raises ``ledger.stream_unknown``, ``ledger.stream_closed``.
        """
        return await rotate_session(self._db, self._appender, session_id)

    async def rewrap_keys(self) -> int:
        """Session keys under the ring's newest version; how many were moved."""
        return await rewrap(self._db, self.keys)

    async def session_keys_by_ring(self) -> dict[str, int]:
        """How many session keys lie under each version of the ring."""
        async with self._db.read() as session:
            return await self.keys.by_ring_version(session)

    async def append(self, session: WriteSession, stream_id: str, acts: Sequence[Act]) -> Appended:
        """Acts of server and staff, within the caller's transaction."""
        return await self._appender.append(session, stream_id, acts)

    async def lock_session(self, session: WriteSession, session_id: str) -> None:
        """Whoever else decides about the session waits for this transaction (ADR 0017)."""
        await lock_session(session, session_id)

    async def add_device(
        self, session: WriteSession, stream_id: str, *, epoch: int, public_key: bytes
    ) -> None:
        """A device epoch begins; its key is in the log before any of its events.

        Raises ``ledger.device_key`` (no point on P-256), ``ledger.epoch_used`` (epochs only rise).
        """
        if not is_device_public_key(public_key):
            raise Refusal("ledger.device_key")
        head = await lock_head(session, stream_id)
        if epoch <= head.epoch:
            raise Refusal("ledger.epoch_used", Kind.CONFLICT, epoch=epoch)
        await session.execute(
            insert(DeviceRow).values(
                stream=head.number, epoch=epoch, public_key=public_key, acked_through=0
            )
        )
        await self.append(
            session, stream_id, [Act("device", {"public_key": public_key.hex()}, epoch)]
        )

    async def submit(self, batch: ClientBatch, guard: Guard, claim: Any = None) -> Ack:
        """A candidate's batch: durable when the signed acknowledgement comes back."""
        return await self._writer.submit(batch, guard, claim)

    async def repeated(self, batch: ClientBatch) -> Ack | None:
        """The acknowledgement again of what is in the log already, also after closing."""
        return await self._writer.repeated(batch)

    async def read(self, session: ReadSession, stream_id: str) -> list[OpenRecord]:
        """Every record of a stream, opened, in order."""
        return await read_stream(session, self.keys, stream_id)

    async def opening(self, session: ReadSession, stream_id: str, seq: int) -> Opening:
        """One record opened for somebody who has no key; only after two people agreed to it."""
        return await open_one(session, self.keys, stream_id, seq)

    async def fold(
        self, session: ReadSession, stream_id: str, *, count_late: bool | None = None
    ) -> Folded:
        """The state of a sitting; late records count as the decisions in the stream say."""
        return fold(await self.read(session, stream_id), count_late=count_late)

    async def heads(self, session: ReadSession, session_id: str) -> Sequence[StreamHead]:
        """Where every stream of the session stands."""
        return await heads(session, session_id)

    async def receipt(self, session: WriteSession, stream_id: str, *, at_ms: int) -> Receipt:
        """The signed statement over a stream's head as it stands."""
        head = await lock_head(session, stream_id)
        count = head.next_seq - 1
        frame = receipt_frame(self.origin, stream_id, count, head.head, at_ms)
        return Receipt(
            code=short_code(head.head),
            stream_id=stream_id,
            count=count,
            head=head.head,
            at_ms=at_ms,
            frame=frame,
            signature=self._signer.sign(frame),
        )

    async def seal_session(
        self, session: WriteSession, session_id: str, *, roster: Sequence[tuple[str, str]]
    ) -> SessionSeal:
        """Close every stream and sign their final heads; ``roster`` is (sitting id, state)."""
        return await seal_session(session, self._appender, self._signer, session_id, roster)

    def sign(self, frame: bytes) -> bytes:
        """Under the ledger's key."""
        return self._signer.sign(frame)

    def hash(self, data: bytes) -> bytes:
        """In the origin's suite."""
        return self._appender.suite.hash(data)

    def holds(self, frame: bytes, signature: bytes) -> bool:
        """Whether a frame was signed by this ledger."""
        return server_signature_holds(self.server_public, frame, signature)

"""A ledger with candidates that sign for themselves, on any database."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel.clock import HandClock
from kernel.codec import canonical_json
from kernel.crypto.keyring import FileKeyRing
from kernel.crypto.signing import DeviceKey
from kernel.db import Database, ReadSession, WriteSession
from ledger.archive import export_keys, export_ledger
from ledger.asked import Asked, Terms
from ledger.book import Act, Ledger
from ledger.client import (
    Ack,
    ClientBatch,
    ClientEvent,
    batch_message,
    final_message,
    state_hash,
)
from ledger.parcel import FolderSink, ParcelWriter, Sink
from ledger.writer import Guard

ORIGIN = "test.example/ledger"
SESSION = "session_1"
Hook = Callable[[WriteSession], Awaitable[None]]


async def let_pass(_session: ReadSession, asked: Sequence[Asked]) -> Sequence[Terms]:
    """A guard with nothing against it."""
    return [Terms() for _ in asked]


def answers(first: int, count: int, text: str = "A") -> list[ClientEvent]:
    """Answers to as many items, numbered from ``first``."""
    return [
        ClientEvent(
            seq, "answer_set", f"item_{seq % 7}", canonical_json({"choice": [text]}).decode(), seq
        )
        for seq in range(first, first + count)
    ]


@dataclass
class Candidate:
    """One sitting's device."""

    ledger: Ledger
    sitting_id: str
    epoch: int = 1
    key: DeviceKey = field(default_factory=DeviceKey)
    next_seq: int = 1

    @property
    def stream(self) -> str:
        return f"sitting/{self.sitting_id}"

    def batch(self, events: list[ClientEvent], *, origin: str = ORIGIN) -> ClientBatch:
        message = batch_message(origin, self.stream, self.epoch, events)
        return ClientBatch(
            self.stream, self.epoch, events[0].seq, tuple(events), self.key.sign(message)
        )

    async def save(self, count: int = 1, text: str = "A", guard: Guard = let_pass) -> Ack:
        batch = self.batch(answers(self.next_seq, count, text))
        ack = await self.ledger.submit(batch, guard)
        self.next_seq += count
        return ack

    def final(self, given: Mapping[str, Any]) -> dict[str, Any]:
        last, state = self.next_seq - 1, state_hash(given)
        message = final_message(ORIGIN, self.stream, self.epoch, last, state)
        return {
            "kind": "self",
            "epoch": self.epoch,
            "last_seq": last,
            "state_hash": state.hex(),
            "client_signature": self.key.sign(message).hex(),
        }


class LedgerWorld:
    """A database, a key ring and a clock."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.keyring = FileKeyRing(folder / "keys.json")
        self.clock = HandClock()
        self.ledger = self.another()

    def another(self) -> Ledger:
        """A second process on the same database."""
        return Ledger(self.database, self.keyring, self.clock, ORIGIN)

    async def open_session(self, session_id: str = SESSION) -> None:
        async with self.database.write() as tx:
            await self.ledger.open_session(tx, session_id)
            facts = {"name": "测试场次"}
            await self.ledger.open_stream(
                tx, f"session/{session_id}", session_id, "session_opened", facts
            )

    async def candidate(self, sitting_id: str, session_id: str = SESSION) -> Candidate:
        one = Candidate(self.ledger, sitting_id)
        async with self.database.write() as tx:
            for stream in (one.stream, f"camera/{sitting_id}"):
                facts = {"sitting_id": sitting_id}
                await self.ledger.open_stream(tx, stream, session_id, "opened", facts)
            await self.ledger.add_device(tx, one.stream, epoch=1, public_key=one.key.public)
        return one

    async def hand_in(self, one: Candidate) -> None:
        async with self.database.write() as tx:
            folded = await self.ledger.fold(tx, one.stream)
            act = Act("submitted", one.final(folded.answers), one.epoch)
            await self.ledger.append(tx, one.stream, [act])

    async def seal(self, roster: list[tuple[str, str]], session_id: str = SESSION) -> None:
        async with self.database.write() as tx:
            await self.ledger.seal_session(tx, session_id, roster=roster)

    async def export(self, into: Path, session_id: str = SESSION) -> tuple[Path, Path]:
        """The archive as a folder, and the key file."""
        made, keys = into / "made", into / "keys-of-session.json"
        async with self.database.read() as session:
            await export_ledger(session, self.ledger, session_id, made)
            secret = await export_keys(session, self.ledger, session_id)
        keys.write_bytes(secret)
        files = {f"3-process/ledger/{name}": data for name, data in bytes_in(made).items()}
        self.pack(files, FolderSink(into / "archive"))
        return into / "archive", keys

    def pack(self, files: Mapping[str, bytes], sink: Sink) -> None:
        """A parcel of these files, signed as the server signs it."""
        writer = ParcelWriter(sink)
        for path, data in files.items():
            writer.add(path, data)
        writer.close(
            archive_id="archive_1",
            origin=ORIGIN,
            session_id=SESSION,
            made_at_ms=1,
            signer_public=self.ledger.server_public,
            sign=self.keyring.signer("ledger").sign,
        )


def bytes_in(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }

"""Sessions of many shapes, lived through the real ledger and exported by the real exporter.

A seed fixes how many sat, what they did, which staff acts happened and who stayed away; two
builds of one seed differ only in keys and salts.
"""

import random
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from kernel.codec import canonical_json
from kernel.crypto.keyring import FileKeyRing
from kernel.crypto.signing import Signer
from kernel.db import Database
from ledger.book import Act
from ledger.chain import read_stream_file
from ledger.layout import (
    SEAL_FILE,
    STREAM_SUFFIX,
    KeyFile,
    SealFile,
    SealList,
    read_key_file,
    stream_path,
)
from ledger.parcel import MANIFEST, SIGNATURE, FolderSink
from ledger.rotation import rotate_scope
from ledger.tables import LedgerTable
from ledger.tree.part import StreamLeaves
from tests.integration.ledger.world import SESSION, Candidate, LedgerWorld, bytes_in
from tests.mutations.forest import Forest, leaves_of, part_files, witnesses

FOLDER = "3-process/ledger/"
BLOB_LIST = "3-process/blobs.json"
SESSION_STREAM = f"session/{SESSION}"
ROOM_STREAM = f"room/{SESSION}/room_1"


@dataclass(frozen=True)
class Shape:
    """A whole archive in bytes, its keys, and the server that made it."""

    seed: int
    files: dict[str, bytes]
    keys: KeyFile
    key_bytes: bytes
    signer: Signer
    forest: Forest
    streams_in_tree: dict[str, StreamLeaves]
    leaves: list[bytes]

    @property
    def sealed(self) -> SealList:
        return SealList.from_frame(SealFile.from_bytes(self.files[FOLDER + SEAL_FILE]).frame)

    def streams(self, noun: str = "", least: int = 1) -> list[str]:
        """Streams of a kind that hold at least so many records."""
        return [
            one
            for one, (count, _) in self.sealed.streams.items()
            if one.startswith(noun) and count >= least
        ]

    def chance_sizes(self, chance: random.Random) -> int:
        """A size that the tree had before its last record of this session."""
        last = max(one.indices[-1] for one in self.streams_in_tree.values())
        return chance.randrange(1, last + 1)

    def tree_at(self, size: int) -> dict[str, bytes]:
        """Checkpoint and leaves as they were when the tree had this size."""
        streams = {}
        for name, held in self.streams_in_tree.items():
            count = sum(index < size for index in held.indices)
            streams[name] = StreamLeaves(held.indices[:count], held.hashes[:count])
        origin = self.sealed.origin
        return part_files(streams, self.leaves[:size], origin, self.signer, self.forest)


def place_of(stream_id: str) -> str:
    """The path of a stream in the archive."""
    return FOLDER + stream_path(stream_id)


async def build(seed: int) -> Shape:
    """One session from its first record to its archive."""
    chance = random.Random(f"shape {seed}")
    with TemporaryDirectory(prefix="gongyuan-shape-", dir=in_memory()) as folder:
        database = Database.open(f"sqlite+aiosqlite:///{folder}/ledger.db")
        async with database.writer_engine.begin() as connection:
            await connection.run_sync(LedgerTable.metadata.create_all)
        world = LedgerWorld(database, Path(folder))
        world.ledger.start()
        try:
            return await _live(world, chance, seed, Path(folder))
        finally:
            await world.ledger.stop()
            await database.close()


async def _live(world: LedgerWorld, chance: random.Random, seed: int, folder: Path) -> Shape:
    await world.open_session()
    names = [f"sitting_{n}" for n in range(1, chance.randrange(3, 6))]
    async with world.database.write() as tx:
        facts = {"room_id": "room_1"}
        await world.ledger.open_stream(tx, ROOM_STREAM, SESSION, "room_opened", facts)
    people = [await world.candidate(name) for name in names]
    for one in people:
        await _sit(world, one, chance)
    await _staff(world, names, chance)
    absent = [(f"sitting_{90 + n}", "absent") for n in range(chance.randrange(3))]
    await world.seal([*((name, "number") for name in names), *absent])
    archive, keys = await world.export(folder / "out")
    held = {
        path: data for path, data in bytes_in(archive).items() if path not in {MANIFEST, SIGNATURE}
    }
    world.clock.instant_ms += 1
    packed = folder / "packed"
    signer = FileKeyRing(folder / "keys.json").signer("ledger")
    forest = witnesses(chance)
    seal = SealFile.from_bytes(held[FOLDER + SEAL_FILE])
    streams, leaves = leaves_of(_hashes(held), seal, chance)
    tree = part_files(streams, leaves, world.ledger.origin, signer, forest)
    whole = {**held, **{FOLDER + name: data for name, data in tree.items()}}
    world.pack({**whole, **_blobs(names, chance)}, FolderSink(packed))
    return Shape(
        seed, bytes_in(packed), read_key_file(keys), keys.read_bytes(), signer, forest, streams,
        leaves,
    )  # fmt: skip


def _hashes(files: dict[str, bytes]) -> dict[str, list[bytes]]:
    """Record hashes of every stream's file."""
    return {
        path.removeprefix(FOLDER).removesuffix(STREAM_SUFFIX): [
            one.hash for one in read_stream_file(data, b"").records
        ]
        for path, data in files.items()
        if path.endswith(STREAM_SUFFIX)
    }


async def _sit(world: LedgerWorld, one: Candidate, chance: random.Random) -> None:
    for _ in range(chance.randrange(2, 5)):
        world.clock.instant_ms += chance.randrange(1, 60_000)
        await one.save(chance.randrange(1, 5), text=chance.choice("ABCD"))
    async with world.database.write() as tx:
        for n in range(chance.randrange(2, 6)):
            kind = chance.choice(("capture", "segment"))
            digest = sha256(f"{one.sitting_id} {n}".encode()).hexdigest()
            act = Act(kind, {"at_ms": world.clock.instant_ms, "sha256": digest}, 1)
            await world.ledger.append(tx, f"camera/{one.sitting_id}", [act])
        if chance.random() < 0.5:
            act = Act("extended", {"by": "staff_1", "seconds": 300, "reason": "network"}, 1)
            await world.ledger.append(tx, one.stream, [act])
    if chance.random() < 0.4:  # another machine: a second device epoch
        moved = Candidate(world.ledger, one.sitting_id, epoch=2)
        async with world.database.write() as tx:
            await world.ledger.add_device(tx, one.stream, epoch=2, public_key=moved.key.public)
        await moved.save(chance.randrange(1, 4), text=chance.choice("ABCD"))
        one = moved
    if chance.random() < 0.3:
        async with world.database.write() as tx:
            await rotate_scope(tx, world.ledger._appender, one.stream)
        await one.save(1)
    if chance.random() < 0.8:
        await world.hand_in(one)


async def _staff(world: LedgerWorld, names: list[str], chance: random.Random) -> None:
    async with world.database.write() as tx:
        acts = [
            Act("warned", {"by": "staff_1", "sitting_id": name, "text": "请安静"})
            for name in names[: chance.randrange(1, 4)]
        ]
        await world.ledger.append(tx, ROOM_STREAM, acts)
        marks = [
            Act("marked_by_hand", {"sitting_id": name, "item_id": f"item_{n}", "mark": str(n)})
            for n, name in enumerate(names)
        ]
        closing = [Act("session_started", {}), *marks, Act("marked", {"totals_hash": "00" * 32})]
        await world.ledger.append(tx, SESSION_STREAM, closing)


def _blobs(names: list[str], chance: random.Random) -> dict[str, bytes]:
    blobs = {
        f"3-process/blobs/segment_{name}_{n}": chance.randbytes(chance.randrange(200, 900))
        for name in names
        for n in range(2)
    }
    listed = [{"path": p, "sha256": sha256(d).hexdigest()} for p, d in blobs.items()]
    return {
        **blobs,
        BLOB_LIST: canonical_json({"blobs": listed, "session_id": SESSION}),
        "README.md": b"read me\n",
        "4-papers-and-results/marks.json.sealed": chance.randbytes(300),
    }


def in_memory() -> str | None:
    """A folder in memory where the system has one: nothing here need outlive the test."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None

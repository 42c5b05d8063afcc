"""An archive of a lived session: whole it passes, and every mutation is found where it was made."""

import random
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from kernel.codec import canonical_json, decode, encode
from kernel.errors import Refusal
from ledger.archive import export_ledger
from ledger.book import Act
from ledger.chain import Damage
from ledger.layout import SEAL_FILE, STREAM_MAGIC, SealFile
from ledger.parcel import FolderSink, ZipSink
from ledger.record import Header
from ledger.verify import verify
from tests.integration.ledger.world import SESSION, LedgerWorld, bytes_in, with_header

FOLDER = "3-process/ledger/"
S, T = f"{FOLDER}sitting/sitting_1.records", f"{FOLDER}sitting/sitting_2.records"
Record = tuple[bytes, bytes]


class Lived:
    """A session that was lived, sealed and exported, in bytes."""

    def __init__(self, world: LedgerWorld, files: dict[str, bytes], key_file: Path) -> None:
        self.world = world
        self.files = files
        self.key_file = key_file

    def packed(self, files: dict[str, bytes], into: Path) -> Path:
        """Signed again, as an insider with the server's key would."""
        self.world.pack(files, ZipSink(into / "archive.zip"))
        return into / "archive.zip"


@pytest.fixture
async def lived(world: LedgerWorld, tmp_path: Path) -> Lived:
    names = [f"sitting_{n}" for n in range(1, 5)]
    for name in names:
        one = await world.candidate(name)
        for count in (1, 3, 2, 5):
            await one.save(count)
        async with world.database.write() as tx:
            captures = [
                Act("capture", {"at_ms": n, "frame_sha256": "00" * 32}, 1) for n in range(8)
            ]
            await world.ledger.append(tx, f"camera/{name}", captures)
        await world.hand_in(one)
    await world.seal([*((name, "number") for name in names), ("sitting_5", "absent")])
    archive, keys = await world.export(tmp_path / "out")
    held = bytes_in(archive)
    files = {path: held[path] for path in held if not path.startswith("manifest")}
    return Lived(world, files, keys)


def records(data: bytes) -> list[Record]:
    found, at = [], len(STREAM_MAGIC)
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        header, ciphertext = decode("record", 1, data[at + 4 : at + 4 + size])
        found.append((header, ciphertext))
        at += 4 + size
    return found


def written(held: list[Record]) -> bytes:
    frames = [encode("record", 1, list(one)) for one in held]
    return STREAM_MAGIC + b"".join(len(f).to_bytes(4, "big") + f for f in frames)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


async def test_an_untouched_archive_passes_with_and_without_keys(
    lived: Lived, tmp_path: Path
) -> None:
    path = lived.packed(lived.files, tmp_path)
    seen: list[tuple[int, int]] = []
    closed = verify(path, progress=lambda done, total: seen.append((done, total)))
    assert closed.findings == []
    assert (closed.streams, closed.roster, closed.never_opened) == (9, 5, 1)
    assert seen[-1][0] == seen[-1][1] > 0
    assert closed.bodies == 0
    opened = verify(path, lived.key_file, trust=lived.world.ledger.server_public)
    assert opened.findings == []
    assert opened.bodies == opened.records == closed.records
    assert opened.device_events == 4 * 11
    assert opened.signatures == 4 * (4 + 1)
    assert "✓" in opened.words()
    assert '"good":true' in opened.to_json()


Mutation = Callable[[dict[str, bytes], int, random.Random], tuple[Damage, str, int]]


def edit(files: dict[str, bytes], at: int, chance: random.Random) -> tuple[Damage, str, int]:
    held = records(files[S])
    header, ciphertext = held[at]
    held[at] = (header, flipped(ciphertext, chance.randrange(len(ciphertext))))
    files[S] = written(held)
    return Damage.EDITED, "sitting/sitting_1", at + 1


def edit_time(files: dict[str, bytes], at: int, chance: random.Random) -> tuple[Damage, str, int]:
    held = records(files[S])
    header, ciphertext = held[at]
    later = Header.from_bytes(header).server_ms + chance.randrange(1, 10_000)
    held[at] = (with_header(header, server_ms=later), ciphertext)
    files[S] = written(held)
    return Damage.EDITED, "sitting/sitting_1", at + 1


def edit_number(files: dict[str, bytes], at: int, chance: random.Random) -> tuple[Damage, str, int]:
    held = records(files[S])
    header, ciphertext = held[at]
    held[at] = (with_header(header, seq=chance.randrange(900, 999)), ciphertext)
    files[S] = written(held)
    return Damage.EDITED, "sitting/sitting_1", at + 1


def edit_name(files: dict[str, bytes], at: int, _chance: random.Random) -> tuple[Damage, str, int]:
    held = records(files[S])
    header, ciphertext = held[at]
    held[at] = (with_header(header, stream_id="sitting/sitting_2"), ciphertext)
    files[S] = written(held)
    return Damage.EDITED, "sitting/sitting_1", at + 1


def drop(files: dict[str, bytes], at: int, _chance: random.Random) -> tuple[Damage, str, int]:
    held = records(files[S])
    last = at == len(held) - 1
    del held[at]
    files[S] = written(held)
    return Damage.TRUNCATED if last else Damage.DROPPED, "sitting/sitting_1", at + 1


def insert_copy(files: dict[str, bytes], at: int, chance: random.Random) -> tuple[Damage, str, int]:
    held = records(files[S])
    copied = held[chance.randrange(len(held))]
    held.insert(at, copied)
    files[S] = written(held)
    seq = Header.from_bytes(copied[0]).seq
    return Damage.INSERTED, "sitting/sitting_1", seq if seq in {at, at + 1} else at + 1


def insert_new(files: dict[str, bytes], at: int, _chance: random.Random) -> tuple[Damage, str, int]:
    held = records(files[S])
    header, ciphertext = held[at]
    held.insert(at, (with_header(header, salt=bytes(32)), ciphertext))
    files[S] = written(held)
    return Damage.INSERTED, "sitting/sitting_1", at + 1


def reorder(files: dict[str, bytes], at: int, chance: random.Random) -> tuple[Damage, str, int]:
    held = records(files[S])
    other = chance.choice([n for n in range(len(held)) if n != at])
    held[at], held[other] = held[other], held[at]
    files[S] = written(held)
    return Damage.REORDERED, "sitting/sitting_1", min(at, other) + 1


def truncate(files: dict[str, bytes], at: int, _chance: random.Random) -> tuple[Damage, str, int]:
    files[S] = written(records(files[S])[:at])
    return Damage.TRUNCATED, "sitting/sitting_1", at + 1


def cut_bytes(files: dict[str, bytes], at: int, chance: random.Random) -> tuple[Damage, str, int]:
    before = len(written(records(files[S])[:at]))
    whole = len(written(records(files[S])[: at + 1]))
    files[S] = files[S][: chance.randrange(before + 1, whole)]
    return Damage.TRUNCATED, "sitting/sitting_1", at + 1


def swap_record(
    files: dict[str, bytes], at: int, _chance: random.Random
) -> tuple[Damage, str, int]:
    mine, theirs = records(files[S]), records(files[T])
    mine[at], theirs[at] = theirs[at], mine[at]
    files[S], files[T] = written(mine), written(theirs)
    return Damage.SWAPPED, "sitting/sitting_1", at + 1


def swap_streams(files: dict[str, bytes], _at: int, _c: random.Random) -> tuple[Damage, str, int]:
    files[S], files[T] = files[T], files[S]
    return Damage.SWAPPED, "sitting/sitting_1", 1


def relabel(files: dict[str, bytes], _at: int, _c: random.Random) -> tuple[Damage, str, int]:
    files[S] = files[T]
    return Damage.RELABELLED, "sitting/sitting_1", 1


def key_version(files: dict[str, bytes], at: int, chance: random.Random) -> tuple[Damage, str, int]:
    held = records(files[S])
    header, ciphertext = held[at]
    held[at] = (with_header(header, key_version=chance.randrange(2, 9)), ciphertext)
    files[S] = written(held)
    return Damage.WRONG_KEY_VERSION, "sitting/sitting_1", at + 1


def drop_sitting(files: dict[str, bytes], _at: int, _c: random.Random) -> tuple[Damage, str, int]:
    del files[S]
    return Damage.MISSING_SITTING, "sitting/sitting_1", 0


def drop_camera(files: dict[str, bytes], _at: int, _c: random.Random) -> tuple[Damage, str, int]:
    del files[f"{FOLDER}camera/sitting_2.records"]
    return Damage.MISSING_STREAM, "camera/sitting_2", 0


def add_stream(files: dict[str, bytes], _at: int, _c: random.Random) -> tuple[Damage, str, int]:
    files[f"{FOLDER}sitting/sitting_9.records"] = files[S]
    return Damage.INSERTED, f"{FOLDER}sitting/sitting_9.records", 0


def change_seal(files: dict[str, bytes], _at: int, _c: random.Random) -> tuple[Damage, str, int]:
    seal = SealFile.from_bytes(files[FOLDER + SEAL_FILE])
    fields = decode("session-seal", 1, seal.frame)
    fields[3] = [one for one in fields[3] if one[0] != "sitting_1"]
    fields[4] = [one for one in fields[4] if not one[0].endswith("/sitting_1")]
    frame = encode("session-seal", 1, fields)
    changed = SealFile(frame, seal.signature, seal.server_public)
    files[FOLDER + SEAL_FILE] = changed.to_bytes()
    del files[S]
    return Damage.SEAL, FOLDER + SEAL_FILE, 0


def drop_seal(files: dict[str, bytes], _at: int, _c: random.Random) -> tuple[Damage, str, int]:
    del files[FOLDER + SEAL_FILE]
    return Damage.SEAL, SEAL_FILE, 0


MUTATIONS: tuple[Mutation, ...] = (
    edit, edit_time, edit_number, edit_name, drop, insert_copy, insert_new, reorder, truncate,
    cut_bytes, swap_record, swap_streams, relabel, key_version, drop_sitting, drop_camera,
    add_stream, change_seal, drop_seal,
)  # fmt: skip


async def test_every_mutation_is_found_and_its_place_is_named(lived: Lived, tmp_path: Path) -> None:
    chance = random.Random(20)
    count = len(records(lived.files[S]))
    wrong = []
    for mutation in MUTATIONS:
        for at in sorted({0, 1, count - 2, count - 1, *chance.sample(range(count), 3)}):
            files = dict(lived.files)
            expected = mutation(files, at, chance)
            report = verify(lived.packed(files, tmp_path))
            first = report.first
            found = first and (first.damage, first.place, first.seq)
            if found != expected:
                wrong.append((mutation.__name__, at + 1, expected, found))
    assert wrong == []


async def test_any_flipped_byte_of_the_zip_is_found(lived: Lived, tmp_path: Path) -> None:
    path = lived.packed(lived.files, tmp_path)
    whole = path.read_bytes()
    chance = random.Random(21)
    for at in sorted(chance.sample(range(len(whole)), 60)):
        path.write_bytes(flipped(whole, at))
        report = verify(path)
        assert not report.good, f"byte {at}"
        assert "✗" in report.words()


async def test_a_folder_that_was_changed_after_signing_names_record_and_file(
    lived: Lived, tmp_path: Path
) -> None:
    lived.world.pack({**lived.files, "README.md": b"read me"}, FolderSink(tmp_path / "folder"))
    assert verify(tmp_path / "folder").good
    (tmp_path / "folder" / "README.md").write_bytes(b"read you")
    (tmp_path / "folder" / "more.txt").write_bytes(b"more")
    report = verify(tmp_path / "folder")
    assert [(f.damage, f.place) for f in report.findings] == [
        (Damage.FILE, "README.md"),
        (Damage.FILE, "more.txt"),
    ]


@pytest.mark.parametrize("gone", [True, False])
async def test_a_blob_that_is_gone_or_exchanged_is_named(
    lived: Lived, tmp_path: Path, *, gone: bool
) -> None:
    blobs = {f"3-process/blobs/frame_{n}": bytes([n]) * 500 for n in range(3)}
    listed = [{"path": p, "sha256": sha256(d).hexdigest()} for p, d in blobs.items()]
    files = {
        **lived.files,
        **blobs,
        "3-process/blobs.json": canonical_json({"blobs": listed, "session_id": SESSION}),
    }
    good = verify(lived.packed(files, tmp_path))
    assert good.good
    assert good.blobs == 3
    target = "3-process/blobs/frame_1"
    if gone:
        del files[target]
    else:
        files[target] = files["3-process/blobs/frame_2"]
    first = verify(lived.packed(files, tmp_path)).first
    assert first is not None
    assert first.damage is (Damage.BLOB_MISSING if gone else Damage.BLOB_CHANGED)
    assert first.place == target


async def test_an_archive_under_another_servers_key_is_not_trusted(
    lived: Lived, tmp_path: Path
) -> None:
    path = lived.packed(lived.files, tmp_path)
    first = verify(path, trust=bytes(32)).first
    assert first is not None
    assert first.damage is Damage.SEAL


async def test_an_unsealed_session_is_not_exported(world: LedgerWorld, tmp_path: Path) -> None:
    async with world.database.read() as session:
        with pytest.raises(Refusal, match="ledger.not_sealed"):
            await export_ledger(session, world.ledger, SESSION, tmp_path)
    assert not (tmp_path / SEAL_FILE).exists()


async def test_no_archive_and_no_key_file_are_said(tmp_path: Path, lived: Lived) -> None:
    with pytest.raises(Refusal, match="verify.no_archive"):
        verify(tmp_path / "nothing.zip")
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    with pytest.raises(Refusal, match="verify.key_file"):
        verify(lived.packed(lived.files, tmp_path), bad)

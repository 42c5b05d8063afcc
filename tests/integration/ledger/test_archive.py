"""An archive of a lived session: whole it passes, changed it does not (tests/mutations has every
kind of change).
"""

import asyncio
import json
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from kernel.codec import canonical_json
from kernel.errors import Refusal
from ledger.archive import export_ledger
from ledger.book import Act
from ledger.chain import Damage
from ledger.layout import SEAL_FILE
from ledger.parcel import FolderSink, ZipSink
from ledger.tables import LedgerTable
from ledger.tree.note import Algorithm, NoteKey
from ledger.verify import verify
from tests.integration.ledger.world import SESSION, LedgerWorld, bytes_in

LEDGER = "3-process/ledger"


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


@pytest.mark.parametrize("planted", ["gongyuan.db", "keys/keyring.json"])
async def test_an_archive_stays_one_whatever_is_put_beside_its_manifest(
    lived: Lived, tmp_path: Path, planted: str
) -> None:
    lived.world.pack(lived.files, FolderSink(tmp_path / "folder"))
    place = tmp_path / "folder" / planted
    place.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(place)) as empty, empty:
        for table in LedgerTable.metadata.sorted_tables:
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            empty.execute(f"create table {table.name} ({columns})")
    report = verify(tmp_path / "folder")
    assert [(f.damage, f.place) for f in report.findings] == [(Damage.FILE, planted)]
    assert not report.live


DEEP = b'{"blobs":[],"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize("name", ["manifest.json", "3-process/blobs.json"])
async def test_a_list_that_is_nested_without_end_is_a_broken_list(
    lived: Lived, tmp_path: Path, name: str
) -> None:
    blobs = {"3-process/blobs.json": b'{"blobs":[]}'}
    lived.world.pack({**lived.files, **blobs}, FolderSink(tmp_path / "folder"))
    (tmp_path / "folder" / name).write_bytes(DEEP)
    first = verify(tmp_path / "folder").first
    assert first is not None
    assert (first.damage, first.place) == (Damage.FILE, name)


HUGE_BYTES = 600 << 20


@pytest.mark.parametrize(
    "name",
    ["manifest.json", "manifest.sig", "3-process/blobs.json", "3-process/destruction.bin",
     f"{LEDGER}/session-seal.bin", f"{LEDGER}/tree/checkpoint", f"{LEDGER}/tree/leaves.bin",
     f"{LEDGER}/sitting/sitting_2.records"],
)  # fmt: skip
async def test_a_file_of_any_size_is_named_and_never_held_in_memory(
    lived: Lived, tmp_path: Path, name: str
) -> None:
    more = {
        "3-process/blobs.json": b'{"blobs":[]}', "3-process/destruction.bin": b"",
        f"{LEDGER}/tree/checkpoint": b"", f"{LEDGER}/tree/leaves.bin": b"",
    }  # fmt: skip
    lived.world.pack({**more, **lived.files}, FolderSink(tmp_path / "folder"))
    os.truncate(tmp_path / "folder" / name, HUGE_BYTES)
    program = tmp_path / "verify.py"
    program.write_text(_WITHIN.format(limit=700 << 20, path=tmp_path / "folder"))
    done = await asyncio.to_thread(_run, program)
    assert done.returncode == 1, done.stderr
    places = {one["place"] for one in json.loads(done.stdout)["findings"]}
    assert {name, "manifest.json", "sitting/sitting_2"} & places


def _run(program: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, program], capture_output=True, text=True, check=False, timeout=50
    )


_WITHIN = """
import resource, sys
from pathlib import Path
from ledger.verify import verify
resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
report = verify(Path("{path}"), workers=1)
print(report.to_json())
sys.exit(not report.good)
"""


async def test_what_follows_the_last_file_of_a_zip_is_not_read_when_it_is_too_long(
    lived: Lived, tmp_path: Path
) -> None:
    path = lived.packed(lived.files, tmp_path)
    os.truncate(path, 64 << 30)
    first = verify(path).first
    assert first is not None
    assert first.damage is Damage.CONTAINER


async def test_neither_pipe_nor_device_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(Refusal, match="verify.no_archive"):
            verify(path)


@pytest.mark.parametrize("name", [b"\xff\xfe.txt", "\u202e好\n✓ 档案完整。\x1b[2J".encode()])
async def test_a_files_name_draws_no_line_of_the_verdict(
    lived: Lived, tmp_path: Path, name: bytes
) -> None:
    lived.world.pack(lived.files, FolderSink(tmp_path / "folder"))
    (tmp_path / "folder" / os.fsdecode(name)).touch()
    report = verify(tmp_path / "folder")
    assert report.words().encode().decode().replace("\n", "").isprintable()
    assert not any(line.startswith("✓") for line in report.words().splitlines())
    [told] = json.loads(report.to_json().encode())["findings"]
    assert os.fsencode(told["place"]) == name


async def test_no_witness_is_passed_over_where_none_can_be_looked_for(tmp_path: Path) -> None:
    (tmp_path / "gongyuan.db").write_bytes(b"")
    witness = NoteKey("witness.test", Algorithm.COSIGNATURE, bytes(32))
    with pytest.raises(Refusal, match="verify.live_witnesses"):
        verify(tmp_path, witnesses=[witness])


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

"""Our log read by an implementation that is not ours (aics-tlog), and its log read by us."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kernel.crypto.signing import ServerKey
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.merkle import consistency_holds, consistency_path, inclusion_holds, leaf_hash
from ledger.tree.merkle import tree_root as our_root
from ledger.tree.note import Algorithm, Note, NoteKey, cosign
from ledger.tree.proof import TlogProof, check_proof
from ledger.tree.tiles import entries_path, reader, tile_path, tiles_of, unbundle
from setup.places import INTEROP
from tests.integration.ledger.test_tree import AlwaysHeld
from tests.integration.ledger.world import LedgerWorld

WITNESS = ServerKey(bytes([8]) * 32)
WITNESS_KEY = NoteKey("witness.test", Algorithm.COSIGNATURE, WITNESS.public)
NOW_S = 1_700_000_000


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(INTEROP))
    import aics_tlog

    return aics_tlog


async def _publish(world: LedgerWorld, folder: Path) -> tuple[Note, Checkpoint]:
    """What the server serves under /log, as files."""
    tree = world.ledger.tree
    async with world.database.read() as session:
        head = await tree.newest(session)
        assert head is not None
        note = Note.parse(head.note)
        for level, number, width in tiles_of(head.size):
            _write(folder / tile_path(level, number, width),
                   await tree.tile(session, level, number, width))  # fmt: skip
            if level == 0:
                _write(folder / entries_path(number, width),
                       await tree.entries(session, number, width))  # fmt: skip
    text = note.with_signatures([cosign(note.text, WITNESS_KEY.name, WITNESS, NOW_S)])
    _write(folder / "checkpoint", text.to_text().encode())
    return text, Checkpoint.parse(note.text)


def _write(path: Path, data: bytes | None) -> None:
    assert data is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture
async def site(world: LedgerWorld, tmp_path: Path) -> tuple[LedgerWorld, Path, Note, Checkpoint]:
    sequencer = world.another().sequencer(tmp_path / "beside", AlwaysHeld())
    for number in range(3):
        one = await world.candidate(f"sitting_{number}")
        for _ in range(4):
            await one.save(25)
    await sequencer.round()
    note, checkpoint = await _publish(world, tmp_path / "log")
    return world, tmp_path / "log", note, checkpoint


async def test_the_other_reads_our_checkpoint_tiles_entries_and_proofs(
    site: tuple[LedgerWorld, Path, Note, Checkpoint], other: Any
) -> None:
    world, folder, note, checkpoint = site
    log = other.parse_vkey(world.ledger.log_key.text())
    witness = other.parse_vkey(WITNESS_KEY.text())
    read = other.parse_note((folder / "checkpoint").read_bytes())
    said = other.verify_checkpoint(
        read, log, [witness], quorum=1, expected_origin=checkpoint.origin
    )
    assert said.ok, said.error
    assert (said.size, said.root) == (checkpoint.size, checkpoint.root)
    assert said.cosignature_count == 1
    assert read.serialise() == note.to_text()
    tiles = other.FileSystemTileReader(folder)
    other.audit_tiles(tiles, checkpoint.size, checkpoint.root)
    for index in (0, 1, 255, 256, checkpoint.size - 1):
        entry = other.read_entry(tiles, index, checkpoint.size)
        path = other.inclusion_proof_from_tiles(tiles, index, checkpoint.size)
        assert other.verify_leaf_inclusion(entry, index, checkpoint.size, path, checkpoint.root)
        proof = TlogProof(index, tuple(path), note.to_text())
        check_proof(proof, entry, world.ledger.log_key, [WITNESS_KEY], quorum=1)
    for old in (1, 7, 256, checkpoint.size - 1):
        root = other.tree_root_from_tiles(tiles, old, checkpoint.size)
        path = other.consistency_proof_from_tiles(tiles, old, checkpoint.size)
        assert other.verify_consistency(old, checkpoint.size, root, checkpoint.root, path)
        assert consistency_holds((old, root), (checkpoint.size, checkpoint.root), path)


async def test_the_other_verifies_the_proofs_that_we_give_out(
    site: tuple[LedgerWorld, Path, Note, Checkpoint], other: Any
) -> None:
    world, _, _, checkpoint = site
    async with world.database.read() as session:
        found = await world.ledger.tree.proof(session, "sitting/sitting_2", 40)
    assert found is not None
    proof, root = found.proof, checkpoint.root
    good = (found.entry, proof.index, checkpoint.size, list(proof.path), root)
    assert other.verify_leaf_inclusion(*good)
    assert not other.verify_leaf_inclusion(found.entry + b"x", *good[1:])


async def test_the_other_refuses_what_was_changed(
    site: tuple[LedgerWorld, Path, Note, Checkpoint], other: Any
) -> None:
    world, folder, note, checkpoint = site
    log = other.parse_vkey(world.ledger.log_key.text())
    changed = note.to_text().replace(f"\n{checkpoint.size}\n", f"\n{checkpoint.size + 1}\n")
    assert not other.verify_checkpoint(other.parse_note(changed), log).ok
    place = folder / tile_path(0, 0)
    tile = place.read_bytes()
    place.write_bytes(tile[:32] + tile[64:96] + tile[64:])
    with pytest.raises(Exception, match="."):
        other.audit_tiles(other.FileSystemTileReader(folder), checkpoint.size, checkpoint.root)


def test_we_read_what_the_other_writes(other: Any, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes([5]) * 32)
    entries = [f"entry {n}".encode() for n in range(700)]
    writer = other.IncrementalTileWriter(other.DirectoryTileStore(tmp_path, fsync=False))
    writer.append(entries[:300])
    writer.append(entries[300:])
    root: bytes = writer.root() if callable(writer.root) else writer.root
    tiles: dict[tuple[int, int], bytes] = {}
    held: list[bytes] = []
    for level, number, width in tiles_of(700):
        tiles[level, number] = (tmp_path / tile_path(level, number, width)).read_bytes()
        if level == 0:
            held += unbundle((tmp_path / entries_path(number, width)).read_bytes())
    assert held == entries
    read = reader(lambda level, number: tiles[level, number])
    assert our_root(read, 700) == root
    checkpoint = other.Checkpoint("other.test/log", 700, root)
    signed: Any = other.sign_checkpoint(checkpoint, key, "other.test/log")
    note = Note.parse(signed.serialise())
    log = NoteKey.parse(
        other.format_vkey(other.vkey_from_ed25519("other.test/log", key.public_key()))
    )
    assert note.signed_by(log)
    assert Checkpoint.parse(note.text) == Checkpoint("other.test/log", 700, root)
    _, line = other.sign_cosignature(key, "w.test", NOW_S, "other.test/log", 700, root)
    witness = NoteKey.parse(other.format_vkey(other.cosignature_vkey("w.test", key.public_key())))
    cosigned = Note.parse(other.Note(signed.text, (*signed.signatures, line)).serialise())
    assert cosigned.signed_by(witness)
    assert cosigned.signed_at_s(witness) == NOW_S
    reader_there = other.FileSystemTileReader(tmp_path)
    path = other.inclusion_proof_from_tiles(reader_there, 299, 700)
    assert inclusion_holds(leaf_hash(entries[299]), 299, 700, path, root)
    assert consistency_path(read, 300, 700) == other.consistency_proof_from_tiles(
        reader_there, 300, 700
    )

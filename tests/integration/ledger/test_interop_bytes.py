"""Against an implementation that is not ours: the same bytes, over HTTP, and one byte changed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from kernel.crypto.signing import ServerKey
from kernel.pacing import Pace
from ledger.api import router
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.merkle import (
    consistency_holds,
    consistency_path,
    inclusion_holds,
    inclusion_path,
    leaf_hash,
    tree_root,
)
from ledger.tree.note import Algorithm, Note, NoteKey, cosign, sign_note
from ledger.tree.proof import TlogProof, check_proof
from ledger.tree.reading import Tree
from ledger.tree.tiles import Edge, bundle, entries_path, reader, tile_path, tiles_of, unbundle
from setup.interop import WHEEL
from setup.places import INTEROP
from setup.wheels import present
from tests.integration.ledger.test_tree import AlwaysHeld
from tests.integration.ledger.world import ORIGIN, LedgerWorld
from tests.postgres import free_port

WITNESS = ServerKey(bytes([7]) * 32)
WITNESS_KEY = NoteKey("chief.example.test", Algorithm.COSIGNATURE, WITNESS.public)
AT_S = 1_795_000_000
SIZES = [1, 2, 3, 255, 256, 257, 511, 512, 700, 65_536, 65_793]


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> Any:
    assert present(INTEROP, WHEEL.members), "run `python -m setup interop` first"
    monkeypatch.syspath_prepend(str(INTEROP))
    import aics_tlog

    return aics_tlog


async def _grown(world: LedgerWorld, folder: Path) -> list[Checkpoint]:
    """A log of several hundred records, a checkpoint after each few; the last one cosigned."""
    sequencer = world.another().sequencer(folder / "checkpoint", AlwaysHeld())
    heads: list[Checkpoint] = []
    for number in range(6):
        one = await world.candidate(f"sitting_{number}")
        await one.save(number * 37 + 1)
        await sequencer.round()
        async with world.database.read() as session:
            head = await world.ledger.tree.newest(session)
        assert head is not None
        heads.append(Checkpoint.parse(Note.parse(head.note).text))
    tree = _watched(world)
    text = heads[-1].to_text()
    line = cosign(text, WITNESS_KEY.name, WITNESS, AT_S)
    async with world.database.write() as session:
        assert await tree.take_cosignature(session, Note(text, (line,)).to_text()) == 1
    return heads


def _watched(world: LedgerWorld) -> Tree:
    return Tree(world.ledger.log_key, [WITNESS_KEY])


async def _served(world: LedgerWorld, size: int) -> dict[str, bytes]:
    """Every resource of the log at this size, under the path where we serve it."""
    tree, found = _watched(world), {}
    async with world.database.read() as session:
        for level, number, width in tiles_of(size):
            tile = await tree.tile(session, level, number, width)
            assert tile is not None
            found[tile_path(level, number, width)] = tile
            if level == 0:
                entries = await tree.entries(session, number, width)
                assert entries is not None
                found[entries_path(number, width)] = entries
    return found


async def test_they_find_what_was_changed_in_our_tiles_and_notes(
    world: LedgerWorld, tmp_path: Path, theirs: Any
) -> None:
    """So that their word is worth something: the same checks fail on one changed byte."""
    last = (await _grown(world, tmp_path))[-1]
    served = await _served(world, last.size)
    for path, data in served.items():
        changed = served | {path: data[:-1] + bytes([data[-1] ^ 1])}
        with pytest.raises((theirs.TileVerificationError, theirs.TileMissingError, ValueError)):
            theirs.audit_tiles(theirs.MemoryTileReader(changed), last.size, last.root)
    async with world.database.read() as session:
        newest = await _watched(world).newest(session)
    assert newest is not None
    log = theirs.parse_vkey(world.ledger.log_key.text())
    false = newest.note.replace(f"\n{last.size}\n", f"\n{last.size - 1}\n", 1)
    assert not theirs.verify_checkpoint(theirs.parse_note(false), log, [], quorum=0).ok


async def test_they_read_our_log_over_http(world: LedgerWorld, tmp_path: Path, theirs: Any) -> None:
    last = (await _grown(world, tmp_path))[-1]
    app = FastAPI()
    app.include_router(
        router(world.database, _watched(world), Pace(world.clock, "witness.too_many", 60, 600))
    )
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_level="error"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it tells in no other way
        await asyncio.sleep(0.01)
    try:
        base = f"http://127.0.0.1:{port}/log/"
        read = theirs.HttpTileReader([base], proxies={})
        report = await asyncio.to_thread(theirs.audit_tiles, read, last.size, last.root)
        assert report.size == last.size
        assert read.stats["errors"] == 0
        assert read.stats["requests"] == report.tiles + report.bundles
    finally:
        server.should_exit = True
        await serving


@pytest.mark.parametrize("size", SIZES)
def test_tiles_roots_and_proofs_of_both_are_the_same_bytes(theirs: Any, size: int) -> None:
    entries = [b"entry %d" % number for number in range(size)]
    made: dict[str, bytes] = theirs.TileWriter(entries).materialise()
    edge = Edge()
    tiles: dict[tuple[int, int], bytes] = {}
    for first in range(0, size, 1_000):  # in pieces, as the sequencer does
        tiles |= edge.grow([leaf_hash(one) for one in entries[first : first + 1_000]])
    ours = {tile_path(lvl, n, len(tile) // 32): tile for (lvl, n), tile in tiles.items()}
    for number in range(-(-size // 256)):
        part = entries[number * 256 : (number + 1) * 256]
        ours[entries_path(number, len(part))] = bundle(part)
        assert unbundle(made[entries_path(number, len(part))]) == part
    assert ours == made
    tree = theirs.MerkleTree(entries)
    assert edge.root() == tree.root()
    read = reader(lambda level, number: tiles[level, number])
    for index in {0, size // 3, size - 1}:
        path = tree.inclusion_proof(index)
        assert inclusion_path(read, index, size) == path
        assert inclusion_holds(leaf_hash(entries[index]), index, size, path, tree.root())
    for old in {1, size // 2, size - 1, size} - {0}:
        steps = tree.consistency_proof(old)
        assert consistency_path(read, old, size) == steps
        assert tree_root(read, old) == tree.root(old)
        assert consistency_holds((old, tree.root(old)), (size, tree.root()), steps)


def test_notes_cosignatures_and_keys_of_both_are_the_same_bytes(theirs: Any) -> None:
    seed = bytes(range(32))
    key, signer = theirs.cosign.Ed25519PrivateKey.from_private_bytes(seed), ServerKey(seed)
    entries = [b"one", b"two", b"three"]
    tree = theirs.MerkleTree(entries)
    head = theirs.Checkpoint(ORIGIN, 3, tree.root())
    note = theirs.sign_checkpoint(head, key, ORIGIN)
    _, line = theirs.sign_cosignature(key, "chief.test", AT_S, ORIGIN, 3, tree.root())
    note = theirs.Note(text=note.text, signatures=(*note.signatures, line))
    text = Checkpoint(ORIGIN, 3, tree.root()).to_text()
    ours = sign_note(text, ORIGIN, signer)
    ours = ours.with_signatures([cosign(text, "chief.test", signer, AT_S)])
    assert ours.to_text() == note.serialise()
    log, witness = (
        NoteKey.parse(theirs.format_vkey(one))
        for one in (
            theirs.vkey_from_ed25519(ORIGIN, key.public_key()),
            theirs.cosignature_vkey("chief.test", key.public_key()),
        )
    )
    assert log == NoteKey.of_log(ORIGIN, signer.public)
    proof = TlogProof(1, tuple(tree.inclusion_proof(1)), note.serialise())
    proven = check_proof(proof, b"two", log, [witness], quorum=1)
    assert proven.witnessed == (("chief.test", AT_S),)

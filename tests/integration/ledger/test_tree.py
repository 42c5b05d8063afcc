"""The sequencer on both databases: every record a leaf, one head, nothing signed that is not so."""

import asyncio
import subprocess
import sys
from contextvars import Context
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from kernel.errors import Refusal
from kernel.lease import FileLease, lease_of
from ledger.tables import RecordRow, StreamRow
from ledger.tree import growing
from ledger.tree.beside import Beside
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.entry import read_entry
from ledger.tree.exporting import is_covered, tree_part
from ledger.tree.merkle import leaf_hash, tree_root
from ledger.tree.note import Note
from ledger.tree.part import TreePart
from ledger.tree.proof import check_proof
from ledger.tree.sequencer import Deposed, Sequencer
from ledger.tree.tables import CheckpointRow, GrowingRow, LeafRow, TileRow, TreeRow
from ledger.tree.tiles import hashes_of, reader, tiles_of, unbundle
from ledger.verify import verify
from tests.integration.ledger.world import ORIGIN, SESSION, LedgerWorld


class AlwaysHeld:
    """A lease that two processes believe to hold: what the compare-and-swap is there for."""

    async def held(self) -> bool:
        return True

    async def release(self) -> None:
        return None


class Killed(BaseException):
    """The process ends here."""


def _sequencer(world: LedgerWorld, folder: Path, *, name: str = "checkpoint") -> Sequencer:
    return world.another().sequencer(folder / name, AlwaysHeld())


async def _saved(world: LedgerWorld, sittings: int = 3, saves: int = 5) -> None:
    for number in range(sittings):
        one = await world.candidate(f"sitting_{number}")
        for _ in range(saves):
            await one.save()


async def _records(world: LedgerWorld) -> set[tuple[str, int, bytes]]:
    async with world.database.read() as session:
        rows = await session.execute(
            select(StreamRow.stream_id, RecordRow.seq, RecordRow.hash).join(
                RecordRow, RecordRow.stream == StreamRow.number
            )
        )
        return {(stream, seq, hashed) for stream, seq, hashed in rows}


async def _whole_tree(world: LedgerWorld) -> Checkpoint:
    """Every tile and bundle of the newest checkpoint against each other and against its root."""
    tree = world.ledger.tree
    async with world.database.read() as session:
        head = await tree.newest(session)
        assert head is not None
        note = Note.parse(head.note)
        assert note.signed_by(tree.key)
        checkpoint = Checkpoint.parse(note.text)
        tiles, entries = {}, []
        for level, number, width in tiles_of(checkpoint.size):
            tiles[level, number] = await tree.tile(session, level, number, width)
            if level == 0:
                bundle = await tree.entries(session, number, width)
                assert bundle is not None
                entries += unbundle(bundle)
    hashes = [
        h for n in range(1 + max(n for _, n in tiles)) for h in hashes_of(tiles.get((0, n)) or b"")
    ]
    assert [leaf_hash(one) for one in entries] == hashes
    read = reader(lambda level, number: tiles[level, number] or b"")
    assert tree_root(read, checkpoint.size) == checkpoint.root
    held = {one for one in map(read_entry, entries) if not one[0].startswith(("seal/", "link/"))}
    assert held == await _records(world)
    assert len(entries) == len(set(entries)) == checkpoint.size
    return checkpoint


async def test_every_record_becomes_one_leaf_and_the_seal_too(
    world: LedgerWorld, tmp_path: Path
) -> None:
    sequencer = _sequencer(world, tmp_path)
    await sequencer.round()
    await _saved(world)
    await sequencer.round()
    first = await _whole_tree(world)
    await world.seal([(f"sitting_{n}", "submitted") for n in range(3)])
    await sequencer.round()
    last = await _whole_tree(world)
    assert last.size == first.size + 1
    async with world.database.read() as session:
        seal = await world.ledger.tree.proof_of_other(session, f"seal/{SESSION}")
        assert seal is not None
        check_proof(seal.proof, seal.entry, world.ledger.log_key)
        assert await session.scalar(select(func.count()).select_from(GrowingRow)) == 0


async def test_a_record_is_proven_by_the_tree_and_by_no_other_entry(
    world: LedgerWorld, tmp_path: Path
) -> None:
    sequencer = _sequencer(world, tmp_path)
    await _saved(world, sittings=2, saves=200)
    async with world.database.read() as session:
        assert await world.ledger.tree.proof(session, "sitting/sitting_1", 9) is None
    await sequencer.round()
    async with world.database.read() as session:
        found = await world.ledger.tree.proof(session, "sitting/sitting_1", 9)
        other = await world.ledger.tree.proof(session, "sitting/sitting_0", 9)
        assert await world.ledger.tree.proof(session, "sitting/sitting_1", 9_999) is None
    assert found is not None
    assert other is not None
    check_proof(found.proof, found.entry, world.ledger.log_key)
    with pytest.raises(ValueError, match="not in the tree"):
        check_proof(found.proof, other.entry, world.ledger.log_key)


async def test_an_idle_round_signs_nothing_new(world: LedgerWorld, tmp_path: Path) -> None:
    sequencer = _sequencer(world, tmp_path)
    await _saved(world, sittings=1)
    for _ in range(3):
        await sequencer.round()
    async with world.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(CheckpointRow)) == 1


async def test_of_two_sequencers_the_deposed_one_signs_nothing(
    world: LedgerWorld, tmp_path: Path
) -> None:
    old, new = _sequencer(world, tmp_path), _sequencer(world, tmp_path)
    await _saved(world, sittings=1)
    await old.round()
    await new.round()
    one = await world.candidate("sitting_late")
    await one.save()
    with pytest.raises(Deposed):
        await old.round()
    await new.round()
    await _whole_tree(world)
    async with world.database.read() as session:
        terms = (
            await session.scalars(select(CheckpointRow.term).order_by(CheckpointRow.size))
        ).all()
    assert list(terms) == [1, 2]


async def test_a_database_rolled_back_is_refused_and_a_new_origin_quotes_the_old(
    world: LedgerWorld, tmp_path: Path
) -> None:
    sequencer = _sequencer(world, tmp_path)
    await _saved(world, sittings=1)
    await sequencer.round()
    kept = (tmp_path / "checkpoint").read_text()
    async with world.database.write() as session:  # as if an older copy had been put back
        row = (await session.scalars(select(TreeRow))).one()
        await session.execute(
            update(TreeRow).values(size=1, root=leaf_hash(b"older"), term=row.term)
        )
    with pytest.raises(Refusal) as refused:
        await _sequencer(world, tmp_path).check()
    assert refused.value.code == "ledger.rolled_back"
    with pytest.raises(Refusal):
        await _sequencer(world, tmp_path).round()
    assert (tmp_path / "checkpoint").read_text() == kept
    world_2 = LedgerWorld(world.database, tmp_path / "two")
    from ledger.book import Ledger

    follower = Ledger(world.database, world_2.keyring, world.clock, f"{ORIGIN}-2")
    later = follower.sequencer(tmp_path / "checkpoint", AlwaysHeld())
    await later.check()
    await later.round()
    async with world.database.read() as session:
        link = await follower.tree.proof_of_other(session, f"link/{ORIGIN}")
    assert link is not None
    name, size, hashed = read_entry(link.entry)
    old = Note.parse(kept)
    assert (name, size) == (f"link/{ORIGIN}", Checkpoint.parse(old.text).size)
    from hashlib import sha256

    assert hashed == sha256(old.text.encode()).digest()
    assert link.proof.index == 0
    newest = Note.parse((tmp_path / "checkpoint").read_text())
    assert Checkpoint.parse(newest.text).origin == f"{ORIGIN}-2"
    assert Beside(tmp_path / "checkpoint", world.ledger.log_key).kept(ORIGIN).read_text() == kept
    with pytest.raises(Refusal) as refused:  # the old origin again: held against its own last one
        await _sequencer(world, tmp_path).check()
    assert refused.value.code == "ledger.rolled_back"


async def test_who_looks_while_another_publishes_finds_no_rollback(
    world: LedgerWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await world.candidate("sitting_1")
    at_work, starting = _sequencer(world, tmp_path), _sequencer(world, tmp_path)
    await at_work.round()
    loop, load = asyncio.get_running_loop(), Beside.load

    async def publish() -> None:
        await one.save()
        await at_work.round()

    def slow(beside: Beside) -> object:
        monkeypatch.undo()
        apart = Context().run(asyncio.run_coroutine_threadsafe, publish(), loop)
        apart.result(30)
        return load(beside)

    monkeypatch.setattr(Beside, "load", slow)
    await starting.check()
    assert Beside.load is load


async def test_a_tree_that_was_changed_in_the_database_is_never_signed(
    world: LedgerWorld, tmp_path: Path
) -> None:
    sequencer = _sequencer(world, tmp_path)
    await _saved(world, sittings=1)
    await sequencer.round()
    async with world.database.write() as session:
        tile = (await session.scalars(select(TileRow).where(TileRow.level == 0))).one()
        tile.hashes = tile.hashes[32:64] + tile.hashes[32:]
    with pytest.raises(Refusal) as refused:
        await _sequencer(world, tmp_path).round()
    assert refused.value.code == "ledger.forked"


async def test_a_changed_checkpoint_file_is_refused(world: LedgerWorld, tmp_path: Path) -> None:
    sequencer = _sequencer(world, tmp_path)
    await _saved(world, sittings=1)
    await sequencer.round()
    path = tmp_path / "checkpoint"
    path.write_text(path.read_text().replace("\n\n", "\n\n", 1)[:-6] + "AAAA=\n")
    with pytest.raises(Refusal) as refused:
        await sequencer.check()
    assert refused.value.code == "ledger.checkpoint_unreadable"


async def test_what_was_integrated_and_not_signed_is_signed_by_the_next_in_office(
    world: LedgerWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the commit and the signature, at each of the steps in between."""
    for step in ("load", "store"):
        sequencer = _sequencer(world, tmp_path)
        one = await world.candidate(f"sitting_{step}")
        await one.save()
        if step == "load":
            await sequencer._take_office()
        with monkeypatch.context() as patch:

            def dies(*_: object) -> None:
                raise Killed

            patch.setattr(Beside, step, dies)
            with pytest.raises(Killed):
                await asyncio.wait_for(sequencer.round(), 5)
        await _sequencer(world, tmp_path).round()
        await _whole_tree(world)


async def test_rounds_beside_writers_cover_everything_in_order(
    world: LedgerWorld, tmp_path: Path
) -> None:
    sequencer, stop = _sequencer(world, tmp_path), asyncio.Event()
    running = asyncio.create_task(sequencer.run(stop, 0.01))
    people = [await world.candidate(f"sitting_{n}") for n in range(8)]

    async def write(number: int) -> None:
        for _ in range(20):
            await people[number].save(2)

    await asyncio.gather(*(write(number) for number in range(8)))
    stop.set()
    await running
    assert sequencer.trouble == ""
    await _whole_tree(world)
    async with world.database.read() as session:
        leaves = await session.execute(select(LeafRow.stream, LeafRow.seq).order_by(LeafRow.index))
        seen: dict[int, int] = {}
        for stream, seq in leaves:
            assert seq == seen.get(stream, 0) + 1
            seen[stream] = seq


async def test_one_lease_at_a_time(world: LedgerWorld, tmp_path: Path) -> None:
    first, second = (lease_of(world.database, "sequencer-test", tmp_path) for _ in range(2))
    assert await first.held()
    assert not await second.held()
    assert await first.held()
    await first.release()
    assert await second.held()
    await second.release()


def test_a_files_lease_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "it.lock"
    program = (
        "import asyncio, sys, pathlib; from kernel.lease import FileLease;"
        "print(asyncio.run(FileLease(pathlib.Path(sys.argv[1])).held()), flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "True"
        assert not asyncio.run(FileLease(path).held())
        other.kill()
        other.wait()
    assert asyncio.run(FileLease(path).held())


async def test_an_archive_carries_its_part_of_the_tree_and_is_verified_with_it(
    world: LedgerWorld, tmp_path: Path
) -> None:
    """Two sessions in one tree; each archive proves its own leaves."""
    sequencer = _sequencer(world, tmp_path)
    await world.open_session("session_2")
    for number in range(40):
        session_id = SESSION if number % 2 else "session_2"
        one = await world.candidate(f"sitting_{number}", session_id)
        await one.save(7)
        await world.hand_in(one)
        if number % 5 == 0:
            await sequencer.round()
    await world.seal([(f"sitting_{n}", "submitted") for n in range(1, 40, 2)])
    async with world.database.read() as session:
        assert not await is_covered(session, world.ledger.tree, SESSION)
        assert await tree_part(session, world.ledger.tree, SESSION) == {}
    await sequencer.round()
    async with world.database.read() as session:
        assert await is_covered(session, world.ledger.tree, SESSION)
    archive, keys = await world.export(tmp_path / "out")
    report = verify(archive, keys)
    assert report.good, report.words()
    assert report.tree_size > 300
    leaves = archive / "3-process/ledger/tree/leaves.bin"
    part = TreePart.from_bytes(leaves.read_bytes())
    assert {"seal/session_1", "sitting/sitting_1"} <= set(part.streams)
    assert "sitting/sitting_0" not in part.streams


async def test_an_archive_waits_for_every_record_of_its_session_and_not_only_for_the_seal(
    world: LedgerWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long pause one round does not take all that waits; the seal is taken first."""
    monkeypatch.setattr(growing, "LEAVES_LIMIT", 10)
    for number in range(3):
        one = await world.candidate(f"sitting_{number}")
        await one.save(9)
        await world.hand_in(one)
    await world.seal([(f"sitting_{n}", "submitted") for n in range(3)])
    sequencer, rounds = _sequencer(world, tmp_path), 0
    async with world.database.read() as session:
        last = await session.scalar(select(func.count()).select_from(RecordRow)) or 0
    size = 0
    while size < last + 1:
        await sequencer.round()
        rounds += 1
        async with world.database.read() as session:
            head = await world.ledger.tree.newest(session)
            assert head is not None
            size = head.size
            whole = size == last + 1
            assert await is_covered(session, world.ledger.tree, SESSION) == whole
            assert bool(await tree_part(session, world.ledger.tree, SESSION)) == whole
    assert rounds > 2
    archive, keys = await world.export(tmp_path / "out")
    report = verify(archive, keys)
    assert report.good, report.words()
    assert report.tree_size == last + 1

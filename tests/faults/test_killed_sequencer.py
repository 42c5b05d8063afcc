"""kill -9 of the sequencer before any line of its code; two sequencers at once: never two heads."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from kernel.db import Database
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.holding import fetch_tiles
from ledger.tree.merkle import consistency_holds, consistency_path, tree_root
from ledger.tree.note import Note
from ledger.tree.sequencer import Sequencer
from ledger.tree.tables import CheckpointRow
from ledger.tree.tiles import reader, tiles_of
from migrations.run import upgrade
from setup.places import ROOT
from tests.databases import Databases
from tests.faults.conftest import Sized
from tests.integration.ledger.test_tree import AlwaysHeld, _whole_tree
from tests.integration.ledger.world import Candidate, LedgerWorld

FIRST_LINES, ENOUGH_LINES = 1, 2_000


class Heads:
    """Every head that was ever signed, wherever it could be seen; two of one size fail."""

    def __init__(self, world: LedgerWorld, file: Path) -> None:
        self._world = world
        self._file = file
        self.roots: dict[int, bytes] = {}

    async def look(self) -> None:
        async with self._world.database.read() as session:
            notes = list(
                await session.scalars(select(CheckpointRow.note).where(CheckpointRow.note != ""))
            )
        if self._file.exists():
            notes.append(self._file.read_text())
        for text in notes:
            note = Note.parse(text)
            assert note.signed_by(self._world.ledger.log_key)
            head = Checkpoint.parse(note.text)
            assert self.roots.setdefault(head.size, head.root) == head.root, "two heads"

    async def all_in_one_tree(self, last: Checkpoint) -> None:
        """Each head is the beginning of the next, out of the tiles as they lie there at last."""
        assert last.size == max(self.roots)
        async with self._world.database.read() as session:
            places = [(level, number) for level, number, _ in tiles_of(last.size)]
            read = reader(await fetch_tiles(session, 1, places))
        for old, new in pairwise(sorted(self.roots.items())):
            assert consistency_holds(old, new, consistency_path(read, old[0], new[0]))
        for size, root in self.roots.items():
            assert tree_root(read, size) == root


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, databases: Databases, folder: Path) -> str:
    return databases.fresh(request.param, folder, upgrade)


@asynccontextmanager
async def _world(url: str, folder: Path) -> AsyncIterator[LedgerWorld]:
    database = Database.open(url)
    made = LedgerWorld(database, folder)
    await made.open_session()
    made.ledger.start()
    try:
        yield made
    finally:
        await made.ledger.stop()
        await database.close()


@contextmanager
def _killable(url: str, folder: Path) -> Iterator[Callable[[int], str]]:
    """Runs a sequencer that ends before its *n*-th line; says ``killed`` or ``done``."""
    words = [sys.executable, "-m", "tests.faults.sequencer_process", url, str(folder)]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        inlet, outlet = process.stdin, process.stdout

        def run(lines: int) -> str:
            inlet.write(f"{lines}\n")
            inlet.flush()
            return outlet.readline().strip()

        try:
            yield run
        finally:
            inlet.close()


@pytest.mark.timeout(900)
async def test_killed_before_any_line_the_next_sequencer_goes_on_with_the_same_tree(
    url: str, folder: Path, sized: Sized, chance: Random
) -> None:
    """Every line in the full run, every eleventh from a seeded one in CI."""
    stride = sized(11, 1)
    async with _world(url, folder) as world:
        heads, one = Heads(world, folder / "checkpoint"), await world.candidate("sitting_1")
        with _killable(url, folder) as run:
            said, killed, lines = "killed", 0, chance.randint(FIRST_LINES, stride)
            while said == "killed":
                await one.save()
                said = await asyncio.to_thread(run, lines)
                assert said in ("killed", "done")
                await heads.look()
                assert await asyncio.to_thread(run, ENOUGH_LINES) == "done"  # the next in office
                await heads.look()
                killed, lines = killed + (said == "killed"), lines + stride
                assert lines < ENOUGH_LINES
            assert killed * stride > 100, "a round of so few lines was not looked into"
            assert len(heads.roots) > killed, "the next in office did not sign what was left"
        last = await _whole_tree(world)
        await heads.look()
        await heads.all_in_one_tree(last)
        print(f"killed before {killed} lines, {len(heads.roots)} heads signed")  # noqa: T201


class Restless:
    """The database, where every session begins and ends a little later than it might."""

    def __init__(self, database: Database, chance: Random) -> None:
        self._database = database
        self._chance = chance

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Any]:
        async with self._delayed(self._database.read) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Any]:
        async with self._delayed(self._database.write) as session:
            yield session

    @asynccontextmanager
    async def _delayed(self, begin: Callable[[], Any]) -> AsyncIterator[Any]:
        await asyncio.sleep(self._chance.choice((0, 0, 0.001, 0.01)))
        async with begin() as session:
            yield session
        await asyncio.sleep(self._chance.choice((0, 0, 0.001, 0.01)))


@pytest.mark.timeout(900)
async def test_two_sequencers_that_both_believe_they_lead_never_sign_two_heads(
    url: str, folder: Path, sized: Sized, chance: Random
) -> None:
    """Both at once over one store and one file, at seeded paces, while records come."""
    async with _world(url, folder) as world:
        heads = Heads(world, folder / "checkpoint")
        people = [await world.candidate(f"sitting_{number}") for number in range(3)]
        both = [_sequencer(world, folder, Random(chance.random())) for _ in range(2)]
        deposed: set[str] = set()
        for _ in range(sized(12, 200)):
            async with asyncio.TaskGroup() as group:
                for one in people:
                    group.create_task(_saves(one))
                for sequencer in both:
                    group.create_task(_rounds(sequencer, deposed))
            await heads.look()
        assert deposed == {"Deposed"}, "they were never in each other's way, or something failed"
        await _rounds(both[0], deposed)  # alone: everything is covered though nothing new comes
        assert both[0].trouble == ""
        await heads.look()
        await heads.all_in_one_tree(await _whole_tree(world))


def _sequencer(world: LedgerWorld, folder: Path, chance: Random) -> Sequencer:
    made = world.another().sequencer(folder / "checkpoint", AlwaysHeld())
    made._db = Restless(world.database, chance)  # type: ignore[assignment]
    return made


async def _saves(one: Candidate) -> None:
    for _ in range(4):
        await one.save()


async def _rounds(sequencer: Sequencer, deposed: set[str]) -> None:
    for _ in range(3):
        await sequencer._one_round()
        deposed |= {sequencer.trouble} - {""}

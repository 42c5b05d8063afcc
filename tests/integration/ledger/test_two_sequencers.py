"""Two sequencers over one log in any order, dying at any step: one history, and all of it signed.

A state machine on SQLite: candidates save, either sequencer does a round or is killed within one
and started anew. Whatever was given out once is the beginning of everything given out later.
"""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from kernel.db import Database
from ledger.tree.beside import Beside
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.merkle import tree_root
from ledger.tree.note import Note
from ledger.tree.sequencer import Deposed, Sequencer
from ledger.tree.tiles import reader, tiles_of
from migrations.run import upgrade
from tests.integration.ledger.test_tree import AlwaysHeld, Killed, _whole_tree
from tests.integration.ledger.world import Candidate, LedgerWorld

WHICH, CALLS = st.integers(0, 1), st.integers(1, 3)
STEPS = st.sampled_from(["load", "store", "after store"])


class TwoSequencers(RuleBasedStateMachine):
    """``template`` is a database with its tables."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self._path = Path(self._folder.name)
        self._runner = asyncio.Runner()
        self._runner.run(self._begin())
        self._two = [self._fresh(), self._fresh()]
        self._outside: list[Checkpoint] = []
        self._given: list[Checkpoint] = []

    async def _begin(self) -> None:
        file = self._path / "log.db"
        await asyncio.to_thread(shutil.copyfile, self.template, file)
        self._database = Database.open(f"sqlite+aiosqlite:///{file}")
        self._world = LedgerWorld(self._database, self._path)
        await self._world.open_session()
        self._world.ledger.start()
        self._person: Candidate = await self._world.candidate("sitting_1")

    def _fresh(self) -> Sequencer:
        return self._world.another().sequencer(self._path / "checkpoint", AlwaysHeld())

    @rule(count=st.integers(1, 3))
    def saves(self, count: int) -> None:
        self._runner.run(self._person.save(count))

    @rule(which=WHICH)
    def does_a_round(self, which: int) -> None:
        try:
            self._runner.run(self._two[which].round())
        except Deposed:
            self._two[which] = self._fresh()

    @rule(which=WHICH, step=STEPS, calls=CALLS)
    def is_killed_within_a_round(self, which: int, step: str, calls: int) -> None:
        name = step.rpartition(" ")[2]
        with patch.object(Beside, name, _dying(getattr(Beside, name), calls, late=name != step)):
            try:
                self._runner.run(_within(self._two[which]))
            except (Killed, Deposed):
                self._two[which] = self._fresh()

    @invariant()
    def what_was_given_out_stays(self) -> None:
        self._runner.run(self._look())

    async def _look(self) -> None:
        held = Beside(self._path / "checkpoint", self._world.ledger.log_key).load()
        async with self._database.read() as session:
            newest = await self._world.ledger.tree.newest(session)
        if held is not None:
            self._outside.append(self._signed(held.note))
        if newest is not None:
            self._given.append(self._signed(Note.parse(newest.note)))
            assert held is not None, "given out before it was outside"
            assert newest.size <= held.checkpoint.size, "given out before it was outside"

    def _signed(self, note: Note) -> Checkpoint:
        assert note.signed_by(self._world.ledger.tree.key)
        return Checkpoint.parse(note.text)

    def teardown(self) -> None:
        self._runner.run(self._end())
        self._runner.close()
        self._folder.cleanup()

    async def _end(self) -> None:
        try:
            await self._fresh().round()
            last = await _whole_tree(self._world)
            async with self._database.read() as session:
                tiles = {
                    (level, number): await self._world.ledger.tree.tile(
                        session, level, number, width
                    )
                    for level, number, width in tiles_of(last.size)
                }
            read = reader(lambda level, number: tiles[level, number] or b"")
            for heads in (self._outside, self._given):
                sizes = [one.size for one in heads]
                assert sizes == sorted(sizes), "a head went back"
                for one in heads:
                    assert one.size <= last.size
                    assert tree_root(read, one.size) == one.root
        finally:
            await self._world.ledger.stop()
            await self._database.close()


def _dying(whole: Callable[..., object], calls: int, *, late: bool) -> Callable[..., object]:
    """Kills at that call, before its work or after it."""
    left = calls

    def done(*given: object) -> object:
        nonlocal left
        left -= 1
        if left == 0:
            if late:
                whole(*given)
            raise Killed
        return whole(*given)

    return done


async def _within(sequencer: Sequencer) -> None:
    await asyncio.wait_for(sequencer.round(), 20)


@pytest.mark.timeout(300)
def test_two_sequencers_that_die_at_any_step_write_one_history(tmp_path: Path) -> None:
    template = tmp_path / "template.db"
    upgrade(f"sqlite+aiosqlite:///{template}")
    machine = type("Machine", (TwoSequencers,), {"template": template})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Destroying a session's keys: k of n, holds, the order first; unreadable after, still verified."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from kernel.codec import canonical_json
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Refusal
from ledger.erasure import Destroying, Erasure, Hold, Orders, State, read_statement, withdraw
from ledger.erasure.traces import found_in
from ledger.tables import KeyRow
from ledger.verify import verify
from tests.integration.ledger.world import SESSION, LedgerWorld

THREE = ("chief", "supervisor", "officer_2")


class NoOwner:
    """Another owner of keys, in no table: how often it was asked."""

    name = "pictures"
    tables: Sequence[str] = ()

    def __init__(self) -> None:
        self.destroyed: list[str] = []
        self.begun = asyncio.Event()
        self.takes_s = 0.0

    async def wrapped_keys(self, _session: ReadSession, _session_id: str, /) -> Sequence[bytes]:
        return []

    async def destroy(self, _tx: WriteSession, session_id: str) -> None:
        self.begun.set()
        await asyncio.sleep(self.takes_s)
        self.destroyed.append(session_id)


class Registry:
    """Orders and destruction over a world."""

    def __init__(self, world: LedgerWorld, *, covered: bool = True) -> None:
        self.world = world
        self.covered = covered
        self.owner = NoOwner()
        self.orders = Orders(world.ledger, world.clock, needed=2, approvers=3)
        self.destroying = Destroying(
            world.database, world.ledger, world.clock, self.orders, owners=[self.owner],
            covered=self._is_covered, database_file=world.database.sqlite_file,
        )  # fmt: skip

    async def _is_covered(self, _stream: str, _seq: int) -> bool:
        return self.covered

    async def order(
        self,
        by: str = "officer",
        approvers: Sequence[str] = THREE,
        *,
        commits_after_s: float = 0.0,
    ) -> str:
        async with self.world.database.write() as tx:
            made = await self.orders.order(
                tx, SESSION, reason="保存期满", by=by, approvers=approvers
            )
            await asyncio.sleep(commits_after_s)
        return made.erasure_id

    async def hold(
        self,
        by: str = "supervisor",
        session_id: str = SESSION,
        *,
        commits_after_s: float = 0.0,
    ) -> Hold:
        async with self.world.database.write() as tx:
            made = await self.orders.hold(tx, session_id, reason="法院冻结", by=by)
            await asyncio.sleep(commits_after_s)
        return made

    async def lift(self, hold: Hold, by: str) -> None:
        async with self.world.database.write() as tx:
            await self.orders.lift(tx, hold.hold_id, reason="不需要了", by=by)

    async def withdraw(self, erasure_id: str, by: str = "officer") -> State:
        world = self.world
        async with world.database.write() as tx:
            made = await withdraw(
                tx, world.ledger, world.clock, erasure_id, reason="批准人写错", by=by
            )
        return made.state

    async def approved(self) -> str:
        erasure_id = await self.order()
        for by in ("chief", "supervisor"):
            await self.agree(erasure_id, by)
        return erasure_id

    async def agree(self, erasure_id: str, by: str) -> State:
        async with self.world.database.write() as tx:
            return (await self.orders.agree(tx, erasure_id, by=by)).state


@pytest.fixture
async def sealed(world: LedgerWorld) -> LedgerWorld:
    for number in range(3):
        one = await world.candidate(f"sitting_{number}")
        await one.save(3)
        await world.hand_in(one)
    await world.seal([(f"sitting_{n}", "submitted") for n in range(3)])
    return world


async def kinds(world: LedgerWorld) -> list[str]:
    """Of the records of the destruction's stream."""
    async with world.database.read() as session:
        return [one.kind for one in await world.ledger.read(session, f"destruction/{SESSION}")]


async def _wrapped(database: Database) -> list[bytes]:
    async with database.read() as session:
        return list(await session.scalars(select(KeyRow.wrapped)))


async def test_two_of_three_destroy_what_nobody_reads_again_and_the_chain_verifies(
    sealed: LedgerWorld, tmp_path: Path
) -> None:
    registry = Registry(sealed)
    archive, keys = await sealed.export(tmp_path / "before")
    before = await _wrapped(sealed.database)
    erasure_id = await registry.order()
    with pytest.raises(Refusal, match="erasure.not_approved"):
        await registry.destroying.run(erasure_id)
    assert await registry.agree(erasure_id, "chief") is State.ORDERED
    assert await registry.agree(erasure_id, "supervisor") is State.APPROVED
    done = await registry.destroying.run(erasure_id)
    assert done.state is State.ERASED
    assert registry.owner.destroyed == [SESSION]
    async with sealed.database.read() as session:
        with pytest.raises(Refusal) as refused:
            await sealed.ledger.read(session, "sitting/sitting_1")
        assert refused.value.code == "ledger.key_missing"
    after = await _wrapped(sealed.database)
    gone = set(before) - set(after)
    assert len(gone) == 5  # the session's key, its stream's, three sittings'
    file = sealed.database.sqlite_file
    if file is not None:
        held = [file.with_name(file.name + end) for end in ("", "-wal", "-shm")]
        assert found_in(held, sorted(gone)) == set()
    assert verify(archive).good
    assert verify(archive, keys).good  # an old key file still opens an old archive: keep neither
    again, no_keys = await sealed.export(tmp_path / "after")
    assert json.loads(no_keys.read_bytes())["keys"] == {}
    report = verify(again)
    assert report.good
    assert report.streams == 7


async def test_the_destruction_record_says_who_when_what_and_is_signed(sealed: LedgerWorld) -> None:
    registry = Registry(sealed)
    erasure_id = await registry.order()
    with pytest.raises(Refusal, match="erasure.not_erased"):
        await registry.destroying.statement(erasure_id)
    for by in ("chief", "officer_2"):
        await registry.agree(erasure_id, by)
    await registry.destroying.run(erasure_id)
    written = (await registry.destroying.statement(erasure_id)).to_bytes()
    facts = read_statement(written).facts
    assert sorted(facts["agreed"]) == ["chief", "officer_2"]
    assert facts["keys"] == {"ledger": 5, "pictures": 0}
    assert facts["files"]["traces"] == 0
    assert facts["order"]["stream"] == f"destruction/{SESSION}"
    changed = json.loads(written)
    changed["facts"]["agreed"]["supervisor"] = 1
    with pytest.raises(Refusal, match="erasure.statement"):
        read_statement(canonical_json(changed))
    assert await kinds(sealed) == ["destruction_opened", "keys_erased_ordered", "keys_erased"]


async def test_a_hold_stops_every_step_until_it_is_lifted(sealed: LedgerWorld) -> None:
    registry = Registry(sealed)
    erasure_id = await registry.order()
    async with sealed.database.write() as tx:
        hold = await registry.orders.hold(tx, SESSION, reason="复核诉讼", by="supervisor")
    with pytest.raises(Refusal, match="erasure.held"):
        await registry.agree(erasure_id, "chief")
    async with sealed.database.write() as tx:
        await registry.orders.lift(tx, hold.hold_id, reason="诉讼结束", by="supervisor")
    for by in ("chief", "supervisor"):
        await registry.agree(erasure_id, by)
    async with sealed.database.write() as tx:
        await registry.orders.hold(tx, SESSION, reason="再次保全", by="officer")
    with pytest.raises(Refusal, match="erasure.held"):
        await registry.destroying.run(erasure_id)
    assert len(await _wrapped(sealed.database)) > 5


async def test_a_hold_that_comes_while_keys_are_destroyed_is_refused(sealed: LedgerWorld) -> None:
    registry = Registry(sealed)
    erasure_id = await registry.approved()
    registry.owner.takes_s = 0.5

    async def hold() -> Hold:
        await registry.owner.begun.wait()
        return await registry.hold()

    run = registry.destroying.run(erasure_id)
    done, refused = await asyncio.gather(run, hold(), return_exceptions=True)
    assert isinstance(done, Erasure)
    assert done.state is State.ERASED
    assert isinstance(refused, Refusal)
    assert refused.code == "erasure.erased"
    async with sealed.database.read() as session:
        assert await registry.orders.holds(session, SESSION) == []


async def test_a_hold_about_to_be_committed_stops_the_destruction(sealed: LedgerWorld) -> None:
    registry = Registry(sealed)
    erasure_id = await registry.approved()
    holding = asyncio.create_task(registry.hold(commits_after_s=0.5))
    await asyncio.sleep(0.2)
    with pytest.raises(Refusal, match="erasure.held"):
        await registry.destroying.run(erasure_id)
    await holding
    assert registry.owner.destroyed == []


async def test_first_holds_of_several_sessions_at_once_are_all_placed(sealed: LedgerWorld) -> None:
    registry = Registry(sealed)
    sessions = [SESSION, "session_2", "session_3"]
    for session_id in sessions[1:]:
        await sealed.open_session(session_id)
    holds = [registry.hold(session_id=one, commits_after_s=0.3) for one in (*sessions, SESSION)]
    made = await asyncio.gather(*holds, return_exceptions=True)
    assert [type(one) for one in made] == [Hold] * 4
    # Whoever had made another common key, and lost it, writes under the one that stands.
    for hold in made:
        assert isinstance(hold, Hold)
        await registry.lift(hold, "supervisor")
    assert await kinds(sealed) == ["destruction_opened", *["hold_placed"] * 2, *["hold_lifted"] * 2]


async def test_who_lifts_the_hold_of_another_neither_orders_nor_agrees(sealed: LedgerWorld) -> None:
    registry = Registry(sealed)
    await registry.lift(await registry.hold(), "officer")
    with pytest.raises(Refusal, match=r"erasure\.lifted_hold"):
        await registry.order()
    with pytest.raises(Refusal, match=r"erasure\.lifted_hold"):
        await registry.order("officer_3", ("officer", "chief", "supervisor"))
    erasure_id = await registry.order("officer_3")
    await registry.lift(await registry.hold(), "chief")
    with pytest.raises(Refusal, match=r"erasure\.lifted_hold"):
        await registry.agree(erasure_id, "chief")
    for by in ("supervisor", "officer_2"):
        await registry.agree(erasure_id, by)
    hold = await registry.hold()
    for by in ("officer_3", "officer_2"):
        with pytest.raises(Refusal, match=r"erasure\.lifts_own_order"):
            await registry.lift(hold, by)
    with pytest.raises(Refusal, match=r"erasure\.held"):
        await registry.destroying.run(erasure_id)
    await registry.lift(hold, "supervisor")  # who agreed may still take back a hold of her own
    assert (await registry.destroying.run(erasure_id)).state is State.ERASED


async def test_an_order_is_withdrawn_on_record_and_another_follows_it(
    sealed: LedgerWorld,
) -> None:
    registry = Registry(sealed)
    first = await registry.order(approvers=("nobody_1", "nobody_2", "nobody_3"))
    assert await registry.withdraw(first, "officer_2") is State.WITHDRAWN
    for again in (registry.withdraw(first), registry.agree(first, "nobody_1")):
        with pytest.raises(Refusal, match=r"erasure\.withdrawn"):
            await again
    with pytest.raises(Refusal, match=r"erasure\.withdrawn"):
        await registry.destroying.run(first)
    second = await registry.approved()
    async with sealed.database.read() as session:
        standing = await registry.orders.of_session(session, SESSION)
    assert standing is not None
    assert (standing.erasure_id, standing.state) == (second, State.APPROVED)
    assert await registry.withdraw(second) is State.WITHDRAWN
    third = await registry.approved()
    assert (await registry.destroying.run(third)).state is State.ERASED
    withdrawn = ["order_withdrawn"] * 2
    destroyed = ["keys_erased_ordered", "keys_erased"]
    assert await kinds(sealed) == ["destruction_opened", *withdrawn, *destroyed]
    facts = (await registry.destroying.statement(third)).facts
    assert facts["erasure_id"] == third


async def test_what_stands_in_the_log_as_ordered_is_not_withdrawn(sealed: LedgerWorld) -> None:
    registry = Registry(sealed, covered=False)
    erasure_id = await registry.approved()
    with pytest.raises(Refusal, match=r"erasure\.not_covered"):
        await registry.destroying.run(erasure_id)
    with pytest.raises(Refusal, match=r"erasure\.begun"):
        await registry.withdraw(erasure_id)
    await registry.hold()
    registry.covered = True
    with pytest.raises(Refusal, match=r"erasure\.held"):
        await registry.destroying.run(erasure_id)


async def test_of_three_orders_at_once_one_stands(sealed: LedgerWorld) -> None:
    registry = Registry(sealed)
    orders = [registry.order(commits_after_s=0.3) for _ in range(3)]
    made = await asyncio.gather(*orders, return_exceptions=True)
    refused = [one.code for one in made if isinstance(one, Refusal)]
    assert refused == ["erasure.ordered"] * 2
    assert sum(isinstance(one, str) for one in made) == 1


@pytest.mark.parametrize(
    "approvers",
    [("chief", "supervisor"), ("chief", "chief", "supervisor"), ("officer", *THREE[:2])],
)
async def test_an_order_names_as_many_others_as_the_policy_wants(
    sealed: LedgerWorld, approvers: Sequence[str]
) -> None:
    with pytest.raises(Refusal, match="erasure.approvers"):
        await Registry(sealed).order(approvers=approvers)


async def test_strangers_and_repeats_do_not_count(sealed: LedgerWorld) -> None:
    registry = Registry(sealed)
    erasure_id = await registry.order()
    await registry.agree(erasure_id, "chief")
    for by, code in (("chief", "erasure.agreed"), ("officer", "erasure.not_approver")):
        with pytest.raises(Refusal, match=code):
            await registry.agree(erasure_id, by)
    with pytest.raises(Refusal, match="erasure.ordered"):
        await registry.order()


async def test_nothing_goes_before_the_order_is_covered_and_a_second_run_ends_it(
    sealed: LedgerWorld,
) -> None:
    registry = Registry(sealed, covered=False)
    before = set(await _wrapped(sealed.database))
    erasure_id = await registry.order()
    for by in ("chief", "supervisor"):
        await registry.agree(erasure_id, by)
    with pytest.raises(Refusal, match="erasure.not_covered"):
        await registry.destroying.run(erasure_id)
    assert before <= set(await _wrapped(sealed.database))
    registry.covered = True
    assert (await registry.destroying.run(erasure_id)).state is State.ERASED
    assert (await registry.destroying.run(erasure_id)).state is State.ERASED
    with pytest.raises(Refusal, match="erasure.erased"):
        await registry.order()


async def test_two_runs_at_once_do_not_lose_what_the_search_of_the_files_found(
    sealed: LedgerWorld,
) -> None:
    registry = Registry(sealed)
    erasure_id = await registry.approved()
    runs = [registry.destroying.run(erasure_id) for _ in range(3)]
    assert {one.state for one in await asyncio.gather(*runs)} == {State.ERASED}
    first = await registry.destroying.statement(erasure_id)
    assert first.facts["files"]["looked"] == sealed.database.is_sqlite
    await registry.destroying.run(erasure_id)
    assert (await registry.destroying.statement(erasure_id)).facts == first.facts


async def test_only_a_sealed_session_is_ordered(world: LedgerWorld) -> None:
    with pytest.raises(Refusal, match="ledger.not_sealed"):
        await Registry(world).order()


async def test_another_process_forgets_the_keys_too(sealed: LedgerWorld) -> None:
    other = sealed.another()
    async with sealed.database.read() as session:
        assert await other.read(session, "sitting/sitting_0")
    registry = Registry(sealed)
    erasure_id = await registry.order()
    for by in ("chief", "supervisor"):
        await registry.agree(erasure_id, by)
    await registry.destroying.run(erasure_id)
    async with sealed.database.read() as session:
        await other.keys.forget_erased(session)
        with pytest.raises(Refusal, match="ledger.key_missing"):
            await other.read(session, "sitting/sitting_0")

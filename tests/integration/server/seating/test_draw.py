"""The draw on both databases: from the freeze to a proof that anyone can recompute."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable

import msgspec
import pytest

from kernel.crypto import chance
from kernel.errors import Refusal
from server.registration.service import candidates_of
from server.seating.rules import commitment, verify_proof
from server.seating.service import seat_of
from tests.integration.server.world import (
    STARTS_IN_S,
    Arranged,
    World,
    draw_lots,
    portraits_of,
    prepared,
    roster_of,
)

TWO_ROOMS = ((2, 3), (2, 2))
VALUES = {"chief": hashlib.sha256(b"c").digest(), "officer": hashlib.sha256(b"o").digest()}


async def code_of(awaited: Awaitable[object]) -> str:
    with pytest.raises(Refusal) as refused:
        await awaited
    return refused.value.code


async def committed(made: Arranged) -> None:
    seating = made.world.seating
    view = await seating.freeze(made.officer, made.session_id)
    for party, who in (("chief", made.chief), ("officer", made.officer)):
        kept = commitment(view.draw_id, party, VALUES[party]).hex()
        view = await seating.take_commitment(who, made.session_id, party, kept)
    assert view.state == "committed"


async def test_everybody_gets_one_seat_and_the_proof_recomputes(world: World) -> None:
    made = await prepared(world, people=9, grids=TWO_ROOMS)
    await draw_lots(made)
    async with world.database.read() as session:
        people = await candidates_of(session, made.session_id)
        seats = [await seat_of(session, one.sitting_id) for one in people]
    assert len({seat.seat_id for seat in seats}) == 9
    assert {seat.form_code for seat in seats} == {"A", "B"}
    view = await world.sessions.one(made.officer, made.session_id)
    assert view.row.state == "arranged"
    world.clock.advance(seconds=STARTS_IN_S + 1_800)
    proof = await world.seating.proof(made.chief, made.session_id)
    published = json.loads(msgspec.json.encode(proof))
    assert verify_proof(published) == []
    by_sitting = {one.sitting_id: one for one in proof.placements}
    for person, seat in zip(people, seats, strict=True):
        shown = by_sitting[person.sitting_id]
        assert (shown.seat_id, shown.form_code) == (seat.seat_id, seat.form_code)
    assert view.row.roster_root == proof.roster_root
    assert [kind for kind in await world.acts(made.session_id) if kind.startswith("draw")] == [
        "draw_frozen", "draw_committed", "draw_committed", "draw_revealed", "draw_revealed",
        "draw_completed",
    ]  # fmt: skip


async def test_nobody_sees_seed_or_proof_before_the_doors_are_shut(world: World) -> None:
    made = await prepared(world, people=4, grids=TWO_ROOMS)
    await draw_lots(made)
    world.clock.advance(seconds=STARTS_IN_S + 1_799)
    assert (await world.seating.draw(made.chief, made.session_id)).proof is None
    sealed = world.seating.proof(made.chief, made.session_id)
    assert await code_of(sealed) == "draw.proof_sealed"
    world.clock.advance(seconds=1)
    assert (await world.seating.draw(made.chief, made.session_id)).proof is not None


async def test_spare_seats_stay_free(world: World) -> None:
    made = await prepared(world, people=9, grids=((2, 5),), spares=True)
    await draw_lots(made)
    world.clock.advance(seconds=STARTS_IN_S + 1_800)
    proof = await world.seating.proof(made.chief, made.session_id)
    assert sorted(one.seat_no for one in proof.placements) == [f"{n:02d}" for n in range(1, 10)]


async def test_too_few_seats_are_refused_with_the_numbers(world: World) -> None:
    made = await prepared(world, people=7, grids=((2, 3),))
    with pytest.raises(Refusal) as refused:
        await world.seating.freeze(made.officer, made.session_id)
    assert refused.value.params == {"candidates": 7, "seats": 6, "missing": 1}
    view = await world.sessions.one(made.officer, made.session_id)
    assert view.row.roster_frozen_at_ms is None


async def test_no_reveal_before_all_have_committed(world: World) -> None:
    made = await prepared(world, people=4, grids=TWO_ROOMS)
    seating, session_id = world.seating, made.session_id
    view = await seating.freeze(made.officer, session_id)
    kept = commitment(view.draw_id, "chief", VALUES["chief"]).hex()
    await seating.take_commitment(made.chief, session_id, "chief", kept)
    early = seating.reveal(made.chief, session_id, "chief", VALUES["chief"].hex())
    assert await code_of(early) == "draw.wrong_state"
    assert await code_of(seating.take_commitment(made.chief, session_id, "chief", kept)) == (
        "draw.already_committed"
    )


async def test_a_reveal_must_be_what_was_committed_by_who_committed(world: World) -> None:
    made = await prepared(world, people=4, grids=TWO_ROOMS)
    await committed(made)
    seating, session_id = world.seating, made.session_id
    other = chance.token_bytes(32).hex()
    asked = seating.reveal(made.chief, session_id, "chief", other)
    assert await code_of(asked) == "draw.reveal_differs"
    asked = seating.reveal(made.officer, session_id, "chief", VALUES["chief"].hex())
    assert await code_of(asked) == "access.role_missing"
    asked = seating.reveal(made.chief, session_id, "system", VALUES["chief"].hex())
    assert await code_of(asked) == "draw.party_unknown"
    await seating.reveal(made.chief, session_id, "chief", VALUES["chief"].hex())
    again = seating.reveal(made.chief, session_id, "chief", VALUES["chief"].hex())
    assert await code_of(again) == "draw.already_revealed"


async def test_a_missing_reveal_falls_back_to_what_was_fixed_before(world: World) -> None:
    made = await prepared(world, people=4, grids=TWO_ROOMS)
    await committed(made)
    seating, session_id = world.seating, made.session_id
    fixed = (await seating.draw(made.chief, session_id)).fallback_commitment
    await seating.reveal(made.chief, session_id, "chief", VALUES["chief"].hex())
    early = seating.fall_back(made.chief, session_id, "考务缺席")
    assert await code_of(early) == "draw.fallback_early"
    world.clock.advance(minutes=30)
    view = await seating.fall_back(made.chief, session_id, "考务缺席")
    assert view.state == "fallback"
    world.clock.advance(seconds=STARTS_IN_S)
    proof = await seating.proof(made.chief, session_id)
    assert proof.fallback.commitment == fixed
    assert [share.value is None for share in proof.parties] == [False, False, True]
    assert verify_proof(json.loads(msgspec.json.encode(proof))) == []
    late = seating.reveal(made.officer, session_id, "officer", VALUES["officer"].hex())
    assert await code_of(late) == "draw.wrong_state"


async def test_an_aborted_draw_stays_and_the_next_one_names_it(world: World) -> None:
    made = await prepared(world, people=4, grids=TWO_ROOMS)
    await committed(made)
    seating, session_id = world.seating, made.session_id
    assert await code_of(seating.abort(made.chief, session_id, " ")) == "draw.reason_missing"
    aborted = await seating.abort(made.chief, session_id, "名单有误")
    assert aborted.state == "aborted"
    await world.registration.importing.run(
        made.officer, session_id, roster=roster_of(1, first=50), portraits=None, dry_run=False,
        partial=False,
    )  # fmt: skip
    await draw_lots(made)
    world.clock.advance(seconds=STARTS_IN_S + 1_800)
    proof = await seating.proof(made.chief, session_id)
    assert proof.frozen.attempt == 2
    assert proof.frozen.previous is not None
    assert proof.frozen.previous.draw_id == aborted.draw_id
    assert "draw_aborted" in await world.acts(session_id)


async def test_a_complete_draw_can_be_neither_aborted_nor_repeated(world: World) -> None:
    made = await prepared(world, people=4, grids=TWO_ROOMS)
    await draw_lots(made)
    seating, session_id = world.seating, made.session_id
    assert await code_of(seating.abort(made.chief, session_id, "再来")) == "draw.wrong_state"
    assert await code_of(seating.freeze(made.officer, session_id)) == "sessions.wrong_state"


async def test_a_frozen_roster_takes_nobody_in(world: World) -> None:
    made = await prepared(world, people=4, grids=TWO_ROOMS)
    await world.seating.freeze(made.officer, made.session_id)
    asked = world.registration.importing.run(
        made.officer, made.session_id, roster=roster_of(1, first=50), portraits=portraits_of(1, 50),
        dry_run=False, partial=False,
    )  # fmt: skip
    assert await code_of(asked) == "sessions.roster_frozen"


async def test_freezing_twice_at_once_makes_one_draw(world: World) -> None:
    made = await prepared(world, people=4, grids=TWO_ROOMS)
    done = await asyncio.gather(
        *(world.seating.freeze(made.officer, made.session_id) for _ in range(2)),
        return_exceptions=True,
    )
    codes = [one.code for one in done if isinstance(one, Refusal)]
    assert codes == ["sessions.roster_frozen"]


async def test_without_a_draw_there_is_no_seat(world: World) -> None:
    made = await prepared(world, people=2, grids=TWO_ROOMS)
    async with world.database.read() as session:
        people = await candidates_of(session, made.session_id)
        assert await code_of(seat_of(session, people[0].sitting_id)) == "draw.no_seat"
    assert await code_of(world.seating.draw(made.chief, made.session_id)) == "draw.none"

"""server.seating.rules: the draw recomputes, and nothing in it can be changed unseen."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.crypto.digest import sha256
from kernel.errors import Refusal
from server.seating.rules import (
    CHIEF,
    FALLBACK,
    FORMAT,
    OFFICER,
    PARTIES,
    SYSTEM,
    DrawState,
    Entrant,
    Frozen,
    Previous,
    Proof,
    RoomPlan,
    Share,
    Spot,
    attempt_hash,
    check_frozen,
    commitment,
    place,
    roster_root,
    seed_of,
    verify_proof,
)

VECTOR = Path(__file__).parents[3] / "vectors" / "draw.json"


def room(name: str, rows: int, cols: int) -> RoomPlan:
    spots = tuple(
        Spot(f"{name}-{r}-{c}", f"{(r - 1) * cols + c:02d}", r, c, f"{name}-pc{r}{c}")
        for r in range(1, rows + 1)
        for c in range(1, cols + 1)
    )
    return RoomPlan(f"room_{name}", name, spots)


def frozen_of(
    people: int, rooms: tuple[RoomPlan, ...], forms: tuple[str, ...] = ("A", "B")
) -> Frozen:
    ids = sorted(sha256(str(n).encode()).hex()[:12] for n in range(people))
    return Frozen(
        draw_id="draw_1", session_id="sess_1", attempt=2, previous=Previous("draw_0", "ab" * 32),
        frozen_at_ms=1_000, reveal_by_ms=2_000,
        roster=tuple(Entrant(one, "cd" * 32 if n % 3 else None) for n, one in enumerate(ids)),
        rooms=rooms, forms=forms,
    )  # fmt: skip


def value_of(party: str, salt: int = 0) -> bytes:
    return sha256(f"{party}{salt}".encode())


def share(party: str, salt: int = 0, *, revealed: bool = True) -> Share:
    value = value_of(party, salt)
    kept = commitment("draw_1", party, value).hex()
    return Share(party, kept, value.hex() if revealed else None)


def proof_of(frozen: Frozen, salt: int = 0, missing: str = "") -> dict[str, Any]:
    parties = tuple(share(party, salt, revealed=party != missing) for party in PARTIES)
    fallback = share(FALLBACK, salt, revealed=bool(missing))
    seed = seed_of(frozen, parties, fallback)
    proof = Proof(
        format=FORMAT, frozen=frozen, roster_root=roster_root("sess_1", frozen.roster).hex(),
        parties=parties, fallback=fallback,
        outcome=DrawState.FALLBACK if missing else DrawState.REVEALED,
        seed=seed.hex(), placements=place(seed, frozen),
    )  # fmt: skip
    built: dict[str, Any] = json.loads(msgspec.json.encode(proof))
    return built


SMALL = frozen_of(7, (room("301", 2, 3), room("302", 2, 2)))


@st.composite
def draws(draw: st.DrawFn) -> tuple[Frozen, bytes]:
    rooms = tuple(
        room(f"{n}", draw(st.integers(1, 6)), draw(st.integers(1, 6)))
        for n in range(draw(st.integers(1, 3)))
    )
    seats = sum(len(one.seats) for one in rooms)
    forms = tuple("ABCD"[: draw(st.integers(2, 4))])
    people = draw(st.integers(1, seats))
    return frozen_of(people, rooms, forms), draw(st.binary(min_size=32, max_size=32))


@given(draws())
def test_each_candidate_has_exactly_one_seat_and_no_seat_has_two(
    drawn: tuple[Frozen, bytes],
) -> None:
    frozen, seed = drawn
    placed = place(seed, frozen)
    assert [one.sitting_id for one in placed] == [one.sitting_id for one in frozen.roster]
    assert len({one.seat_id for one in placed}) == len(placed)
    seats = {seat.seat_id: seat for each in frozen.rooms for seat in each.seats}
    for one in placed:
        seat = seats[one.seat_id]
        assert (one.seat_no, one.row, one.col, one.machine_code) == (
            seat.seat_no, seat.row, seat.col, seat.machine_code,
        )  # fmt: skip


@given(draws())
def test_neighbours_at_a_side_have_different_forms(drawn: tuple[Frozen, bytes]) -> None:
    frozen, seed = drawn
    forms = {(one.room_id, one.row, one.col): one.form_code for one in place(seed, frozen)}
    for (where, row, col), form in forms.items():
        assert forms.get((where, row + 1, col)) != form
        assert forms.get((where, row, col + 1)) != form
        if len(frozen.forms) == 4:
            assert forms.get((where, row + 1, col + 1)) != form
            assert forms.get((where, row + 1, col - 1)) != form


@given(draws(), st.randoms(use_true_random=False))
def test_a_seat_does_not_depend_on_the_order_of_arrival(
    drawn: tuple[Frozen, bytes], order: Any
) -> None:
    frozen, seed = drawn
    arriving = list(frozen.roster)
    order.shuffle(arriving)
    again = msgspec.structs.replace(
        frozen, roster=tuple(sorted(arriving, key=lambda one: one.sitting_id))
    )
    assert place(seed, again) == place(seed, frozen)


@settings(max_examples=30)
@given(draws(), st.sampled_from(["", SYSTEM, CHIEF, OFFICER]), st.integers(0, 9))
def test_every_honest_draw_recomputes(drawn: tuple[Frozen, bytes], missing: str, salt: int) -> None:
    assert verify_proof(proof_of(drawn[0], salt, missing)) == []


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, (*at, key))
    elif isinstance(value, list):
        for key, inner in enumerate(value):
            yield from _places(inner, (*at, key))
    else:
        yield at


def _changed(data: dict[str, Any], at: tuple[Any, ...], by: int) -> dict[str, Any]:
    other = copy.deepcopy(data)
    inner: Any = other
    for key in at[:-1]:
        inner = inner[key]
    old = inner[at[-1]]
    if old is None:
        inner[at[-1]] = "00" * 32
    elif isinstance(old, int):
        inner[at[-1]] = old + 1 + by
    else:
        spot = by % len(old)
        swapped = "0" if old[spot] != "0" else "1"
        inner[at[-1]] = old[:spot] + swapped + old[spot + 1 :]
    return other


@pytest.mark.parametrize("missing", ["", CHIEF])
@pytest.mark.parametrize("by", [0, 3, 17])
def test_a_change_anywhere_in_a_published_draw_is_found(missing: str, by: int) -> None:
    good = proof_of(SMALL, 0, missing)
    assert verify_proof(good) == []
    places = list(_places(good))
    assert len(places) > 100
    unseen = [at for at in places if verify_proof(_changed(good, at, by)) == []]
    assert unseen == []


@pytest.mark.parametrize(
    "list_at", [("placements",), ("frozen", "roster"), ("frozen", "rooms"), ("parties",),
                ("frozen", "forms"), ("frozen", "rooms", 0, "seats")],
)  # fmt: skip
def test_reordered_dropped_or_doubled_entries_are_found(list_at: tuple[Any, ...]) -> None:
    good = proof_of(SMALL)
    for spoil in (lambda xs: xs[::-1], lambda xs: xs[1:], lambda xs: [xs[0], *xs]):
        other = copy.deepcopy(good)
        inner: Any = other
        for key in list_at[:-1]:
            inner = inner[key]
        inner[list_at[-1]] = spoil(inner[list_at[-1]])
        assert verify_proof(other) != []


def test_a_foreign_field_and_no_proof_at_all_are_refused() -> None:
    assert verify_proof({**proof_of(SMALL), "extra": 1})[0].startswith("draw.proof_shape")
    assert verify_proof({})[0].startswith("draw.proof_shape")


def test_a_commitment_cannot_be_copied_from_another_party_or_draw() -> None:
    value = bytes(32)
    bound = {commitment(draw, party, value) for draw in ("draw_1", "draw_2") for party in PARTIES}
    assert len(bound) == 6


def test_each_reveal_moves_the_seed() -> None:
    seeds = {proof_of(SMALL, salt)["seed"] for salt in range(20)}
    assert len(seeds) == 20


def test_the_fallback_counts_only_for_a_missing_reveal() -> None:
    all_revealed = [share(party) for party in PARTIES]
    one_missing = [share(party, revealed=party != CHIEF) for party in PARTIES]
    with pytest.raises(ValueError, match="fallback"):
        seed_of(SMALL, all_revealed, share(FALLBACK))
    with pytest.raises(ValueError, match="fallback"):
        seed_of(SMALL, one_missing, share(FALLBACK, revealed=False))


def test_missing_seats_are_told_exactly() -> None:
    frozen = frozen_of(12, (room("301", 2, 3), room("302", 2, 2)))
    with pytest.raises(Refusal) as refused:
        check_frozen(frozen.roster, frozen.rooms, frozen.forms)
    assert refused.value.code == "draw.seats_short"
    assert refused.value.params == {"candidates": 12, "seats": 10, "missing": 2}


def test_nobody_and_a_single_form_are_refused() -> None:
    with pytest.raises(Refusal, match=r"draw\.roster_empty"):
        check_frozen((), SMALL.rooms, ("A", "B"))
    with pytest.raises(Refusal, match=r"draw\.forms_too_few"):
        check_frozen(SMALL.roster, SMALL.rooms, ("A",))


def test_an_aborted_attempt_is_named_by_all_that_happened_in_it() -> None:
    shares = [share(SYSTEM, revealed=False)]
    first = attempt_hash(SMALL, shares, "打印机故障")
    assert first != attempt_hash(SMALL, shares, "")
    assert first != attempt_hash(SMALL, [*shares, share(CHIEF)], "打印机故障")


def test_the_published_vector_recomputes() -> None:
    """Changing this is changing the format: docs/formats/draw.md and its version go with it."""
    vector = json.loads(VECTOR.read_bytes())
    assert verify_proof(vector) == []
    assert proof_of(SMALL) == vector

"""The draw as arithmetic: what is frozen, committed, revealed, and who then sits where
(docs/formats/draw.md).

Rules kept here: everything a seat depends on is inside the seed's frame, so that no byte of a
published draw can change unseen; a seat is a function of seed and frozen roster, never of the
order of arrival; spare seats stay free; neighbours at a side have different forms.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from hashlib import sha256
from itertools import groupby
from typing import Any

import msgspec

from kernel.codec import Field, encode
from kernel.errors import Kind, Refusal
from kernel.lot import permutation, shuffled

FORMAT = "gongyuan-draw-1"
SYSTEM, CHIEF, OFFICER = "system", "chief", "officer"
PARTIES = (SYSTEM, CHIEF, OFFICER)
FALLBACK = "fallback"
VALUE_BYTES = 32


class DrawState(StrEnum):
    """An attempt: open until all committed; revealed or fallback when complete."""

    OPEN = "open"
    COMMITTED = "committed"
    REVEALED = "revealed"
    FALLBACK = "fallback"
    ABORTED = "aborted"


class Entrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A candidate in the frozen roster; the portrait (hex SHA-256) is frozen with the seats."""

    sitting_id: str
    portrait_sha256: str | None


class Spot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A seat that may be drawn."""

    seat_id: str
    seat_no: str
    row: int
    col: int
    machine_code: str


class RoomPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A room with the seats that may be drawn, in reading order."""

    room_id: str
    name: str
    seats: tuple[Spot, ...]


class Previous(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The aborted attempt before this one, by its hash (hex)."""

    draw_id: str
    hash: str


class Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the lot is drawn over; ``roster`` by sitting id, ``rooms`` in the order they are
    filled.
    """

    draw_id: str
    session_id: str
    attempt: int
    previous: Previous | None
    frozen_at_ms: int
    reveal_by_ms: int
    roster: tuple[Entrant, ...]
    rooms: tuple[RoomPlan, ...]
    forms: tuple[str, ...]


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A party's commitment and, once revealed, its value (hex)."""

    party: str
    commitment: str
    value: str | None


class Placement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who sits where with which form."""

    sitting_id: str
    room_id: str
    seat_id: str
    seat_no: str
    row: int
    col: int
    machine_code: str
    form_code: str


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The published draw. ``outcome`` is ``revealed`` or ``fallback``."""

    format: str
    frozen: Frozen
    roster_root: str
    parties: tuple[Share, ...]
    fallback: Share
    outcome: str
    seed: str
    placements: tuple[Placement, ...]


def roster_root(session_id: str, roster: Sequence[Entrant]) -> bytes:
    """SHA-256 of the frozen roster."""
    entries: list[Field] = [[one.sitting_id, one.portrait_sha256] for one in roster]
    return sha256(encode("draw-roster", 1, [session_id, entries])).digest()


def commitment(draw_id: str, party: str, value: bytes) -> bytes:
    """SHA-256 of the commitment frame: bound to this draw and this party, so nobody can copy
    one.
    """
    return sha256(encode("draw-commitment", 1, [draw_id, party, value])).digest()


def frozen_hash(frozen: Frozen) -> bytes:
    """SHA-256 of everything that is frozen."""
    rooms: list[Field] = [
        [
            room.room_id,
            room.name,
            [[s.seat_id, s.seat_no, s.row, s.col, s.machine_code] for s in room.seats],
        ]
        for room in frozen.rooms
    ]
    before = [frozen.previous.draw_id, frozen.previous.hash] if frozen.previous else None
    root = roster_root(frozen.session_id, frozen.roster)
    times = [frozen.frozen_at_ms, frozen.reveal_by_ms]
    fields: list[Field] = [frozen.draw_id, frozen.session_id, frozen.attempt, before, *times, root]
    return sha256(encode("draw-frozen", 1, [*fields, rooms, list(frozen.forms)])).digest()


def attempt_hash(frozen: Frozen, parties: Sequence[Share], reason: str) -> bytes:
    """What the next attempt names of an aborted one."""
    shares: list[Field] = [[p.party, p.commitment, p.value] for p in parties]
    return sha256(encode("draw-aborted", 1, [frozen_hash(frozen), shares, reason])).digest()


def seed_of(frozen: Frozen, parties: Sequence[Share], fallback: Share) -> bytes:
    """The seed: over what was frozen, all commitments, all reveals, and the fallback if one is
    missing.

    A missing reveal needs the fallback's value; without a missing one it must stay out.
    Raises ValueError.
    """
    missing = any(share.value is None for share in parties)
    if missing != (fallback.value is not None):
        raise ValueError("the fallback's value belongs to a missing reveal and to nothing else")
    shares: list[Field] = [
        [share.party, share.commitment, share.value] for share in (*parties, fallback)
    ]
    return sha256(encode("draw-seed", 1, [frozen_hash(frozen), shares])).digest()


def check_frozen(
    roster: Sequence[Entrant], rooms: Sequence[RoomPlan], forms: Sequence[str]
) -> None:
    """Raises ``draw.roster_empty``, ``draw.seats_short`` with the numbers,
    ``draw.forms_too_few``.
    """
    seats = sum(len(room.seats) for room in rooms)
    if not roster:
        raise Refusal("draw.roster_empty", Kind.CONFLICT)
    if seats < len(roster):
        raise Refusal(
            "draw.seats_short",
            Kind.CONFLICT,
            candidates=len(roster),
            seats=seats,
            missing=len(roster) - seats,
        )
    if len(set(forms)) < 2:
        raise Refusal("draw.forms_too_few", Kind.CONFLICT, count=len(set(forms)))


def place(seed: bytes, frozen: Frozen) -> tuple[Placement, ...]:
    """Everybody's seat and form, by sitting id.

    The roster is drawn into an order, rooms are filled in their order, and inside a room the seats
    are drawn again; the forms' order is drawn too and sets where the pattern starts.
    """
    waiting = shuffled(seed, "roster", [one.sitting_id for one in frozen.roster])
    forms = shuffled(seed, "forms", frozen.forms)
    placed: list[Placement] = []
    for room in frozen.rooms:
        here, waiting = waiting[: len(room.seats)], waiting[len(room.seats) :]
        drawn = permutation(seed, f"seats/{room.room_id}", len(room.seats))
        for sitting_id, at in zip(here, drawn, strict=False):
            seat = room.seats[at]
            form = forms[form_at(seat.row, seat.col, len(forms))]
            placed.append(
                Placement(
                    sitting_id, room.room_id, seat.seat_id, seat.seat_no, seat.row, seat.col,
                    seat.machine_code, form,
                )
            )  # fmt: skip
    return tuple(sorted(placed, key=lambda one: one.sitting_id))


def form_at(row: int, col: int, count: int) -> int:
    """Which form lies at a place: side neighbours differ; with four forms corner neighbours do
    too.
    """
    if count >= 4:
        return 2 * (row % 2) + col % 2
    return (row + col) % count


def verify_proof(data: Mapping[str, Any]) -> list[str]:
    """Recomputes a published draw. Empty when all holds, else fault codes, each with its place.

    A fault reads ``draw.proof_…`` and, after a space, the field, party or sitting it stands at.
    """
    try:
        proof = msgspec.convert(dict(data), Proof)
    except msgspec.ValidationError as wrong:
        return [f"draw.proof_shape {wrong}"]
    frozen = proof.frozen
    faults = _order_faults(proof)
    root = roster_root(frozen.session_id, frozen.roster).hex()
    if root != proof.roster_root:
        faults.append("draw.proof_roster roster_root")
    for share in (*proof.parties, proof.fallback):
        if share.value is None:
            continue
        try:
            value = bytes.fromhex(share.value)
        except ValueError:
            value = b""
        kept = commitment(frozen.draw_id, share.party, value).hex()
        if len(value) != VALUE_BYTES or share.value != value.hex() or kept != share.commitment:
            faults.append(f"draw.proof_commitment {share.party}")
    try:
        seed = seed_of(frozen, proof.parties, proof.fallback)
    except ValueError:
        return [*faults, "draw.proof_outcome outcome"]
    if seed.hex() != proof.seed:
        return [*faults, "draw.proof_seed seed"]
    expected = {one.sitting_id: one for one in place(seed, frozen)}
    given = {one.sitting_id: one for one in proof.placements}
    moved = sorted(key for key in expected | given if expected.get(key) != given.get(key))
    if [one.sitting_id for one in proof.placements] != sorted(expected) and not moved:
        faults.append("draw.proof_order placements")
    return faults + [f"draw.proof_seat {key}" for key in moved]


def _order_faults(proof: Proof) -> list[str]:
    frozen = proof.frozen
    ids = [one.sitting_id for one in frozen.roster]
    wanted = "fallback" if any(share.value is None for share in proof.parties) else "revealed"
    checks = (
        (proof.format == FORMAT, "draw.proof_shape format"),
        (ids == sorted(set(ids)), "draw.proof_order roster"),
        (tuple(share.party for share in proof.parties) == PARTIES, "draw.proof_order parties"),
        (proof.fallback.party == FALLBACK, "draw.proof_order fallback"),
        (proof.outcome == wanted, "draw.proof_outcome outcome"),
    )
    return [fault for good, fault in checks if not good] + _seat_faults(frozen)


def _seat_faults(frozen: Frozen) -> list[str]:
    ids = sorted(seat.seat_id for room in frozen.rooms for seat in room.seats)
    twice = [key for key, same in groupby(ids) if len(list(same)) > 1]
    return [f"draw.proof_order {key}" for key in twice]

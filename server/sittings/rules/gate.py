"""The gate at the seat: the right machine, an admitted person, in time, not yet finished.

Rules kept here: an unknown pair of numbers never says which one was wrong; any other machine is
refused and shown the right seat; a machine change during the exam is a matter for the invigilator.
"""

from dataclasses import dataclass

from kernel.errors import Kind, Refusal


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sitting belongs now (by the draw, or by a transfer)."""

    room_name: str
    seat_no: str
    machine_code: str
    room_id: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A sign-in as the gate sees it."""

    at_ms: int
    machine_room_id: str
    machine_code: str
    admitted: bool
    late_override: bool
    signed_in_before: bool
    finished: bool
    answering_elsewhere: bool


def check(arrival: Arrival, place: Place | None, *, late_after_ms: int) -> None:
    """Lets the candidate in or raises ``gate.not_admitted``, ``gate.finished``,
    ``gate.already_open``, ``gate.wrong_machine``, ``gate.too_late``.

    Being late is judged once, at the first sign-in: a reload or a transfer is never late.
    """
    if not arrival.admitted or place is None:
        raise Refusal("gate.not_admitted", Kind.FORBIDDEN)
    if arrival.finished:
        raise Refusal("gate.finished", Kind.CONFLICT)
    here = (arrival.machine_room_id, arrival.machine_code)
    if here != (place.room_id, place.machine_code):
        if arrival.answering_elsewhere:
            raise Refusal("gate.already_open", Kind.CONFLICT, seat_no=place.seat_no)
        raise Refusal(
            "gate.wrong_machine", Kind.FORBIDDEN, room=place.room_name, seat_no=place.seat_no
        )
    late = arrival.at_ms > late_after_ms
    if late and not arrival.late_override and not arrival.signed_in_before:
        raise Refusal("gate.too_late", Kind.FORBIDDEN, late_after_ms=late_after_ms)


def needs_help(tries: int, *, limit: int = 3) -> bool:
    """After ``limit`` matches that are not the same person, a person looks."""
    return tries >= limit

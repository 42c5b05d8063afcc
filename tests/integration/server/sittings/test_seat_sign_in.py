"""Guessing at the seat: the exam PC waits, and no candidate."""

import asyncio

import pytest

from kernel.errors import Refusal
from kernel.settings import SignInSettings
from tests.integration.server.hall import ExamDay, Seated, refused

LIMITS = SignInSettings()


async def wrong(day: ExamDay, one: Seated, machine: str) -> str:
    """The code of a sign-in with the candidate's ticket and another's ID number."""
    sign_in = day.sittings.entry.sign_in(one.ticket_no, "110101199001010010", machine)
    return (await refused(sign_in)).code


async def test_wrong_numbers_at_a_machine_make_it_wait_and_no_other(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.admit(one)
    elsewhere = next(token for token in day.tokens.values() if token != day.machine(one))
    for _ in range(LIMITS.seat_failures):
        assert await wrong(day, one, elsewhere) == "gate.unknown"
    locked = await refused(day.sign_in(one, elsewhere))
    assert locked.code == "accounts.locked"
    assert 0 < int(str(locked.params["wait_s"])) <= LIMITS.seat_lock_s
    await day.sign_in(one)  # whose numbers were guessed at comes in at once
    day.clock.advance(seconds=LIMITS.seat_lock_s)
    assert await wrong(day, one, elsewhere) == "gate.unknown"


async def test_an_unknown_ticket_counts_as_much_as_a_wrong_number(day: ExamDay) -> None:
    one = await day.face_candidate()
    machine = day.machine(one)
    for number in range(LIMITS.seat_failures):
        unknown = day.sittings.entry.sign_in(f"9999999999{number}", one.id_number, machine)
        assert (await refused(unknown)).code == "gate.unknown"
    assert await wrong(day, one, machine) == "accounts.locked"


async def test_parallel_guesses_at_one_machine_gain_nothing(day: ExamDay) -> None:
    one = await day.face_candidate()
    machine = day.machine(one)
    codes = await asyncio.gather(*(wrong(day, one, machine) for _ in range(15)))
    assert codes.count("gate.unknown") == LIMITS.seat_failures
    assert codes.count("accounts.locked") == 15 - LIMITS.seat_failures


async def test_the_right_numbers_forget_the_mistyped_ones(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.admit(one)
    for _ in range(3):
        for _ in range(LIMITS.seat_failures - 1):
            assert await wrong(day, one, day.machine(one)) == "gate.unknown"
        await day.sign_in(one)


async def test_whoever_waits_at_the_gate_with_the_right_numbers_may_try_as_often_as_they_like(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    for _ in range(LIMITS.seat_failures + 3):
        assert (await refused(day.sign_in(one))).code == "gate.not_admitted"


async def test_an_unknown_machine_is_told_so_and_counts_for_nobody(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.admit(one)
    for _ in range(LIMITS.seat_failures + 1):
        assert await wrong(day, one, "no machine's token") == "gate.machine_unknown"
    with pytest.raises(Refusal, match=r"gate\.unknown"):
        await day.sittings.entry.sign_in(one.ticket_no, "x", day.machine(one))
    await day.sign_in(one)

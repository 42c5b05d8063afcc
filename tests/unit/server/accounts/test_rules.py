"""server.accounts.rules: attempts lock, weak secrets are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.passwords import hash_password
from kernel.errors import Refusal
from server.accounts.rules import (
    FAILURES_MAX,
    LOCK_S,
    Attempts,
    account_name,
    check_account,
    check_password,
    check_pin,
    counted,
)
from server.accounts.service.signing_in import NOBODY


def test_the_fifth_attempt_in_a_row_locks_and_the_sixth_is_refused() -> None:
    state = Attempts()
    for minute in range(FAILURES_MAX):
        state = counted(state, 60_000 * minute + 1)
    assert state.locked_until_ms == 60_000 * (FAILURES_MAX - 1) + 1 + LOCK_S * 1_000
    with pytest.raises(Refusal) as refused:
        counted(state, state.locked_until_ms - 1_500)
    assert refused.value.code == "accounts.locked"
    assert refused.value.params["wait_s"] == 2


def test_after_the_lock_counting_starts_anew() -> None:
    locked = Attempts(FAILURES_MAX, 0, LOCK_S * 1_000)
    assert counted(locked, LOCK_S * 1_000) == Attempts(1, LOCK_S * 1_000, 0)


def test_failures_far_apart_do_not_add_up() -> None:
    assert counted(Attempts(4, 1_000, 0), 1_000 + LOCK_S * 1_000 + 1).failures == 1
    assert counted(Attempts(4, 1_000, 0), 1_000 + LOCK_S * 1_000).locked_until_ms > 0


@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=40))
def test_no_window_ever_lets_more_than_five_attempts_through(gaps: list[int]) -> None:
    state, now, let_through = Attempts(), 1, []
    for gap in gaps:
        now += gap
        try:
            state = counted(state, now)
        except Refusal:
            continue
        let_through.append(now)
    for first, sixth in zip(let_through, let_through[FAILURES_MAX:], strict=False):
        assert sixth - first >= LOCK_S * 1_000


@pytest.mark.parametrize("password", ["short1", "lettersonly", "12345678", ""])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(Refusal, match=r"accounts\.password_weak"):
        check_password(password)


@pytest.mark.parametrize("pin", ["12345", "000000", "12345a", "１２３４５６", ""])
def test_a_weak_pin_is_refused(pin: str) -> None:
    with pytest.raises(Refusal, match=r"accounts\.pin_weak"):
        check_pin(pin)


def test_sound_secrets_pass() -> None:
    check_password("correct horse 7")
    check_pin("135790")


@pytest.mark.parametrize("name", ["a", "two words", "x" * 65, " "])
def test_a_bad_account_name_is_refused(name: str) -> None:
    with pytest.raises(Refusal, match=r"accounts\.bad_name"):
        check_account(name)


def test_names_that_people_type_differently_are_one_account() -> None:
    assert account_name(" Zhang.San ") == account_name("zhang.SAN") == "zhang.san"


def test_a_name_without_an_account_costs_what_one_with_an_account_costs() -> None:
    def cost(stored: str) -> list[str]:
        return stored.split("$")[1:4]

    assert cost(NOBODY) == cost(hash_password("anything"))

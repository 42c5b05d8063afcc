"""What a seat shows, what becomes a case, what an act needs."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refusal
from server.invigilation.rules import (
    DECISIONS,
    EPISODES,
    Article,
    Decision,
    IncidentKind,
    SeatFacts,
    SeatState,
    Severity,
    absent_now,
    badge,
    check_decision,
    check_target,
    check_violation,
    needs_chief,
    seat_state,
    total_outage_s,
    worse,
)

MINUTE = 60_000
ARTICLE = Article("A6-1", "A6", "携带", "carrying", needs_reminder=True)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (SeatFacts(), SeatState.EMPTY),
        (SeatFacts(expected=True), SeatState.EXPECTED),
        (SeatFacts(expected=True, absent=True), SeatState.ABSENT),
        (SeatFacts(expected=True, admitted=True), SeatState.ADMITTED),
        (SeatFacts(expected=True, admitted=True, absent=True), SeatState.ADMITTED),
        (SeatFacts(admitted=True, stage="face"), SeatState.SIGNED_IN),
        (SeatFacts(admitted=True, stage="ready"), SeatState.SIGNED_IN),
        (SeatFacts(admitted=True, stage="waiting"), SeatState.READY),
        (SeatFacts(admitted=True, stage="answering"), SeatState.ANSWERING),
        (SeatFacts(admitted=True, stage="answering", offline=True), SeatState.OFFLINE),
        (SeatFacts(admitted=True, stage="paused", offline=True), SeatState.PAUSED),
        (SeatFacts(admitted=True, stage="submitted", offline=True), SeatState.SUBMITTED),
        (SeatFacts(admitted=True, stage="ended"), SeatState.SUBMITTED),
        (SeatFacts(admitted=True, stage="ended", forced=True), SeatState.FORCED),
    ],
)
def test_each_seat_shows_one_state(facts: SeatFacts, expected: SeatState) -> None:
    assert seat_state(facts) is expected


def test_red_comes_before_amber_on_a_badge() -> None:
    cases = [(IncidentKind.HELP, Severity.AMBER), (IncidentKind.MISMATCH, Severity.RED)]
    assert badge(cases) is IncidentKind.MISMATCH
    assert badge(cases[:1]) is IncidentKind.HELP
    assert badge([]) is None


def test_a_case_never_becomes_lighter_by_itself() -> None:
    for one, other in product(Severity, Severity):
        expected = Severity.RED if Severity.RED in (one, other) else Severity.AMBER
        assert worse(one, other) is expected


def test_only_a_clear_mismatch_is_red() -> None:
    red = {word for word, (_, severity) in EPISODES.items() if severity is Severity.RED}
    assert red == {"mismatch"}


@pytest.mark.parametrize("kind", list(IncidentKind))
@pytest.mark.parametrize("decision", list(Decision))
def test_each_kind_of_case_has_its_decisions(kind: IncidentKind, decision: Decision) -> None:
    if decision in DECISIONS[kind]:
        check_decision(kind, "open", decision)
    else:
        with pytest.raises(Refusal, match=r"incident\.decision"):
            check_decision(kind, "open", decision)
    with pytest.raises(Refusal, match=r"incident\.decided"):
        check_decision(kind, "decided", decision)


def test_every_case_can_be_dismissed() -> None:
    assert all(Decision.DISMISSED in allowed for allowed in DECISIONS.values())


@pytest.mark.parametrize(
    ("granted", "more", "chief"),
    [([], 1_800, False), ([], 1_801, True), ([1_000], 800, False), ([1_000, 700], 101, True)],
)
def test_above_the_cap_the_chief_is_needed(granted: list[int], more: int, chief: bool) -> None:
    assert needs_chief(granted, more, 1_800) is chief


@given(st.lists(st.integers(0, 2_000), max_size=4), st.integers(1, 2_000))
def test_splitting_an_extension_does_not_slip_under_the_cap(granted: list[int], more: int) -> None:
    assert needs_chief(granted, more, 1_800) == needs_chief([], sum(granted) + more, 1_800)


def test_nobody_is_absent_while_entry_is_open() -> None:
    start = 1_000 * MINUTE
    people = {"expected": ["a", "b", "c"], "admitted": ["b"]}
    assert absent_now(start + 30 * MINUTE, start, 1_800, **people) == []
    assert absent_now(start + 30 * MINUTE + 1, start, 1_800, **people) == ["a", "c"]


def test_a_violation_needs_an_active_set_and_a_reminder() -> None:
    check_violation(ARTICLE, active=True, reminded=True)
    for article, active, reminded, code in (
        (None, True, True, "violation.unknown"),
        (ARTICLE, False, True, "violation.inactive"),
        (ARTICLE, True, False, "violation.needs_reminder"),
    ):
        with pytest.raises(Refusal) as refused:
            check_violation(article, active=active, reminded=reminded)
        assert refused.value.code == code


def test_what_cannot_happen_at_a_computer_cannot_be_cited() -> None:
    pen = Article("A6-5", "A6", "笔", "pen", needs_reminder=False, applicable=False)
    with pytest.raises(Refusal, match=r"violation\.not_applicable"):
        check_violation(pen, active=True, reminded=True)


def test_a_transfer_goes_to_another_free_seat() -> None:
    check_target("s9", current="s1", taken={"s2"})
    with pytest.raises(Refusal, match=r"transfer\.same"):
        check_target("s1", current="s1", taken=set())
    with pytest.raises(Refusal, match=r"transfer\.taken"):
        check_target("s2", current="s1", taken={"s2"})


def test_outages_add_up_to_one_proposal() -> None:
    assert total_outage_s({"1": 20, "2": 30}) == 50
    assert total_outage_s({"1": 0}) is None

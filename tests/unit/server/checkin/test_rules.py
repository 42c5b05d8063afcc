"""The gate at the door."""

from collections.abc import Callable
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refusal
from server.checkin.rules import (
    Advice,
    Route,
    State,
    Visit,
    confirm,
    consent,
    draw_seat,
    hint,
    identify_by_document,
    is_open,
    match,
    needs_second,
    override_lateness,
    refuse,
)

Step = Callable[[Visit], Visit]

STEPS: dict[str, Step] = {
    "agree": lambda v: consent(v, face=True),
    "decline": lambda v: consent(v, face=False),
    "frame": lambda v: match(v, Advice.SAME, by="a"),
    "bad_frame": lambda v: match(v, Advice.DIFFERENT, by="a"),
    "manual": lambda v: identify_by_document(v, by="a", second="b"),
    "confirm": lambda v: confirm(v, by="a", second=None, has_reason=False, late=False),
    "confirm_two": lambda v: confirm(v, by="a", second="b", has_reason=True, late=False),
    "refuse": lambda v: refuse(v, has_reason=True),
    "seat": draw_seat,
}


def walk(names: list[str]) -> Visit:
    """Tries every step; a refused step changes nothing."""
    visit = Visit()
    for name in names:
        try:
            visit = STEPS[name](visit)
        except Refusal:
            continue
    return visit


def earned(names: list[str]) -> bool:  # noqa: C901 - one line per rule
    """An independent reading of the rule: the gate opens iff the parts came in the right order."""
    consented = identified = against = confirmed = False
    route = "face"
    for name in names:
        if name == "refuse" and not confirmed:
            return False
        if name == "seat" and confirmed:
            return True
        if confirmed:
            continue
        if name == "agree" and route == "face":
            consented, identified, against = True, False, False
        if name == "decline":
            consented, identified, against, route = True, False, False, "manual"
        if name in ("frame", "bad_frame") and consented and route == "face":
            identified, against = True, name == "bad_frame"
        if name == "manual" and consented:
            identified, against, route = True, False, "manual"
        if name == "confirm":
            confirmed = identified and not against
        if name == "confirm_two":
            confirmed = identified
    return False


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
def test_the_gate_opens_only_when_all_three_parts_came_in_order(names: list[str]) -> None:
    assert is_open(walk(names)) is earned(names)


@pytest.mark.parametrize("identity", ["frame", "manual"])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_only_one_order_of_the_three_parts_opens(identity: str, order: tuple[int, ...]) -> None:
    parts = [identity, "confirm", "seat"]
    visit = walk(["agree", *(parts[i] for i in order)])
    assert is_open(visit) is (order == (0, 1, 2))


@pytest.mark.parametrize("identity", ["frame", "manual"])
@pytest.mark.parametrize("pair", list(combinations(range(3), 2)))
def test_no_two_parts_open_the_gate(identity: str, pair: tuple[int, int]) -> None:
    parts = [identity, "confirm", "seat"]
    for order in permutations(pair):
        assert not is_open(walk(["agree", *(parts[i] for i in order)]))


@pytest.mark.parametrize("missing", [0, 1, 2])
@pytest.mark.parametrize("repeat", ["frame", "confirm", "seat", "manual"])
def test_a_part_done_twice_does_not_replace_another(missing: int, repeat: str) -> None:
    parts = ["frame", "confirm", "seat"]
    kept = [p for i, p in enumerate(parts) if i != missing and p != repeat]
    if missing == 0 and repeat == "manual":
        return
    names = ["agree", *kept, repeat, repeat] if repeat != parts[missing] else ["agree", *kept]
    assert not is_open(walk(names))


@pytest.mark.parametrize("advice", list(Advice))
def test_no_advice_of_the_machine_refuses_or_admits_anybody(advice: Advice) -> None:
    if advice is Advice.DOCUMENT:
        return
    visit = match(consent(Visit(), face=True), advice, by="a")
    assert visit.state is State.MATCHED
    assert not is_open(visit)


@pytest.mark.parametrize(
    ("advice", "reason", "second", "code"),
    [
        (Advice.SAME, False, None, None),
        (Advice.REVIEW, False, None, None),
        (Advice.DIFFERENT, False, "b", "checkin.reason_missing"),
        (Advice.DIFFERENT, True, None, "checkin.second_missing"),
        (Advice.DIFFERENT, True, "a", "checkin.same_person"),
        (Advice.DIFFERENT, True, "b", None),
        (Advice.UNUSABLE, False, None, "checkin.reason_missing"),
        (Advice.UNUSABLE, True, "b", None),
    ],
)
def test_advice_against_needs_a_reason_and_a_second_person(
    advice: Advice, reason: bool, second: str | None, code: str | None
) -> None:
    visit = match(consent(Visit(), face=True), advice, by="a")
    if code is None:
        done = confirm(visit, by="a", second=second, has_reason=reason, late=False)
        assert done.state is State.CONFIRMED
        return
    with pytest.raises(Refusal, match=code):
        confirm(visit, by="a", second=second, has_reason=reason, late=False)


def test_without_face_consent_no_frame_is_taken() -> None:
    visit = consent(Visit(), face=False)
    assert visit.route is Route.MANUAL
    with pytest.raises(Refusal, match=r"checkin\.route_manual"):
        match(visit, Advice.SAME, by="a")


def test_one_person_alone_cannot_do_the_manual_route() -> None:
    with pytest.raises(Refusal, match=r"checkin\.same_person"):
        identify_by_document(consent(Visit(), face=False), by="a", second="a")


def test_a_late_candidate_needs_the_chief() -> None:
    visit = match(consent(Visit(), face=True), Advice.SAME, by="a")
    with pytest.raises(Refusal, match=r"checkin\.too_late"):
        confirm(visit, by="a", second=None, has_reason=False, late=True)
    let_in = override_lateness(visit)
    assert (
        confirm(let_in, by="a", second=None, has_reason=False, late=True).state is State.CONFIRMED
    )


def test_a_new_frame_takes_back_an_advice_against() -> None:
    visit = match(consent(Visit(), face=True), Advice.DIFFERENT, by="a")
    assert needs_second(visit)
    assert not needs_second(match(visit, Advice.SAME, by="a"))


def test_refusing_without_a_reason_is_refused() -> None:
    with pytest.raises(Refusal, match=r"checkin\.reason_missing"):
        refuse(Visit(), has_reason=False)


def test_a_verdict_names_what_to_mend() -> None:
    assert hint("no_face", Advice.UNUSABLE) == "verdict.no_face"
    assert hint("whatever", Advice.UNUSABLE) == "verdict.unusable"
    assert hint("", Advice.REVIEW) == "verdict.review"

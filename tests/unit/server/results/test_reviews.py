"""server.results.rules.reviews and shown: who may ask, what is agreed to, what is told."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refusal
from paper.items import FormItem, ItemType, Option
from paper.package import Form
from server.results.rules.periods import Periods
from server.results.rules.reviews import (
    Outcome,
    Proposal,
    check_openable,
    check_positions,
    check_proposal,
    check_reason,
    decision_bytes,
    need_phase,
    opening_bytes,
)
from server.results.rules.shown import shown
from server.sittings.rules.dealing import deal

PERIODS = Periods(100, 200, 300)


@pytest.mark.parametrize(
    ("periods", "now_ms", "code"),
    [
        (None, 250, "review.not_published"),
        (PERIODS, 199, "review.in_publicity"),
        (PERIODS, 300, "review.window_over"),
    ],
)
def test_outside_the_window_nobody_asks(periods: Periods | None, now_ms: int, code: str) -> None:
    with pytest.raises(Refusal, match=code):
        need_phase(periods, now_ms)


def test_within_the_window_one_may_ask() -> None:
    need_phase(PERIODS, 200)
    need_phase(PERIODS, 299)


@pytest.mark.parametrize("positions", [[0], [5], [-1], [1, 1], [1, 2, 3]])
def test_positions_off_the_paper_twice_or_too_many_are_refused(positions: list[int]) -> None:
    with pytest.raises(Refusal, match="review.positions"):
        check_positions(positions, item_count=4, most=2)


def test_positions_come_back_in_order() -> None:
    assert check_positions([3, 1], item_count=4, most=2) == [1, 3]
    assert check_positions([], item_count=0, most=0) == []


@pytest.mark.parametrize("text", ["", " ", "短", "x" * 2_001])
def test_a_reason_says_something_and_not_too_much(text: str) -> None:
    with pytest.raises(Refusal, match="review.reason"):
        check_reason(text)


@pytest.mark.parametrize(
    "score", ["", "-1", "100.5", "1.3", "NaN", "Infinity", "1e9", "一", "9" * 9]
)
def test_a_correction_is_a_mark_that_can_be_given(score: str) -> None:
    with pytest.raises(Refusal, match="review.score"):
        check_proposal(Proposal(Outcome.CORRECTED, "重算", score), full="100")


def test_what_stays_as_it_is_has_no_score() -> None:
    with pytest.raises(Refusal, match="review.score"):
        check_proposal(Proposal(Outcome.UNCHANGED, "无误", "60"), full="100")
    assert check_proposal(Proposal(Outcome.UNCHANGED, " 无误 ", None), full="100").reason == "无误"
    kept = check_proposal(Proposal(Outcome.CORRECTED, "重算", "60.50"), full="100")
    assert kept.score == "60.5"


@pytest.mark.parametrize(
    ("state", "position", "code"),
    [("decided", 1, "review.decided"), ("open", 2, "review.not_asked")],
)
def test_only_what_was_asked_in_an_open_review_is_opened(
    state: str, position: int, code: str
) -> None:
    with pytest.raises(Refusal, match=code):
        check_openable(state, [1], position)


PLACE = st.tuples(
    st.text(max_size=8), st.text(max_size=8), st.integers(0, 99), st.binary(max_size=8),
    st.integers(0, 99), st.text(max_size=8),
)  # fmt: skip


@given(PLACE, PLACE)
def test_two_openings_never_share_what_is_agreed_to(
    one: tuple[str, str, int, bytes, int, str], other: tuple[str, str, int, bytes, int, str]
) -> None:
    assert (opening_bytes(*one) == opening_bytes(*other)) == (one == other)


def test_a_decision_is_about_one_list_and_one_outcome() -> None:
    base = Proposal(Outcome.CORRECTED, "重算", "60")
    others = [
        decision_bytes("r", "p", Proposal(Outcome.CORRECTED, "重算", "61")),
        decision_bytes("r", "p", Proposal(Outcome.CORRECTED, "再算", "60")),
        decision_bytes("r", "p2", base),
        decision_bytes("r2", "p", base),
    ]
    assert decision_bytes("r", "p", base) not in others


OPTIONS = tuple(Option(f"opt_{n}", f"选项{n}") for n in range(4))
JUDGE = (Option("true", "正确"), Option("false", "错误"))
FORM = Form(
    "A",
    (
        *(FormItem(f"item_{n}", ItemType.SINGLE, f"题干{n}", OPTIONS, "1", "P") for n in range(5)),
        FormItem("item_j", ItemType.JUDGE, "判断", JUDGE, "1", "P"),
        FormItem("item_t", ItemType.SHORT, "说明", (), "4", "P"),
    ),
)


@given(
    seed=st.binary(min_size=32, max_size=32), position=st.integers(1, 5), option=st.integers(0, 3)
)
def test_the_letter_told_is_the_one_on_the_screen_and_nothing_else_is(
    seed: bytes, position: int, option: int
) -> None:
    dealt = deal(FORM, seed)[position - 1]
    told = shown(dealt, {"options": [f"opt_{option}"]})
    assert dealt.options["ABCD".index(told.letters)].id == f"opt_{option}"
    said = json.dumps(asdict(told), ensure_ascii=False)
    assert not any(word in said for word in ("item_", "opt_", "题干", "选项"))


def test_several_letters_stand_in_the_order_of_the_screen() -> None:
    dealt = deal(FORM, bytes(32))[0]
    chosen = [dealt.options[3].id, dealt.options[1].id]
    assert shown(dealt, {"options": chosen}).letters == "BD"


@pytest.mark.parametrize(("option", "word"), [("true", "正确"), ("false", "错误")])
def test_a_judgement_is_told_in_words_because_the_screen_has_no_letter(
    option: str, word: str
) -> None:
    dealt = deal(FORM, bytes(32))[5]
    assert shown(dealt, {"options": [option]}).letters == word


def test_a_text_is_told_by_its_length() -> None:
    dealt = deal(FORM, bytes(32))[6]
    told = shown(dealt, {"text": "四个字的"})
    assert (told.letters, told.text_length) == ("", 4)

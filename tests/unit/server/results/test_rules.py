"""server.results.rules: one result per candidate."""

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.results.rules.lines import (
    Line,
    Part,
    Result,
    State,
    cell_text,
    lines_hash,
    may_start_formula,
    part_of,
    result_of,
)

PASS = Decimal(60)
LINE = Line("c1", "s1", "t1", "A", State.NUMBER, "60", "100", True, None, "R1")


def result(*marks: int | None, submitted: bool = True, violation: bool = False) -> Result:
    decimals = [None if mark is None else Decimal(mark) for mark in marks]
    return result_of(submitted=submitted, violation=violation, marks=decimals, pass_score=PASS)


def test_the_pass_score_itself_passes() -> None:
    assert result(30, 30) == Result(State.NUMBER, Decimal(60), passed=True)
    assert result(30, 29) == Result(State.NUMBER, Decimal(59), passed=False)


def test_a_blank_paper_is_nought_and_an_absent_candidate_is_no_number() -> None:
    assert result(0, 0) == Result(State.NUMBER, Decimal(0), passed=False)
    assert result(submitted=False) == Result(State.ABSENT, None, passed=False)


def test_a_violation_voids_whatever_was_earned() -> None:
    for submitted in (True, False):
        found = result(100, submitted=submitted, violation=True)
        assert found == Result(State.VIOLATION, None, passed=False)


def test_a_missing_mark_makes_it_pending_never_a_lower_number() -> None:
    assert result(60, None).state is State.PENDING
    assert result().state is State.PENDING


@given(
    marks=st.lists(st.one_of(st.none(), st.integers(0, 10))),
    submitted=st.booleans(),
    violation=st.booleans(),
)
def test_only_a_number_passes(marks: list[int | None], submitted: bool, violation: bool) -> None:
    found = result(*marks, submitted=submitted, violation=violation)
    assert (found.score is not None) == (found.state is State.NUMBER)
    assert not (found.passed and found.state is not State.NUMBER)


@pytest.mark.parametrize(
    ("subject", "part"),
    [
        ("理论知识", Part.THEORY), ("操作技能", Part.SKILL), ("实操", Part.SKILL),
        ("综合评审", Part.REVIEW), ("业绩评定", Part.RECORD), ("", Part.THEORY),
    ],
)  # fmt: skip
def test_a_subject_belongs_to_one_column(subject: str, part: Part) -> None:
    assert part_of(subject) is part


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_program_could_take_for_a_formula_is_known(text: str) -> None:
    assert may_start_formula(text)


def test_ordinary_text_is_left_alone_and_control_characters_go() -> None:
    assert not any(may_start_formula(text) for text in ("张三", "A=1", "", "2026-1"))
    assert cell_text("张\x00三\x1b\n") == "张三\n"


@pytest.mark.parametrize(
    "change",
    [
        {"score": "61"}, {"state": State.ABSENT}, {"passed": False}, {"ticket_no": "t2"},
        {"receipt_code": None}, {"article_id": "A6-1"}, {"form_code": "B"}, {"full": "99"},
        {"sitting_id": "s2"}, {"candidate_id": "c2"},
    ],
)  # fmt: skip
def test_every_field_of_a_line_is_in_what_two_people_agree_to(change: dict[str, object]) -> None:
    changed = dataclasses.replace(LINE, **change)  # type: ignore[arg-type]
    assert lines_hash("s", "t", [changed]) != lines_hash("s", "t", [LINE])


def test_the_lists_hash_is_of_session_marks_and_lines_in_any_order() -> None:
    other = dataclasses.replace(LINE, candidate_id="c0")
    assert lines_hash("s", "t", [LINE, other]) == lines_hash("s", "t", [other, LINE])
    assert lines_hash("s2", "t", [LINE]) != lines_hash("s", "t2", [LINE])

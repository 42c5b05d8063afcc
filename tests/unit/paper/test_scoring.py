"""paper.scoring: the rules as tables and properties."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper.responses import Response
from paper.scoring import Key, ScoringRule, score_item

OPTIONS = ("a", "b", "c", "d", "e")


def _key(rule: ScoringRule, right: str, score: str = "2", each: str = "0.5") -> Key:
    return Key(item_id="i", options=tuple(right), rule=rule, score=score, each=each)


@pytest.mark.parametrize(
    ("rule", "right", "chosen", "mark"),
    [
        (ScoringRule.ALL_OR_NOTHING, "abd", "abd", "2"),
        (ScoringRule.ALL_OR_NOTHING, "abd", "ab", "0"),
        (ScoringRule.ALL_OR_NOTHING, "abd", "abc", "0"),
        (ScoringRule.MISSING_HALF, "abd", "a", "1"),
        (ScoringRule.MISSING_HALF, "abd", "ac", "0"),
        (ScoringRule.PER_CORRECT, "abd", "ab", "1.0"),
        (ScoringRule.PER_CORRECT, "abd", "abd", "2"),
        (ScoringRule.PROPORTIONAL, "abd", "ab", "1.3"),
        (ScoringRule.PROPORTIONAL, "abd", "abde", "0"),
    ],
)
def test_a_rule_gives_its_published_mark(
    rule: ScoringRule, right: str, chosen: str, mark: str
) -> None:
    assert score_item(_key(rule, right), Response(options=tuple(chosen))) == Decimal(mark)


sets = st.sets(st.sampled_from(OPTIONS), min_size=1)


@given(st.sampled_from([r for r in ScoringRule if r is not ScoringRule.BY_HAND]), sets, sets)
def test_a_mark_lies_between_zero_and_full_and_a_wrong_option_gives_zero(
    rule: ScoringRule, right: set[str], chosen: set[str]
) -> None:
    mark = score_item(_key(rule, "".join(right)), Response(options=tuple(sorted(chosen))))
    assert mark is not None
    assert 0 <= mark <= 2
    assert not (chosen - right) or mark == 0
    assert chosen != right or mark == 2


@given(st.sampled_from(list(ScoringRule)))
def test_a_blank_answer_earns_nothing_and_costs_nothing(rule: ScoringRule) -> None:
    assert score_item(_key(rule, "a"), None) == 0


def test_a_text_answer_waits_for_a_person() -> None:
    assert score_item(_key(ScoringRule.BY_HAND, ""), Response(text="因为……")) is None

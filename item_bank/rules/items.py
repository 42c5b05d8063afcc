"""Checks of an item against itself and its blueprint.

Rules kept here: a key names options that exist; single has one, multiple at least two, judge true
or false, a short answer a model answer; the point exists and importance is the point's.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from item_bank.drafts import LETTERS, Draft
from kernel.errors import RowError
from paper.items import JUDGE_FALSE, JUDGE_TRUE, Importance, ItemType
from paper.scoring import Key, ScoringRule

OPTION_LIMIT = len(LETTERS)


def check_item(draft: Draft, points: Mapping[str, Importance]) -> list[RowError]:
    """Every fault of the draft; ``points`` is point code → importance."""
    return [
        RowError(draft.row, field, code, params, draft.source)
        for field, code, params in (*_shape(draft), *_binding(draft, points))
    ]


_Fault = tuple[str, str, dict[str, str | int]]


def _shape(draft: Draft) -> Iterator[_Fault]:
    if draft.type is ItemType.JUDGE:
        if draft.options:
            yield "选项", "item.judge_options", {}
        if draft.key not in ((JUDGE_TRUE,), (JUDGE_FALSE,)):
            yield "答案", "item.verdict_unreadable", {"text": "".join(draft.key)}
        return
    if draft.type is ItemType.SHORT:
        if draft.options:
            yield "选项", "item.short_options", {}
        if not draft.model_answer.strip():
            yield "答案", "item.answer_missing", {}
        return
    yield from _choice(draft)


def _choice(draft: Draft) -> Iterator[_Fault]:
    count = len(draft.options)
    if not 2 <= count <= OPTION_LIMIT:
        yield "选项", "item.option_count", {"found": count, "limit": OPTION_LIMIT}
    for letter, text in zip(LETTERS, draft.options, strict=False):
        if not text.strip():
            yield "选项", "item.option_empty", {"letter": letter}
    if len({text.strip() for text in draft.options}) < count:
        yield "选项", "item.option_twice", {}
    outside = [letter for letter in draft.key if letter not in LETTERS[:count]]
    if outside:
        yield "答案", "item.key_outside", {"letter": outside[0], "found": count}
    if draft.type is ItemType.SINGLE and len(draft.key) != 1:
        yield "答案", "item.single_key", {"found": len(draft.key)}
    if draft.type is ItemType.MULTIPLE and len(draft.key) < 2:
        yield "答案", "item.multiple_key", {"found": len(draft.key)}


def _binding(draft: Draft, points: Mapping[str, Importance]) -> Iterator[_Fault]:
    if not draft.point_code:
        yield "鉴定点", "item.point_missing", {}
    elif draft.point_code not in points:
        yield "鉴定点", "item.point_unknown", {"point": draft.point_code}
    elif draft.importance not in (None, points[draft.point_code]):
        due = points[draft.point_code].value
        found = draft.importance.value if draft.importance else ""
        yield "重要程度", "item.importance_differs", {"found": found, "due": due}


def default_rule(kind: ItemType) -> ScoringRule:
    """多选、少选、错选均不得分 is the default; a short answer is marked by a person."""
    return ScoringRule.BY_HAND if kind is ItemType.SHORT else ScoringRule.ALL_OR_NOTHING


def scored(key: Key, score: Decimal | str) -> Key:
    """The same key at the mark that the paper gives."""
    return Key(
        item_id=key.item_id,
        options=key.options,
        rule=key.rule,
        score=str(score),
        model_answer=key.model_answer,
        explanation=key.explanation,
        each=key.each,
    )

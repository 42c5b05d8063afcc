"""paper.responses: one form for each response, everything else refused with a code."""

import pytest

from kernel.errors import Refusal
from paper.items import FormItem, ItemType, Option
from paper.responses import TEXT_LIMIT, Response, parse_response, parse_responses


def _item(kind: ItemType) -> FormItem:
    options = tuple(Option(id=i, text=i.upper()) for i in "abcd")
    return FormItem("i1", kind, "题干", () if kind is ItemType.SHORT else options, "1", "A-A-A-001")


@pytest.mark.parametrize(
    ("kind", "raw", "parsed"),
    [
        (ItemType.SINGLE, {"options": ["b"]}, Response(options=("b",))),
        (ItemType.MULTIPLE, {"options": ["d", "a", "d"]}, Response(options=("a", "d"))),
        (ItemType.SHORT, {"text": " 答 "}, Response(text=" 答 ")),
        (ItemType.SHORT, {"text": "  "}, None),
        (ItemType.SINGLE, {"options": []}, None),
        (ItemType.SINGLE, None, None),
    ],
)
def test_a_response_has_one_form(kind: ItemType, raw: object, parsed: Response | None) -> None:
    assert parse_response(_item(kind), raw) == parsed


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        (ItemType.SINGLE, {"options": ["a", "b"]}, "response.too_many"),
        (ItemType.JUDGE, {"options": ["z"]}, "response.option_unknown"),
        (ItemType.SINGLE, {"text": "a"}, "response.shape"),
        (ItemType.SHORT, {"options": ["a"]}, "response.shape"),
        (ItemType.SHORT, {"text": "字" * (TEXT_LIMIT + 1)}, "response.too_long"),
        (ItemType.SINGLE, {"options": "a"}, "response.shape"),
        (ItemType.SINGLE, [1], "response.shape"),
        (ItemType.SINGLE, {"options": [1]}, "response.shape"),
    ],
)
def test_a_bad_response_is_refused_with_its_code(kind: ItemType, raw: object, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_response(_item(kind), raw)
    assert refused.value.code == code


def test_answers_are_read_by_item_blank_and_strange_ones_left_out() -> None:
    items = [
        FormItem(name, ItemType.SINGLE, "stem", (Option("a", "A"), Option("b", "B")), "1", "P")
        for name in ("one", "two", "three")
    ]
    answers = {"two": {"options": ["b"]}, "one": {"options": []}, "other": {"options": ["z"]}}
    assert parse_responses(items, answers) == {"two": Response(options=("b",))}
    with pytest.raises(Refusal, match=r"response\.option_unknown"):
        parse_responses(items, {"one": {"options": ["z"]}})

"""Checks of items and blueprints, likeness of stems."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from item_bank.drafts import BlueprintReading, Draft, PointDraft, ScopeDraft
from item_bank.rules.blueprint import advise_blueprint, check_blueprint, weight_band
from item_bank.rules.items import check_item, default_rule
from item_bank.rules.likeness import THRESHOLD, Text, find_alike, grams, similarity
from paper.items import Importance, ItemType
from paper.scoring import ScoringRule

POINTS = {"A-A-A-001": Importance.X}
GOOD = Draft("f", 1, ItemType.SINGLE, "题", ("甲", "乙"), ("A",), point_code="A-A-A-001")


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"key": ("C",)}, ["item.key_outside"]),
        ({"key": ("A", "B")}, ["item.single_key"]),
        ({"type": ItemType.MULTIPLE}, ["item.multiple_key"]),
        ({"options": ("甲",)}, ["item.option_count"]),
        ({"options": ("甲", "甲")}, ["item.option_twice"]),
        ({"options": ("甲", "")}, ["item.option_empty"]),
        ({"point_code": ""}, ["item.point_missing"]),
        ({"point_code": "B-001"}, ["item.point_unknown"]),
        ({"importance": Importance.Z}, ["item.importance_differs"]),
        ({"type": ItemType.JUDGE}, ["item.judge_options", "item.verdict_unreadable"]),
        ({"type": ItemType.JUDGE, "options": (), "key": ("true",)}, []),
        ({"type": ItemType.SHORT, "options": ()}, ["item.answer_missing"]),
    ],
)
def test_each_fault_of_an_item_has_its_code(change: dict[str, object], codes: list[str]) -> None:
    draft = msgspec.structs.replace(GOOD, **change)
    assert [fault.code for fault in check_item(draft, POINTS)] == codes


def test_a_short_answer_is_marked_by_hand_and_the_rest_is_all_or_nothing() -> None:
    assert default_rule(ItemType.SHORT) is ScoringRule.BY_HAND
    assert default_rule(ItemType.MULTIPLE) is ScoringRule.ALL_OR_NOTHING


def blueprint(*weights: str) -> BlueprintReading:
    scopes = [ScopeDraft("A", "", 1, "全部", "100", 4)]
    scopes += [
        ScopeDraft(f"A-{n}", "A", 2, "范围", weight, 4 + n) for n, weight in enumerate(weights)
    ]
    points = tuple(
        PointDraft(f"A-0-{n:03d}", "点", Importance.X if n else Importance.Z, "A-0", "A-0", 4)
        for n in range(10)
    )
    return BlueprintReading("b", tuple(scopes), points, ())


def test_weights_sum_to_their_parent() -> None:
    assert check_blueprint(blueprint("40", "60")) == []
    (fault,) = check_blueprint(blueprint("40", "59.5"))
    assert (fault.code, fault.params["total"], fault.params["due"]) == (
        "blueprint.weight_sum", "99.5", "100",
    )  # fmt: skip
    assert [fault.code for fault in check_blueprint(blueprint("40", ""))] == [
        "blueprint.weight_missing"
    ]


def test_shares_and_counts_of_points_only_warn() -> None:
    codes = [one.code for one in advise_blueprint(blueprint("40", "60"))]
    assert codes == [
        "blueprint.importance_share", "blueprint.few_points",
        "blueprint.scope_points", "blueprint.scope_points",
    ]  # fmt: skip


def test_weight_bands_come_from_the_weight_alone() -> None:
    from decimal import Decimal

    assert [weight_band(Decimal(one)) for one in (28, 20, 12, 4)] == ["高", "高", "中", "低"]


STEM = "在无人抽检的夜班中仍严格按照标注规范作业这主要体现了职业道德的自律作用而不是考核作用"


def test_a_stem_with_other_signs_and_one_other_word_is_alike() -> None:
    known = [Text("item_1", STEM)]
    (found,) = find_alike([Text("new", STEM.replace("主要", "首要") + "( )。")], known)
    assert (found.name, found.like) == ("new", "item_1")
    assert THRESHOLD <= found.similarity < 1


def test_a_common_stem_with_other_options_is_not_alike() -> None:
    known = [Text("item_1", "下列说法正确的是( )。", ("甲乙丙", "丁戊己"))]
    assert find_alike([Text("n", "下列说法正确的是()", ("子丑寅", "卯辰巳"))], known) == []
    assert find_alike([Text("n", "下列说法正确的是()", ("丁戊己", "甲乙丙"))], known)


@given(st.lists(st.text("甲乙丙丁戊", min_size=1, max_size=24), min_size=2, max_size=9))
def test_the_filter_finds_exactly_what_comparing_all_finds(stems: list[str]) -> None:
    texts = [Text(str(at), stem) for at, stem in enumerate(stems)]
    due = {
        text.name
        for at, text in enumerate(texts)
        if any(similarity(grams(text.stem), grams(other.stem)) >= THRESHOLD for other in texts[:at])
    }
    assert {one.name for one in find_alike(texts, [])} == due

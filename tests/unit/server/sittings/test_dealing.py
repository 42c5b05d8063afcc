"""Dealing a form."""

from hypothesis import given
from hypothesis import strategies as st

from paper.items import FormItem, ItemType, Option
from paper.package import Form
from server.sittings.rules.dealing import deal, full_score, sections


def make_item(number: int, kind: ItemType) -> FormItem:
    options: tuple[Option, ...] = ()
    if kind is ItemType.JUDGE:
        options = (Option("true", "正确"), Option("false", "错误"))
    elif kind is not ItemType.SHORT:
        options = tuple(Option(f"o{number}-{i}", f"选项 {i}") for i in range(4))
    return FormItem(f"item-{number}", kind, f"第 {number} 题", options, "0.5", "A-A-A-001")


def make_form(*counts: int) -> Form:
    kinds = [ItemType.JUDGE, ItemType.SINGLE, ItemType.MULTIPLE, ItemType.SHORT]
    items: list[FormItem] = []
    for kind, count in zip(kinds, counts, strict=True):
        items += [make_item(len(items) + i, kind) for i in range(count)]
    return Form("A", tuple(items))


forms = st.tuples(*[st.integers(0, 12)] * 4).map(lambda counts: make_form(*counts))
seeds = st.binary(min_size=32, max_size=32)


@given(forms, seeds)
def test_everybody_gets_every_item_once_and_sections_stay_together(form: Form, seed: bytes) -> None:
    dealt = deal(form, seed)
    assert sorted(d.item.item_id for d in dealt) == sorted(i.item_id for i in form.items)
    assert [d.number for d in dealt] == list(range(1, len(form.items) + 1))
    assert [d.item.type for d in dealt] == [i.type for i in form.items]


@given(forms, seeds)
def test_options_are_the_same_options_and_judge_keeps_its_order(form: Form, seed: bytes) -> None:
    for entry in deal(form, seed):
        assert sorted(o.id for o in entry.options) == sorted(o.id for o in entry.item.options)
        if entry.item.type is ItemType.JUDGE:
            assert entry.options == entry.item.options


@given(forms, seeds)
def test_the_same_seed_deals_the_same_paper_again(form: Form, seed: bytes) -> None:
    assert deal(form, seed) == deal(form, seed)


def test_other_seeds_deal_other_orders() -> None:
    form = make_form(5, 20, 5, 2)
    orders = {tuple(d.item.item_id for d in deal(form, bytes([n] * 32))) for n in range(20)}
    letters = {deal(form, bytes([n] * 32))[10].options for n in range(20)}
    assert len(orders) == 20
    assert len(letters) > 10


def test_sections_cover_the_paper_without_gaps() -> None:
    found = sections(deal(make_form(2, 3, 0, 1), b"s" * 32))
    assert [(s.type, s.first, s.last) for s in found] == [
        (ItemType.JUDGE, 1, 2), (ItemType.SINGLE, 3, 5), (ItemType.SHORT, 6, 6),
    ]  # fmt: skip


def test_scores_are_added_as_decimals() -> None:
    assert full_score(make_form(1, 2, 0, 0).items) == "1.5"

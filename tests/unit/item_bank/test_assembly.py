"""Assembly keeps every rule, repeats itself, and says exactly what is short."""

from collections import Counter
from decimal import Decimal
from itertools import combinations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from item_bank.assembly import (
    Drawn,
    Plan,
    Rule,
    Section,
    Short,
    Supply,
    TierPolicy,
    TierShare,
    assemble,
)
from kernel.errors import Refusal
from paper.items import ItemType, Tier

S, J = ItemType.SINGLE, ItemType.JUDGE
POINTS = {f"{area}-{n}": area for area in ("P", "Q") for n in range(5)}


def item(n: int, kind: ItemType, point: str, **more: Any) -> Supply:
    given = {"tier": Tier.NATIONAL, "difficulty": 3, **more}
    return Supply(f"i{n:03d}", kind, point, **given)


def plan(single: int, judge: int, forms: int = 2, **more: Any) -> Plan:
    sections = tuple(
        Section(kind, count, "1") for kind, count in ((S, single), (J, judge)) if count
    )
    return Plan(sections, forms, 5, {"P": "50", "Q": "50"}, POINTS, **more)


def full_bank(copies: int = 2) -> tuple[Supply, ...]:
    places = [(kind, point) for _ in range(copies) for kind in (S, J) for point in sorted(POINTS)]
    return tuple(item(n, kind, point) for n, (kind, point) in enumerate(places))


def keeps_rules(asked: Plan, supply: tuple[Supply, ...], drawn: Drawn) -> None:
    by_id = {one.item_id: one for one in supply}
    means = []
    for ids in drawn.forms:
        items = [by_id[one] for one in ids]
        assert len(set(ids)) == len(ids) == asked.item_count
        assert Counter(one.type for one in items) == {
            section.type: section.count for section in asked.sections
        }
        assert max(Counter(one.point_code for one in items).values()) == 1
        groups = Counter(one.enemy_group for one in items if one.enemy_group)
        assert max(groups.values(), default=0) <= 1
        assert not any(one.recent for one in items)
        for area in asked.weights:
            cents = sum(100 for one in items if asked.points[one.point_code] == area)
            low, high = asked.bounds(area)
            assert low <= cents <= high
        for share in asked.tier_policy.shares:
            part = Decimal(sum(one.tier is share.tier for one in items)) / len(items)
            assert Decimal(share.least) <= part <= Decimal(share.most)
        means.append(Decimal(sum(one.difficulty for one in items)) / len(items))
    assert max(means) - min(means) <= Decimal(asked.difficulty_gap)
    for left, right in combinations(drawn.forms, 2):
        assert len(set(left) & set(right)) <= asked.overlap_limit


supplies = st.lists(
    st.tuples(
        st.sampled_from([S, J]),
        st.sampled_from(sorted(POINTS)),
        st.sampled_from(list(Tier)),
        st.integers(1, 5),
        st.sampled_from(["", "", "", "e1", "e2"]),
        st.integers(0, 9).map(lambda n: n == 0),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(
    supplies, st.integers(0, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2),
    st.integers(0, 1000),
)  # fmt: skip
def test_forms_keep_every_rule_and_shortages_are_exact(
    rows: list[tuple[ItemType, str, Tier, int, str, bool]],
    single: int,
    judge: int,
    forms: int,
    overlap: int,
    seed: int,
) -> None:
    supply = tuple(
        Supply(f"i{n:03d}", kind, point, tier, level, enemy, recent)
        for n, (kind, point, tier, level, enemy, recent) in enumerate(rows)
    )
    shares = (TierShare(Tier.INSTITUTION, "0", "0.5"),)
    asked = msgspec.structs.replace(
        plan(single, judge, forms), overlap_limit=overlap, seed=seed,
        tier_policy=TierPolicy((Tier.NATIONAL,), shares), difficulty_gap="1",
    )  # fmt: skip
    outcome = assemble(asked, supply)
    if isinstance(outcome, Drawn):
        keeps_rules(asked, supply, outcome)
        assert assemble(asked, supply) == outcome
        return
    assert outcome.proven or (overlap and forms > 1)
    assert outcome.shortages or outcome.loosenings
    if outcome.shortages and not outcome.with_all_rules:
        plain = tuple(
            Supply(one.item_id, one.type, one.point_code, Tier.NATIONAL, 3)
            for one in supply
            if not one.recent
        )
        written = added(outcome)
        loose = msgspec.structs.replace(asked, tier_policy=TierPolicy())
        assert isinstance(assemble(loose, (*plain, *written)), Drawn)
        if outcome.proven:
            assert isinstance(assemble(loose, (*plain, *written[1:])), Short)


def added(short: Short) -> list[Supply]:
    """The very items that the report asks for."""
    wanted = [(cell.type, point) for cell in short.shortages for point in cell.points]
    assert len(wanted) == sum(cell.missing for cell in short.shortages)
    return [item(900 + n, kind, point) for n, (kind, point) in enumerate(wanted)]


def test_the_same_seed_gives_the_same_forms_and_another_seed_others() -> None:
    bank = full_bank()
    asked = plan(4, 2)
    first = assemble(asked, bank)
    assert assemble(asked, tuple(reversed(bank))) == first
    others = [assemble(msgspec.structs.replace(asked, seed=seed), bank) for seed in (6, 7, 8)]
    assert any(other != first for other in others)


def test_a_missing_cell_is_named_with_its_count_and_point() -> None:
    bank = tuple(one for one in full_bank() if (one.type, POINTS[one.point_code]) != (J, "Q"))
    bank = tuple(one for one in bank if (one.type, POINTS[one.point_code]) != (S, "Q"))
    outcome = assemble(plan(2, 0), bank)
    assert isinstance(outcome, Short)
    (cell,) = outcome.shortages
    assert (cell.area, cell.type, cell.missing, cell.have) == ("Q", S, 2, 0)
    assert all(point.startswith("Q-") for point in cell.points)


def test_forms_share_items_only_when_they_must_and_no_more_than_allowed() -> None:
    apart = assemble(plan(2, 0, overlap_limit=2), full_bank())
    assert isinstance(apart, Drawn)
    assert apart.shared == 0
    scarce = tuple(item(n, S, point) for n, point in enumerate(["P-0", "Q-0", "Q-1"]))
    shared = assemble(plan(2, 0, overlap_limit=1), scarce)
    assert isinstance(shared, Drawn)
    assert shared.shared == 1
    none = assemble(plan(2, 0), scarce)
    assert isinstance(none, Short)
    assert [(one.rule, one.needed) for one in none.loosenings] == [(Rule.DISJOINT, "1")]


def test_preferred_tiers_come_first() -> None:
    bank = tuple(
        msgspec.structs.replace(one, tier=Tier.NATIONAL if at % 2 else Tier.INSTITUTION)
        for at, one in enumerate(full_bank(4))
    )
    drawn = assemble(plan(2, 2, 1, tier_policy=TierPolicy((Tier.INSTITUTION,))), bank)
    assert isinstance(drawn, Drawn)
    tiers = {one.item_id: one.tier for one in bank}
    assert {tiers[one] for one in drawn.forms[0]} == {Tier.INSTITUTION}


@pytest.mark.parametrize(
    ("bank", "more", "rule", "needed"),
    [
        ([("P-0", 1, ""), ("Q-0", 1, ""), ("P-1", 3, ""), ("Q-1", 3, "")], {},
         Rule.DIFFICULTY, None),
        ([("P-0", 3, "e"), ("Q-0", 3, "e"), ("P-1", 3, "e"), ("Q-1", 3, "e")], {},
         Rule.ENEMIES, "2"),
        ([("P-0", 3, ""), ("Q-0", 3, ""), ("P-1", 3, ""), ("Q-1", 3, "")],
         {"tier_policy": TierPolicy((), (TierShare(Tier.NATIONAL, "0", "0.5"),))},
         Rule.TIER_MOST, "2/2"),
    ],
)  # fmt: skip
def test_a_rule_that_stands_in_the_way_is_named_with_the_least_change(
    bank: list[tuple[str, int, str]], more: dict[str, Any], rule: Rule, needed: str | None
) -> None:
    supply = tuple(
        item(n, S, point, difficulty=level, enemy_group=enemy)
        for n, (point, level, enemy) in enumerate(bank)
    )
    outcome = assemble(plan(2, 0, **more), supply)
    if needed is None:  # one easy and one hard item in each form: the gap is none
        assert isinstance(outcome, Drawn)
        return
    assert isinstance(outcome, Short)
    assert outcome.shortages == ()
    assert [(one.rule, one.needed) for one in outcome.loosenings if one.rule is rule] == [
        (rule, needed)
    ]


def test_an_unequal_pair_of_forms_names_the_gap_it_would_take() -> None:
    supply = tuple(
        item(n, S, point, difficulty=level)
        for n, (point, level) in enumerate([("P-0", 1), ("Q-0", 1), ("P-1", 1), ("Q-1", 4)])
    )
    outcome = assemble(plan(2, 0), supply)
    assert isinstance(outcome, Short)
    gaps = [one.needed for one in outcome.loosenings if one.rule is Rule.DIFFICULTY]
    assert gaps == ["1.5"]
    wider = assemble(plan(2, 0, difficulty_gap="1.5"), supply)
    assert isinstance(wider, Drawn)


def test_scores_that_cannot_meet_the_weights_name_the_tolerance_it_would_take() -> None:
    asked = msgspec.structs.replace(plan(3, 0, 1), sections=(Section(S, 1, "3"),))
    outcome = assemble(asked, full_bank())
    assert isinstance(outcome, Short)
    assert [(one.rule, one.needed) for one in outcome.loosenings] == [(Rule.AREA_SCORE, "1.5")]
    assert isinstance(assemble(msgspec.structs.replace(asked, tolerance="1.5"), full_bank()), Drawn)


@pytest.mark.parametrize(
    "change",
    [
        {"sections": ()}, {"form_count": 0}, {"form_count": 9}, {"weights": {"P": "99"}},
        {"sections": (Section(S, 1, "1"), Section(S, 2, "1"))},
        {"sections": (Section(S, 1, "0.001"),)},
        {"tier_policy": TierPolicy((), (TierShare(Tier.NATIONAL, "0.6", "0.5"),))},
    ],
)  # fmt: skip
def test_a_plan_that_means_nothing_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="assembly.plan_bad"):
        assemble(msgspec.structs.replace(plan(2, 0), **change), full_bank())

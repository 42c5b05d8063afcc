"""server.sittings.rules.bound: the paper is the one that the log binds, or none."""

import pytest

from kernel.errors import Refusal
from ledger.reading import OpenRecord
from paper.package import Form, form_hash
from server.sittings.rules.bound import bound_form, dealt_items
from server.sittings.rules.dealing import deal
from tests.unit.server.supervision.histories import FORM, SEED, Story, opened

OTHER = Form("B", FORM.items)
CHANGED = Form("A", FORM.items[:-1])


def bound_to(opening: Form, started: Form) -> list[OpenRecord]:
    story = Story()
    story.tell("opened", form_code=opening.form_code, form_hash=form_hash(opening).hex())
    return story.tell(
        "started", form_code=started.form_code, form_hash=form_hash(started).hex(),
        order_seed=SEED.hex(),
    ).records  # fmt: skip


def test_the_form_is_the_one_the_stream_was_bound_to() -> None:
    records = opened().records
    assert bound_form(records, [OTHER, FORM]) is FORM
    assert bound_form(records, [CHANGED, FORM]) is FORM


@pytest.mark.parametrize("forms", [[], [OTHER], [CHANGED], [OTHER, CHANGED]])
def test_a_form_of_another_code_or_other_bytes_is_not_it(forms: list[Form]) -> None:
    for records in (opened().records, []):
        with pytest.raises(Refusal, match=r"sitting\.form_unknown"):
            bound_form(records, forms)
    with pytest.raises(Refusal, match=r"sitting\.form_unknown"):
        dealt_items(opened().records, forms)


def test_the_items_are_in_the_order_that_was_dealt_and_none_before() -> None:
    records = opened().records
    assert dealt_items(records, [OTHER, FORM]) == tuple(deal(FORM, SEED))
    assert dealt_items(records[:-1], [FORM]) == ()
    assert dealt_items([], []) == ()


@pytest.mark.parametrize("started", [OTHER, CHANGED])
def test_another_form_dealt_than_bound_is_refused_though_the_package_has_both(
    started: Form,
) -> None:
    assert dealt_items(bound_to(FORM, FORM), [FORM, started])
    with pytest.raises(Refusal, match=r"sitting\.form_unknown"):
        dealt_items(bound_to(FORM, started), [FORM, started])

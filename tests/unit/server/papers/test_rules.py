"""server.papers.rules: nothing too early, nothing that is not what was signed."""

import msgspec
import pytest

from kernel.errors import Refusal
from paper.package import FORMAT, Content, Form, FormSummary, Manifest, Scoring, form_hash
from paper.scoring import Key, ScoringRule
from server.papers.rules import (
    KEY_KEPT_MS,
    KEY_RENEWED_MS,
    KEY_TAKES_MS,
    SHARE_KEPT_MS,
    check_content,
    check_release_time,
    check_scoring,
    key_takes,
    share_counts,
)
from tests.integration.server.world import forms

CONTENT = Content("理论知识", forms("AB"))
KEYS = {
    f"item-{code}": Key(f"item-{code}", ("true",), ScoringRule.ALL_OR_NOTHING, "1") for code in "AB"
}


def manifest_of(shown: tuple[Form, ...]) -> Manifest:
    return Manifest(
        format=FORMAT, package_id="p", occupation_code="o", occupation_name="o", level=3,
        title="t", pass_score="60", sealed_at_ms=1,
        forms=tuple(FormSummary(f.form_code, 1, "1", form_hash(f).hex()) for f in shown),
        content_sha256="", scoring_sha256="", shares_needed=2, content_shares=(),
        scoring_shares=(), signer_public="",
    )  # fmt: skip


@pytest.mark.parametrize(("now_ms", "wait_s"), [(69_999, 1), (0, 70), (69_001, 1)])
def test_before_its_time_the_wait_is_told(now_ms: int, wait_s: int) -> None:
    with pytest.raises(Refusal) as refused:
        check_release_time(now_ms, starts_at_ms=100_000, release_opens_s=30)
    assert refused.value.params == {"not_before_ms": 70_000, "wait_s": wait_s}


def test_from_its_time_on_the_key_may_come() -> None:
    check_release_time(70_000, starts_at_ms=100_000, release_opens_s=30)


def test_the_signed_forms_pass() -> None:
    check_content(manifest_of(CONTENT.forms), CONTENT)


@pytest.mark.parametrize("shown", ["A", "ABC", "AC", "BB"])
def test_other_more_or_fewer_forms_are_named(shown: str) -> None:
    with pytest.raises(Refusal, match=r"papers\.form_differs"):
        check_content(manifest_of(forms(shown)), CONTENT)


def test_one_changed_word_in_one_item_is_found() -> None:
    first = CONTENT.forms[0]
    item = msgspec.structs.replace(first.items[0], stem="另一题干")
    changed = Content("理论知识", (msgspec.structs.replace(first, items=(item,)), CONTENT.forms[1]))
    with pytest.raises(Refusal) as refused:
        check_content(manifest_of(CONTENT.forms), changed)
    assert refused.value.params == {"form": "A"}


def test_an_item_without_a_key_is_named() -> None:
    check_scoring(CONTENT, Scoring(KEYS))
    with pytest.raises(Refusal) as refused:
        check_scoring(CONTENT, Scoring({"item-A": KEYS["item-A"]}))
    assert refused.value.params == {"item": "item-B"}


def test_a_share_counts_for_half_an_hour_by_a_clock_before_or_behind() -> None:
    assert [share_counts(10**7, 10**7 + off) for off in (0, 1_799_999, -1_799_999)] == [True] * 3
    assert [share_counts(10**7, 10**7 + off) for off in (1_800_000, -1_800_000)] == [False] * 2


def test_a_key_takes_shares_no_longer_than_it_can_keep_them_to_their_end() -> None:
    assert key_takes(10**7, 10**7 + 1_799_999)
    assert not key_takes(10**7, 10**7 + 1_800_000)
    assert KEY_RENEWED_MS < KEY_TAKES_MS
    assert KEY_TAKES_MS + SHARE_KEPT_MS <= KEY_KEPT_MS

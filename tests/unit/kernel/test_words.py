"""kernel.words: every refusal that the code can raise has words in both languages."""

import ast
import string
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from kernel.access import Role
from kernel.errors import Refusal, RowError
from kernel.words import LANGUAGES, catalogue, say, say_refusal, say_row
from ledger.erasure.proof import OrderFault
from paper.items import Tier
from server.checkin.rules import State
from server.invigilation.rules import Decision, IncidentKind
from server.seating.rules import DrawState
from server.sessions.rules import SessionState

ROOT = Path(__file__).parents[3]
PACKAGES = ("kernel", "paper", "ledger", "item_bank", "proctor", "server", "practice")
RAISERS = {"Refusal": 0, "RowRefusal": 0, "RowError": 2}


def _codes() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                    continue
                at = RAISERS.get(node.func.id)
                if at is not None and len(node.args) > at:
                    code = node.args[at]
                    if isinstance(code, ast.Constant) and isinstance(code.value, str):
                        yield code.value, f"{path.relative_to(ROOT)}:{node.lineno}"


def test_every_code_in_the_sources_has_words_in_both_languages() -> None:
    found = list(_codes())
    assert len(found) > 20
    missing = [
        (code, place)
        for code, place in found
        if not all(catalogue().get(code, {}).get(lang) for lang in LANGUAGES)
    ]
    assert missing == []


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_both_languages_say_equally_much(code: str) -> None:
    sentences = catalogue()[code]
    used = [
        {name for _, name, _, _ in string.Formatter().parse(sentences[lang]) if name}
        for lang in LANGUAGES
    ]
    # a name of a thing may have a parameter per language (``type_name`` beside ``type``)
    assert {n.removesuffix("_name") for n in used[0]} == {n.removesuffix("_name") for n in used[1]}


def test_an_unknown_code_is_shown_and_not_hidden() -> None:
    assert say("no.such", {}) == "no.such"


def test_a_row_error_names_its_place_in_both_languages() -> None:
    error = RowError(5, "答案", "response.too_many", {"item": "7"}, "bank.xlsx")
    assert say_row(error, "zh").startswith("bank.xlsx 第 5 行「答案」:")
    assert "row 5" in say_row(error, "en")


def test_a_refusal_speaks_with_its_parameters() -> None:
    assert "主考" in say_refusal(Refusal("access.role_missing", needed="chief"))


TERMS: dict[str, type[StrEnum]] = {
    "session_state": SessionState, "draw_state": DrawState, "role": Role, "visit_state": State,
    "incident_kind": IncidentKind, "decision": Decision, "tier": Tier, "order_fault": OrderFault,
}  # fmt: skip


@pytest.mark.parametrize("group", sorted(TERMS))
def test_every_value_that_a_sentence_may_name_has_its_own_word(group: str) -> None:
    for value in TERMS[group]:
        for language in LANGUAGES:
            assert catalogue()[f"{group}.{value}"][language]


def test_a_state_is_named_in_the_readers_language() -> None:
    refusal = Refusal("sessions.wrong_state", state="marked", needed="published")
    assert say_refusal(refusal, "zh") == "场次当前状态为“已阅卷”,此操作需要“已公布”。"
    assert say_refusal(refusal, "en") == "The session is “marked”; this needs “published”."


def test_several_roles_are_named_one_by_one() -> None:
    refusal = Refusal("access.role_missing", needed="chief, officer")
    assert "主考、考务" in say_refusal(refusal, "zh")
    assert "chief, officer" in say_refusal(refusal, "en")


def test_a_value_without_a_word_is_shown_and_not_hidden() -> None:
    assert "no_such" in say_refusal(Refusal("draw.wrong_state", state="no_such"))


def test_no_sentence_asks_for_a_list_of_words_that_is_not_there() -> None:
    groups = {code.partition(".")[0] for code in catalogue()}
    for code, sentences in catalogue().items():
        for language in LANGUAGES:
            for _, _, spec, _ in string.Formatter().parse(sentences[language]):
                assert not spec or spec in groups, (code, language, spec)


def test_witness_and_cosignature_have_one_name_each() -> None:
    """见证人 and 见证签名, wherever a person reads of them."""
    others = ("连署", "会签", "共同签名", "见证方")
    printed = (ROOT / "server").rglob("*.py")
    read = [ROOT / "README.zh-CN.md", *(ROOT / "client").glob("*/locale/**/*.json"), *printed]
    assert len(read) > 5
    texts = {str(path): path.read_text(encoding="utf-8") for path in read}
    texts |= {code: sentences["zh"] for code, sentences in catalogue().items()}
    assert [place for place, text in texts.items() if any(one in text for one in others)] == []

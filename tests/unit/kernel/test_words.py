"""kernel.words: every refusal that the code can raise has words in both languages."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.errors import Refusal, RowError
from kernel.words import LANGUAGES, catalogue, say, say_refusal, say_row

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
    assert "chief" in say_refusal(Refusal("access.role_missing", needed="chief"))

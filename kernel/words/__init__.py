"""The one catalogue of the words that server programs say to people, in Chinese and English.

Rules kept here: every refusal code has both languages; a sentence says what happened and what to
do; parameters stand in braces, ``{state:session_state}`` where the value has a word of its own
(``terms.toml``). The files ``*.toml`` beside this one hold them: ``["code"] zh = … en
= …``.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Self

from typing_extensions import TypedDict

from kernel.errors import Refusal, RowError

LANGUAGES = ("zh", "en")


class Sentence(TypedDict):
    """The same words in both languages."""

    zh: str
    en: str


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Code → language → sentence. Raises ValueError when a code stands twice."""
    found: dict[str, Mapping[str, str]] = {}
    for entry in sorted(resources.files(__name__).iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".toml"):
            continue
        for code, sentences in tomllib.loads(entry.read_text(encoding="utf-8")).items():
            if code in found:
                raise ValueError(f"{code} stands twice in the catalogue")
            found[code] = sentences
    return found


def say(code: str, params: Mapping[str, object], language: str = "zh") -> str:
    """The sentence; an unknown code is shown as itself, so nothing is hidden."""
    sentence = catalogue().get(code, {}).get(language)
    if sentence is None:
        return code
    worded = {
        name: _Term(value, language) if isinstance(value, str) else value
        for name, value in params.items()
    }
    try:
        return sentence.format(**worded)
    except (KeyError, IndexError):
        return sentence


class _Term(str):
    """A parameter that a sentence may name by its word; several stand with commas."""

    __slots__ = ("_language",)
    _language: str

    def __new__(cls, value: str, language: str) -> Self:
        made = super().__new__(cls, value)
        made._language = language
        return made

    def __format__(self, group: str) -> str:
        if not group:
            return str(self)
        words = [
            catalogue().get(f"{group}.{one}", {}).get(self._language, one)
            for one in self.split(", ")
        ]
        return {"zh": "、", "en": ", "}[self._language].join(words)


def sentence(code: str, params: Mapping[str, object]) -> Sentence:
    """``say`` in both languages."""
    return Sentence(zh=say(code, params, "zh"), en=say(code, params, "en"))


def say_refusal(refusal: Refusal, language: str = "zh") -> str:
    """A refusal in words."""
    return say(refusal.code, refusal.params, language)


def say_row(error: RowError, language: str = "zh") -> str:
    """``第 5 行「答案」:…``: the place, then what is wrong and how to mend it; row 0 is no row."""
    place = {
        "zh": f"{error.source} 第 {error.row} 行「{error.field}」:",
        "en": f"{error.source} row {error.row}, field “{error.field}”: ",
    }[language]
    if not error.row:
        place = {"zh": f"字段「{error.field}」:", "en": f"field “{error.field}”: "}[language]
    return place.lstrip() + say(error.code, error.params, language)

"""What the proctor says to people."""

import ast
import re
from pathlib import Path

import pytest

from kernel.words import LANGUAGES, catalogue
from proctor.rules import Advice, Reason

SOURCES = sorted((Path(__file__).parents[3] / "proctor").rglob("*.py"))
CODE = re.compile(r"^(face|image|proctor|segment)\.[a-z_]+$")


def spoken() -> set[str]:
    texts = {
        node.value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    codes = {text for text in texts if CODE.match(text)}
    codes |= {f"face.{reason}" for reason in Reason}
    codes |= {f"face.reason.{reason}" for reason in Reason}
    return codes | {f"face.advice.{advice}" for advice in Advice}


@pytest.mark.parametrize("code", sorted(spoken()))
def test_every_code_has_words_in_both_languages(code: str) -> None:
    assert all(catalogue()[code][language] for language in LANGUAGES)

"""The catalogue is closed: every kind that the rooms write stands in it, for the right streams."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.errors import Refusal
from ledger.kinds import CATALOGUE, Writer, as_markdown, must_be_known

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "docs" / "formats" / "kinds.md"

# Where the kind stands among the arguments of each call that writes a record.
CALLS = {
    "Act": 0,
    "StaffAct": 0,
    "note": 3,
    "_note": 2,
    "open_stream": 3,
    "write_record": 2,
    "write": 2,
    "_write": 2,
    "_record": 3,
}
SESSION_CALLS = {"note", "_note"}


def written() -> Iterator[tuple[str, str, str]]:
    """File and line, the call's name, and the kind that is written there in letters."""
    for path in sorted((ROOT / "server").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            function = node.func
            name = getattr(function, "attr", None) or getattr(function, "id", "")
            if name not in CALLS:
                continue
            by_name = [word.value for word in node.keywords if word.arg == "kind"]
            given = by_name or node.args[CALLS[name] : CALLS[name] + 1]
            for value in given:
                for one in ast.walk(value):
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", name, one.value


def test_every_kind_that_the_rooms_write_is_in_the_catalogue() -> None:
    seen = list(written())
    assert len({kind for _, _, kind in seen}) > 40, "the walk saw too little"
    unknown = [f"{place}: {kind}" for place, _, kind in seen if kind not in CATALOGUE]
    assert unknown == []


def test_what_is_noted_in_the_sessions_stream_may_stand_there() -> None:
    wrong = [
        f"{place}: {kind}"
        for place, name, kind in written()
        if name in SESSION_CALLS and "session" not in CATALOGUE[kind].streams
    ]
    assert wrong == []


def test_a_kind_in_the_wrong_stream_or_of_no_catalogue_is_refused() -> None:
    must_be_known("answer_set", "sitting/s")
    for kind, stream in (("answer_set", "camera/s"), ("no_such", "sitting/s"), ("opened", "x")):
        with pytest.raises(Refusal, match="ledger.kind_unknown"):
            must_be_known(kind, stream)


def test_every_kind_has_words_in_both_languages_and_a_place() -> None:
    for entry in CATALOGUE.values():
        assert entry.zh, entry.name
        assert entry.en, entry.name
        assert entry.streams, entry.name
        assert entry.writer in Writer


def test_the_published_catalogue_is_fresh() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == as_markdown(), (
        "run python -m ledger.kinds > docs/formats/kinds.md"
    )

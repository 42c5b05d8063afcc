"""The API's description and the client's types in the repository are those that the code gives."""

import json
from pathlib import Path
from typing import Any

import pytest

from setup.openapi import DESCRIPTION, TYPES, fresh, main, stale, types
from setup.places import CLIENT


@pytest.fixture(scope="module")
def made() -> dict[Path, str]:
    return fresh()


@pytest.fixture
def copy(tmp_path: Path, made: dict[Path, str]) -> Path:
    for place, text in made.items():
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(text)
    return tmp_path


def test_the_repository_has_what_the_code_gives(made: dict[Path, str]) -> None:
    assert stale(CLIENT, made) == [], "run `make openapi`"


def test_what_was_just_written_is_fresh(copy: Path, made: dict[Path, str]) -> None:
    assert stale(copy, made) == []


@pytest.mark.parametrize("place", [DESCRIPTION, TYPES])
def test_one_changed_word_is_stale(copy: Path, made: dict[Path, str], place: Path) -> None:
    text = (copy / place).read_text()
    assert "deadline_ms" in text
    (copy / place).write_text(text.replace("deadline_ms", "deadline_s", 1))
    assert stale(copy, made) == [place]


@pytest.mark.parametrize("place", [DESCRIPTION, TYPES])
def test_a_missing_file_is_stale(copy: Path, made: dict[Path, str], place: Path) -> None:
    (copy / place).unlink()
    assert stale(copy, made) == [place]


def test_the_check_says_what_to_run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    made: dict[Path, str],
    copy: Path,
) -> None:
    monkeypatch.setattr("setup.openapi.fresh", lambda: made)
    monkeypatch.setattr("setup.openapi.CLIENT", copy)
    assert main(["--check"]) == 0
    (copy / TYPES).write_text("export interface paths {}\n")
    assert main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "client/shared/api-types.ts" in said
    assert "make openapi" in said
    assert (copy / TYPES).read_text() == "export interface paths {}\n"
    assert main([]) == 0
    assert main(["--check"]) == 0


def test_a_declared_refusal_is_in_the_types() -> None:
    described = """{
      "openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/x": {"get": {
        "responses": {"409": {"description": "", "content": {"application/json": {"schema":
          {"type": "object", "properties": {"code": {"enum": ["answer.too_late"]}}}}}}}}}}
    }"""
    assert '"answer.too_late"' in types(described)


def is_shapeless(schema: dict[str, Any]) -> bool:
    inner = schema.get("items", schema)
    return inner.get("type") == "object" and inner.get("additionalProperties") is True


def test_every_answer_in_json_has_a_shape(made: dict[Path, str]) -> None:
    """An endpoint that says only `object` leaves the client to guess."""
    answers = {
        f"{method.upper()} {path}": answer["content"]["application/json"]["schema"]
        for path, item in json.loads(made[DESCRIPTION])["paths"].items()
        for method, operation in item.items()
        for status, answer in operation["responses"].items()
        if status.startswith("2") and "application/json" in answer.get("content", {})
    }
    assert len(answers) > 60
    assert [name for name, schema in answers.items() if is_shapeless(schema)] == []

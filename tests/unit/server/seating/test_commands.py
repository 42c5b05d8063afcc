"""``gongyuan draw verify FILE``: exit codes and words."""

import argparse
import json
from pathlib import Path

import pytest

from server.seating.commands import draw_arguments, run_draw

VECTOR = Path(__file__).parents[3] / "vectors" / "draw.json"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    draw_arguments(parser)
    return run_draw(parser.parse_args(["verify", *words]))


def test_a_good_draw_exits_0_and_says_so_in_both_languages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(str(VECTOR)) == 0
    said = capsys.readouterr().out
    assert "抽签复算一致" in said
    assert "The draw recomputes: 7 seats" in said


def test_a_changed_seat_exits_1_and_names_the_sitting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.loads(VECTOR.read_bytes())
    data["placements"][2]["form_code"] = "C"
    changed = tmp_path / "draw.json"
    changed.write_text(json.dumps(data))
    assert run(str(changed)) == 1
    assert data["placements"][2]["sitting_id"] in capsys.readouterr().err
    assert run(str(changed), "--json") == 1
    line = json.loads(capsys.readouterr().out)
    assert line["good"] is False
    assert len(line["faults"]) == 1


@pytest.mark.parametrize("content", [None, "no json", "[]"])
def test_what_is_no_draw_never_passes(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "draw.json"
    if content is not None:
        file.write_text(content)
    assert run(str(file)) == (1 if content == "[]" else 2)

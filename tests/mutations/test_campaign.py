"""A sample of the campaign at every change; `make mutations` runs the whole of it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutations import without_keys
from tests.mutations.campaign import ATTACKS, _shapes, campaign, main, run_kind, table
from tests.mutations.case import Case, Expected

POSITIONS, UNTOUCHED = 4, 12


@pytest.mark.timeout(240)
def test_every_attack_is_found_at_its_place_and_whole_archives_pass() -> None:
    rows = campaign(POSITIONS, UNTOUCHED)
    assert [one for row in rows for one in row.failures] == []
    assert {row.kind: row.tried for row in rows} == {
        **dict.fromkeys(ATTACKS, POSITIONS),
        "untouched": UNTOUCHED,
    }
    assert all(row.found == row.placed == row.tried for row in rows)
    assert len(ATTACKS) >= 16
    assert table(rows).count("\n") == len(rows) + 1


@pytest.mark.parametrize(
    ("kind", "positions"),
    [
        ("edit_byte", (176, 228, 313)),  # a byte of the origin in one record of a stream
        ("change_file", (378, 764, 953)),  # a path in the list of recordings that sorts before it
        ("replay_checkpoint", (117, 293)),  # a checkpoint of the moment before the seal's leaf
    ],
)
def test_what_the_full_campaign_once_found_at_the_wrong_place_is_found_at_the_right_one(
    kind: str, positions: tuple[int, ...]
) -> None:
    assert run_kind(kind, positions, _shapes()).failures == []


def test_the_campaign_writes_its_table_and_says_no_when_a_place_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in set(ATTACKS) - {"drop"}:
        monkeypatch.delitem(ATTACKS, name)
    words = ["--positions", "2", "--untouched", "1", "--workers", "1", "--report"]
    report = tmp_path / "report.json"
    assert main([*words, str(report)]) == 0
    assert "| `drop` |" in capsys.readouterr().out
    written = json.loads(report.read_text())
    assert written["good"]
    assert [(one["kind"], one["tried"]) for one in written["kinds"]] == [
        ("drop", 2),
        ("untouched", 1),
    ]
    monkeypatch.setitem(ATTACKS, "drop", replace(ATTACKS["drop"], act=_elsewhere))
    assert main([*words, str(report)]) == 1
    assert not json.loads(report.read_text())["good"]


def _elsewhere(case: Case) -> Expected:
    expected = without_keys.drop(case)
    return replace(expected, seq=expected.seq + 1)

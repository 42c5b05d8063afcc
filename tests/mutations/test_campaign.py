"""A sample of the campaign at every change; `make mutations` runs the whole of it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutations import without_keys
from tests.mutations.campaign import ATTACKS, campaign, main, table
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

"""``gongyuan bank``: blueprint, items, forms and items out again, as a keeper types it."""

from pathlib import Path

import pytest

from setup.places import ROOT
from tests.integration.cli.conftest import Terminal

CONTENT = ROOT / "item_bank" / "samples" / "ai_trainer_3"
SECTIONS = "single:24x2,multiple:6x4,judge:9x2,short:1x10"
ITEMS = 48


@pytest.fixture
def blueprint_id(terminal: Terminal) -> str:
    made = terminal.run(
        "bank", "blueprint", CONTENT / "blueprint.csv", "--occupation", "4-04-05-05",
        "--name", "人工智能训练师", "--level", "3",
    )  # fmt: skip
    assert made.status == 0, made
    assert made.body["points"] > 40
    return str(made.body["blueprint_id"])


@pytest.mark.timeout(180)
def test_items_go_in_forms_come_out_and_the_same_items_are_read_back(
    terminal: Terminal, blueprint_id: str
) -> None:
    bank = ("--blueprint", blueprint_id)
    for tier in ("national", "provincial", "institution"):
        report = terminal.folder / f"{tier}.json"
        done = terminal.run(
            "bank", "import", CONTENT / f"{tier}.txt", *bank, "--tier", tier, "--report", report
        )
        assert done.status == 0, done
        assert done.body["written"]
        assert done.body["rejected"] == 0
        assert report.exists()
    forms = terminal.run(
        "bank", "assemble", *bank, "--title", "卷", "--sections", SECTIONS, "--seed", "7"
    )
    assert forms.status == 0, forms
    assert [(one["items"], one["full_score"]) for one in forms.body["forms"]] == [(40, "100")] * 2
    again = terminal.run(
        "bank", "assemble", *bank, "--title", "卷", "--sections", SECTIONS, "--seed", "7"
    )
    assert again.body["forms"] == forms.body["forms"]
    short = terminal.run(
        "bank", "assemble", *bank, "--title", "卷", "--sections", "single:900x1", "--seed", "7"
    )
    assert short.status == 1
    assert short.body["message"]["zh"] != short.body["message"]["en"]

    out = terminal.folder / "items.xlsx"
    written = terminal.run("bank", "export", out, *bank, "--format", "xlsx", "--tier", "national")
    assert written.status == 0, written
    assert written.body["size_bytes"] == out.stat().st_size
    # A second bank takes what the first gave out.
    other = Terminal(terminal.folder / "other")
    other.folder.mkdir()
    second = other.run(
        "bank", "blueprint", CONTENT / "blueprint.csv", "--occupation", "4-04-05-05",
        "--name", "人工智能训练师", "--level", "3",
    ).body["blueprint_id"]  # fmt: skip
    read = other.run("bank", "import", out, "--blueprint", second, "--tier", "national")
    assert read.status == 0, read
    assert read.body["accepted"] == ITEMS


def test_a_bad_row_is_named_in_both_languages_and_nothing_is_written(
    terminal: Terminal, blueprint_id: str
) -> None:
    bad = terminal.folder / "bad.txt"
    good = (CONTENT / "national.txt").read_text()
    bad.write_text(good.replace("鉴定点: A-A-A-001", "鉴定点: A-A-A-999", 1))
    how = ("--blueprint", blueprint_id, "--tier", "national")
    for more in (("--dry-run",), ()):
        done = terminal.run("bank", "import", bad, *how, *more)
        assert done.status == 1
        assert (done.body["rejected"], done.body["written"]) == (1, False)
        (row,) = done.body["rows"]
        assert (row["source"], row["row"], row["field"]) == ("bad.txt", 1, "鉴定点")
        assert "第 1 行" in row["message"]["zh"]
        assert "row 1" in row["message"]["en"]
        assert "A-A-A-999" in row["message"]["zh"]
    checked = terminal.run("bank", "import", CONTENT / "national.txt", *how, "--dry-run")
    assert checked.status == 0
    assert (checked.body["accepted"], checked.body["written"]) == (ITEMS, False)
    partly = terminal.run("bank", "import", bad, *how, "--partial")
    assert partly.status == 1
    assert (partly.body["accepted"], partly.body["written"]) == (ITEMS - 1, True)


def test_an_unknown_blueprint_and_a_lost_file_are_refused(
    terminal: Terminal, blueprint_id: str
) -> None:
    how = ("--tier", "national")
    unknown = terminal.run("bank", "import", CONTENT / "national.txt", "--blueprint", "b", *how)
    assert unknown.status == 1
    assert unknown.body["code"] == "blueprint.unknown"
    words = terminal.refused(
        "bank", "import", Path("nowhere.txt"), "--blueprint", blueprint_id, *how
    )
    assert "nowhere.txt" in words

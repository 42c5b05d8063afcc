"""``gongyuan doctor``: good on this machine; each fault in both languages, with its remedy."""

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from kernel.clock import SystemClock
from kernel.settings import PdfSettings
from kernel.words import LANGUAGES, say
from server.cli import doctor, main
from setup.places import CLIENT, FONTS, MODELS


class Usage(NamedTuple):
    """Bytes, as shutil.disk_usage says them."""

    total: int
    used: int
    free: int


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine as set-up leaves it."""
    monkeypatch.setenv("GONGYUAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GONGYUAN_CLIENT_DIR", str(CLIENT / "dist"))
    monkeypatch.setenv("GONGYUAN_FACE__MODELS_DIR", str(MODELS))
    monkeypatch.setenv("GONGYUAN_PDF__FONT_PATH", str(FONTS / "NotoSansSC-Regular.ttf"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 40, 0, 1 << 40))
    return tmp_path


def faults(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, str | int]]:
    """What is wrong by the JSON lines, checked against the words shown to people."""
    status = main.main(["doctor", "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    wrong = {one["check"]: one for one in lines if not one["good"]}
    assert [one["check"] for one in lines] == list(doctor.CHECKS)
    assert status == (1 if wrong else 0)
    assert main.main(["doctor"]) == status
    shown = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("✗") for line in shown) == 2 * len(wrong)
    for name, fault in wrong.items():
        for language in LANGUAGES:
            assert f"✗ {say(f'doctor.{name}', fault, language)}" in shown
    return wrong


def test_a_machine_after_set_up_is_good(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert faults(capsys) == {}
    assert list(data.iterdir()) == []


def test_a_full_disk_is_said(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 40, 1 << 40, 300 << 20))
    assert faults(capsys)["disk"]["free_mib"] == 300
    assert data.exists()


def test_a_data_folder_that_cannot_be_written_is_said(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = data / "file"
    taken.touch()
    monkeypatch.setenv("GONGYUAN_DATA_DIR", str(taken))
    assert faults(capsys)["writable"]["path"] == str(taken)


def test_a_clock_that_jumps_is_said(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(SystemClock, "drift_ms", lambda _: -4_000)
    assert faults(capsys)["clock"]["drift_ms"] == -4_000
    assert data.exists()


def test_missing_font_models_and_client_are_said(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GONGYUAN_FACE__MODELS_DIR", str(data / "m"))
    monkeypatch.setenv("GONGYUAN_CLIENT_DIR", str(data / "c"))
    monkeypatch.setenv("GONGYUAN_PDF__FONT_PATH", str(data / "f.ttf"))
    assert PdfSettings(font_path=data / "f.ttf").font_path is not None
    assert set(faults(capsys)) == {"font", "models", "client"}


def test_a_key_ring_that_others_can_read_is_said(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ring = data / "keys" / "keyring.json"
    ring.parent.mkdir()
    ring.touch(0o644)
    ring.chmod(0o644)
    assert faults(capsys)["keyring"]["path"] == str(ring)
    ring.chmod(0o600)
    assert faults(capsys) == {}

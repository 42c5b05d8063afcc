"""The Python environment: `.venv` with exactly what the lock names, and this checkout, editable."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from setup.console import SetupFailed, say
from setup.places import ROOT, VENV, VENV_PYTHON
from setup.run import run
from setup.stamps import digest, is_current, leave

STAMP = VENV / "gongyuan-setup.stamp"
_PIP: tuple[str | Path, ...] = (
    VENV_PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "install",
)  # fmt: skip


def prepare() -> None:
    """Create `.venv` and install the lock into it, unless that is done already."""
    lock = ROOT / "requirements-dev.lock"
    wanted = digest([ROOT / "pyproject.toml", lock], sys.version)
    if VENV_PYTHON.exists() and is_current(STAMP, wanted):
        return
    _create()
    say("安装 Python 依赖(约一分钟)", "installing Python packages (about a minute)")
    failure = SetupFailed(
        "Python 依赖安装失败。请检查网络或 pip 镜像设置后重试 make setup。",
        "Installing Python packages failed. Check the network or pip's mirror settings, "
        "then run make setup again.",
    )
    install(lock, failure)
    run([*_PIP, "--no-deps", "--no-build-isolation", "-e", ROOT], failure=failure, cwd=ROOT)
    run(
        [VENV_PYTHON, "-m", "pip", "check"],
        failure=SetupFailed(
            "依赖锁文件与 pyproject.toml 不一致,请运行 make lock 后重试。",
            "The lock no longer fits pyproject.toml; run make lock and try again.",
        ),
    )
    leave(STAMP, wanted)


def install(lock: Path, failure: SetupFailed, *options: str) -> None:
    """Exactly what a lock names, by hash, into `.venv`. Raises ``failure``."""
    run([*_PIP, *options, "--require-hashes", "--no-deps", "-r", lock], failure=failure)


def _create() -> None:
    """Make the virtual environment, or one with another Python when the old one is broken."""
    if VENV_PYTHON.exists() and os.access(VENV_PYTHON, os.X_OK):
        return
    if find_spec("ensurepip") is None:
        raise SetupFailed(
            "这个 Python 缺少 venv。Debian/Ubuntu 请先运行:apt-get install python3-venv",
            "This Python has no venv. On Debian or Ubuntu run first: apt-get install python3-venv",
        )
    say("创建 .venv", "creating .venv")
    if VENV.exists():
        shutil.rmtree(VENV)
    run(
        [sys.executable, "-m", "venv", VENV],
        failure=SetupFailed("创建 .venv 失败。", "Creating .venv failed."),
    )

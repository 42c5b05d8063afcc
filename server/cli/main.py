"""``gongyuan``: the command line is a contract.

Rules kept here: exit 0 good, 1 a check failed or something was refused, 2 wrong usage; results go
to
standard output (``--json``: JSON lines), words to standard error in Chinese and English.
"""

import argparse
import sys
from types import ModuleType

from kernel.errors import Refusal, RowRefusal
from kernel.words import say_refusal, say_row
from server.cli import archive, bank, bench, demo, doctor, draw, face, practice, rehearse, serve

COMMANDS: dict[str, tuple[ModuleType, str]] = {
    "demo": (demo, "seed a whole world and serve it · 演示"),
    "serve": (serve, "run the server · 运行服务"),
    "migrate": (serve, "bring the schema up to date · 升级数据库"),
    "doctor": (doctor, "check this machine · 检查本机"),
    "bank": (bank, "import, export and assemble items · 题库"),
    "draw": (draw, "recompute a published lot · 复算抽签"),
    "face": (face, "measure and replay face matching · 人脸比对"),
    "practice": (practice, "the public practice program · 模拟练习"),
    "rehearse": (rehearse, "drive a session with simulated candidates · 试考"),
    "archive": (archive, "export a session's archive · 导出档案"),
    "verify": (archive, "prove an archive offline · 离线核验"),
    "bench": (bench, "measure against the physical limit · 基准测试"),
}


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(prog="gongyuan", description="Gongyuan 贡院")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, purpose) in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=purpose)
        getattr(module, f"{name}_arguments")(command)
        command.set_defaults(run=getattr(module, f"run_{name}"))
    return root


def main(words: list[str] | None = None) -> int:
    """Run one command."""
    chosen = parser().parse_args(words)
    try:
        status: int = chosen.run(chosen)
    except Refusal as refusal:
        for row in refusal.rows if isinstance(refusal, RowRefusal) else []:
            sys.stderr.write(f"{say_row(row, 'zh')}\n{say_row(row, 'en')}\n")
        sys.stderr.write(f"✗ {say_refusal(refusal, 'zh')}\n✗ {say_refusal(refusal, 'en')}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    raise SystemExit(main())

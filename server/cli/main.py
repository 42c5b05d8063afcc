"""``gongyuan``: the command line is a contract.

Rules kept here: exit 0 good, 1 a check failed or something was refused, 2 wrong usage; results go
to standard output, words to standard error in Chinese and English; commands, settings and database
are loaded when the program runs and not when this module is imported, so that a process that
matches or verifies for it starts light.
"""

import argparse
import sys

from kernel.errors import Refusal, RowRefusal
from kernel.words import LANGUAGES, say, say_refusal, say_row

_RECEIPT = "verify-receipt"


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    from server.cli import (
        archive,
        bank,
        bench,
        demo,
        doctor,
        draw,
        face,
        keys,
        practice,
        receipt,
        rehearse,
        serve,
        witness,
    )

    table = (
        ("demo", demo.demo_arguments, demo.run_demo, "seed a whole world, serve it · 演示"),
        ("serve", serve.serve_arguments, serve.run_serve, "run the server · 运行服务"),
        ("migrate", serve.migrate_arguments, serve.run_migrate, "update the schema · 升级数据库"),
        ("doctor", doctor.doctor_arguments, doctor.run_doctor, "check this machine · 检查本机"),
        ("bank", bank.bank_arguments, bank.run_bank, "items in and out, forms · 题库"),
        ("draw", draw.draw_arguments, draw.run_draw, "recompute a published lot · 复算抽签"),
        ("face", face.face_arguments, face.run_face, "measure and replay · 人脸比对"),
        (
            "practice",
            practice.practice_arguments,
            practice.run_practice,
            "the public practice program · 模拟练习",
        ),
        (
            "rehearse",
            rehearse.rehearse_arguments,
            rehearse.run_rehearse,
            "a session with simulated candidates · 试考",
        ),
        (
            "archive",
            archive.archive_arguments,
            archive.run_archive,
            "export a session's archive · 导出档案",
        ),
        (
            "verify",
            archive.verify_arguments,
            archive.run_verify,
            "prove an archive offline · 离线核验",
        ),
        (
            "witness",
            witness.witness_arguments,
            witness.run_witness,
            "cosign a log's checkpoints · 为日志检查点作见证签名",
        ),
        ("keys", keys.keys_arguments, keys.run_keys, "the ledger's keys · 日志密钥"),
        ("bench", bench.bench_arguments, bench.run_bench, "against the limit · 基准测试"),
    )
    root = argparse.ArgumentParser(prog="gongyuan", description="Gongyuan 贡院")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, arguments, run, purpose in table:
        command = commands.add_parser(name, help=purpose, description=purpose)
        arguments(command)
        command.set_defaults(run=run)
    # Not in the list: it is written ``verify receipt``, see ``_joined``.
    purpose = "what a receipt proves and what not · 核验回执"
    command = commands.add_parser(_RECEIPT, prog="gongyuan verify receipt", description=purpose)
    receipt.receipt_arguments(command)
    command.set_defaults(run=receipt.run_receipt)
    return root


def main(words: list[str] | None = None) -> int:
    """Run one command."""
    from pydantic import ValidationError

    from kernel.db import is_without_tables
    from kernel.settings import Settings

    chosen = parser().parse_args(_joined(sys.argv[1:] if words is None else words))
    try:
        status: int = chosen.run(chosen)
    except Refusal as refusal:
        for row in refusal.rows if isinstance(refusal, RowRefusal) else []:
            sys.stderr.write(f"{say_row(row, 'zh')}\n{say_row(row, 'en')}\n")
        sys.stderr.write(f"✗ {say_refusal(refusal, 'zh')}\n✗ {say_refusal(refusal, 'en')}\n")
        return 1
    except FileNotFoundError as lost:
        return _failed("cli.no_file", path=str(lost.filename))
    except ValidationError as wrong:
        if wrong.title != Settings.__name__:
            raise
        key = "__".join(str(part) for part in wrong.errors()[0]["loc"]).upper()
        return _failed("cli.setting", key=f"GONGYUAN_{key}", detail=wrong.errors()[0]["msg"])
    except KeyboardInterrupt:
        return 130
    except Exception as failed:
        if not is_without_tables(failed):
            raise
        return _failed("cli.no_tables")
    return status


def _joined(words: list[str]) -> list[str]:
    """``verify receipt FILE`` is a command of its own; a path of that name is ``./receipt``."""
    return [_RECEIPT, *words[2:]] if words[:2] == ["verify", "receipt"] else words


def _failed(code: str, **params: str) -> int:
    for language in LANGUAGES:
        sys.stderr.write(f"✗ {say(code, params, language)}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())

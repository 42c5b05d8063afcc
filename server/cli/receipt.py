"""``gongyuan verify receipt FILE``: what a receipt proves and what not, offline."""

import argparse
import json
import sys
from pathlib import Path

from kernel.clock import as_text
from kernel.errors import Refusal
from kernel.words import LANGUAGES, say, say_refusal
from ledger.comparing import compare_with_archive
from ledger.receipts import (
    FILE_LIMIT_BYTES,
    ProvenReceipt,
    ReceiptFault,
    check_receipt_proof,
    read_receipt_proof,
)
from ledger.report import shown
from server.cli.arguments import number_from, public_key, witness_key


def receipt_arguments(command: argparse.ArgumentParser) -> None:
    """``verify receipt FILE [--archive PATH] [--trust KEY] [--witness KEY]… [--quorum N]``."""
    command.add_argument(
        "file", help="proof file or the QR code's text in a file; - reads it · 证明文件或二维码文字"
    )
    command.add_argument("--archive", type=Path, help="compare with this archive too · 与档案比对")
    command.add_argument("--trust", type=public_key, help="the log's key as published · 日志公钥")
    command.add_argument(
        "--witness", type=witness_key, action="append", default=[],
        help="a witness's verifier key (name+id+key), repeated · 见证人公钥,可重复",
    )  # fmt: skip
    command.add_argument(
        "--quorum",
        type=number_from(0),
        default=0,
        help="so many must sign · 至少几个见证签名",
    )
    command.add_argument("--json", action="store_true", help="one JSON line · 一行 JSON")


def run_receipt(chosen: argparse.Namespace) -> int:
    """Exit 0 when everything asked for holds, 1 with what does not, 2 without a file to read."""
    try:
        text = _read(chosen.file)
    except (OSError, UnicodeDecodeError) as lost:
        detail = lost.strerror if isinstance(lost, OSError) else "UTF-8"
        return _refused(Refusal("receipt_file.unreadable", path=chosen.file, detail=detail or ""))
    try:
        read = read_receipt_proof(text)
        proven = check_receipt_proof(
            read, trust=chosen.trust, witnesses=chosen.witness, quorum=chosen.quorum
        )
        held = None
        if chosen.archive is not None:
            held = compare_with_archive(chosen.archive, read.stated)
    except ReceiptFault as fault:
        return _faulty(fault, as_json=chosen.json)
    except Refusal as refusal:
        return _refused(refusal)
    if chosen.json:
        sys.stdout.write(_json(proven, held) + "\n")
    else:
        sys.stdout.write("\n\n".join(_words(proven, held, chosen, one) for one in LANGUAGES) + "\n")
    return 0


def _words(
    proven: ProvenReceipt, held: int | None, chosen: argparse.Namespace, language: str
) -> str:
    stated = proven.stated
    params = {
        "origin": shown(stated.origin), "stream": shown(stated.stream_id), "count": stated.count,
        "time": as_text(stated.at_ms),
        "head": stated.head.hex()[:16], "index": proven.index, "size": proven.size,
        "names": shown(", ".join(name for name, _ in proven.witnessed)),
        "cosigned": proven.cosigned, "public": proven.public.hex(), "held": held,
    }  # fmt: skip
    alone = "unwitnessed" if proven.cosigned else "not_cosigned"
    seen = "witnessed" if proven.witnessed else alone
    codes = ["good", seen, "untrusted" if chosen.trust is None else "trusted"]
    codes += ["archived"] * (held is not None) + ["not"]
    return "\n".join(say(f"receipt_file.{code}", params, language) for code in codes)


def _json(proven: ProvenReceipt, held: int | None) -> str:
    stated = proven.stated
    return json.dumps(
        {
            "good": True, "origin": stated.origin, "stream": stated.stream_id,
            "count": stated.count, "head": stated.head.hex(), "at_ms": stated.at_ms,
            "index": proven.index, "size": proven.size, "public": proven.public.hex(),
            "witnessed": [list(one) for one in proven.witnessed], "cosigned": proven.cosigned,
            "archived": held,
        }
    )  # fmt: skip


def _faulty(fault: ReceiptFault, *, as_json: bool) -> int:
    if as_json:
        said = {"good": False, "fault": str(fault.fault), "detail": fault.detail}
        sys.stdout.write(json.dumps(said) + "\n")
    else:
        for language in LANGUAGES:
            words = say(f"receipt_file.{fault.fault}", {"detail": fault.detail}, language)
            sys.stdout.write(words + "\n")
    return 1


def _refused(refusal: Refusal) -> int:
    for language in LANGUAGES:
        sys.stderr.write(f"✗ {say_refusal(refusal, language)}\n")
    return 2


def _read(file: str) -> str:
    if file == "-":
        return sys.stdin.read(FILE_LIMIT_BYTES + 1)
    with Path(file).open(encoding="utf-8", newline="") as source:
        return source.read(FILE_LIMIT_BYTES + 1)

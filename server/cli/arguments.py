"""What several commands take: public keys, witnesses' keys, counts."""

import argparse
from collections.abc import Callable

from ledger.receipts import parse_public
from ledger.tree.note import Algorithm, NoteKey


def public_key(text: str) -> bytes:
    """A log's key as it is published: hex, base64 or a verifier key."""
    try:
        return parse_public(text)
    except ValueError as wrong:
        words = "64 or 130 hex digits, base64, name+id+base64 · 十六进制、base64 或核验公钥"
        raise argparse.ArgumentTypeError(words) from wrong


def witness_key(text: str) -> NoteKey:
    """A witness's verifier key; the log's own is none."""
    try:
        key = NoteKey.parse(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError("name+id+base64") from wrong
    if key.algorithm is not Algorithm.COSIGNATURE:
        raise argparse.ArgumentTypeError("a log's key, no witness's · 是日志公钥,不是见证人公钥")
    return key


def number_from(least: int) -> Callable[[str], int]:
    """A number up to 256."""

    def number(text: str) -> int:
        if not text.isdigit() or not least <= int(text) <= 256:
            raise argparse.ArgumentTypeError(f"{least}-256")
        return int(text)

    return number

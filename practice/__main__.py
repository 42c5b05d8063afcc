"""``python -m practice``: take bundles in and serve the public pages.

``python -m practice serve [--host H] [--port P]`` · ``python -m practice take-in FILE --signer
HEX``
"""

import argparse
import asyncio
import sys
from pathlib import Path

import uvicorn

from kernel.clock import SystemClock
from kernel.db import Database
from kernel.errors import Refusal
from kernel.settings import Settings
from kernel.words import LANGUAGES, say, say_refusal
from practice.app import create_app
from practice.service import PracticeService


def _database(settings: Settings) -> Database:
    """Practice has its own database, whatever the exam uses."""
    return Database.open(f"sqlite+aiosqlite:///{settings.data_dir / 'practice' / 'practice.db'}")


def _key(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        words = " ".join(say("cli.signer", {}, language) for language in LANGUAGES)
        raise argparse.ArgumentTypeError(words) from None


async def _take_in(settings: Settings, file: Path, signer: bytes) -> int:
    try:
        data = await asyncio.to_thread(file.read_bytes)
    except FileNotFoundError as lost:
        raise Refusal("cli.no_file", path=str(file)) from lost
    database = _database(settings)
    try:
        return await PracticeService(database).take_in(data, signer)
    finally:
        await database.close()


def main(arguments: list[str] | None = None) -> int:
    """Exit 0 good, 1 a check failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="gongyuan practice")
    acts = parser.add_subparsers(dest="act", required=True)
    serve = acts.add_parser("serve")
    serve.add_argument("--host")
    serve.add_argument("--port", type=int)
    take_in = acts.add_parser("take-in")
    take_in.add_argument("file", type=Path)
    take_in.add_argument(
        "--signer", required=True, type=_key, help="the bank's public key in hex · 题库公钥"
    )
    chosen = parser.parse_args(arguments)
    settings = Settings()
    if chosen.act == "take-in":
        try:
            count = asyncio.run(_take_in(settings, chosen.file, chosen.signer))
        except Refusal as refusal:
            sys.stderr.write(f"{say_refusal(refusal)} {say_refusal(refusal, 'en')}\n")
            return 1
        sys.stdout.write(f'{{"papers": {count}}}\n')
        return 0
    uvicorn.run(
        create_app(settings, _database(settings), SystemClock()),
        host=chosen.host or settings.http.host,
        port=chosen.port or settings.http.practice_port,
        log_level="warning",
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

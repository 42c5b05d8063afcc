"""``gongyuan witness``: watches a log from another machine and cosigns what only grew."""

import argparse
import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

import httpx

from kernel.clock import SystemClock, as_datetime
from kernel.crypto import chance
from kernel.crypto.signing import ServerKey
from kernel.errors import Kind, Refusal
from kernel.files import create_file
from kernel.words import LANGUAGES, say, say_refusal
from ledger.tree.note import NoteKey, is_key_name
from ledger.tree.witnessing import Witness, Witnessed

_ALARMS = frozenset(
    {"witness.forked", "witness.rolled_back", "witness.wrong_log", "witness.memory_damaged"}
)
_SAID = frozenset(
    {"witness.note_bad", "witness.unknown", "witness.too_many", "witness.checkpoint_unknown"}
)
_TIMEOUT_S = 20.0
_REPLY_LIMIT_BYTES = 1 << 20
"""A tile has 8 KiB, a note 64 at the most."""


def witness_arguments(command: argparse.ArgumentParser) -> None:
    """``witness --url URL --name NAME --key FILE --state DIR [--log VKEY] [--once]``."""
    command.add_argument("--url", required=True, help="the server · 服务器地址")
    command.add_argument("--name", required=True, help="this witness, no spaces · 见证人名称")
    command.add_argument("--key", type=Path, required=True, help="its key, made once · 私钥文件")
    command.add_argument("--state", type=Path, required=True, help="its memory · 记录目录")
    command.add_argument("--log", help="the log's key as published · 日志公钥")
    command.add_argument("--every", type=float, default=10.0, help="seconds · 间隔秒数")
    command.add_argument("--once", action="store_true", help="look once · 只看一次")
    command.add_argument("--json", action="store_true", help="JSON lines · 逐行 JSON")


def run_witness(chosen: argparse.Namespace) -> int:
    """Exit 1 when the log forked, went back, or is not the one it was, and when what this witness
    remembers was damaged.
    """
    if not is_key_name(chosen.name):
        raise Refusal("witness.name", name=chosen.name[:60])
    witness = Witness(chosen.name, _key(chosen.key), chosen.state)
    _say(chosen, "witness.own_key", {"key": witness.key.text()}, key=witness.key.text())
    return asyncio.run(_watch(chosen, witness))


async def _watch(chosen: argparse.Namespace, witness: Witness) -> int:
    url = chosen.url.rstrip("/")
    async with httpx.AsyncClient(base_url=f"{url}/log/", timeout=_TIMEOUT_S) as http:
        while True:
            try:
                await _look(chosen, witness, http)
            except Refusal as refused:
                words = "\n".join(f"✗ {say_refusal(refused, one)}" for one in LANGUAGES)
                _out(chosen, words, code=refused.code, params=dict(refused.params))
                if refused.code in _ALARMS or chosen.once:
                    return 1
            if chosen.once:
                return 0
            await asyncio.sleep(chosen.every)


async def _look(chosen: argparse.Namespace, witness: Witness, http: httpx.AsyncClient) -> None:
    async def get(path: str) -> bytes:
        data = b""
        try:
            async with http.stream("GET", path) as reply:
                problem = "" if reply.status_code == httpx.codes.OK else str(reply.status_code)
                async for piece in reply.aiter_bytes():
                    data += piece
                    if len(data) > _REPLY_LIMIT_BYTES:
                        problem = f"> {_REPLY_LIMIT_BYTES} bytes"
                    if problem:
                        break
        except httpx.HTTPError as lost:
            raise Refusal("witness.unreachable", Kind.UNAVAILABLE, detail=str(lost)[:120]) from lost
        if problem:
            raise Refusal("witness.unreachable", Kind.UNAVAILABLE, detail=f"{path}: {problem}")
        return data

    log = _log_key(chosen.log or (await get("key")).decode(errors="replace"))
    if witness.pin(log) and not chosen.log:
        _say(chosen, "witness.pinned", {"key": log.text()}, log=log.text())
    found = await witness.look(get, log, SystemClock().now_ms() // 1_000)
    try:
        reply = await http.post("cosignatures", content=found.note.to_text().encode())
    except httpx.HTTPError as lost:
        raise Refusal("witness.unreachable", Kind.UNAVAILABLE, detail=str(lost)[:120]) from lost
    if reply.is_success:
        _seen(chosen, found)
        return
    size = found.checkpoint.size
    raise Refusal(_refused(reply), Kind.UNAVAILABLE, detail=str(reply.status_code), size=size)


def _refused(reply: httpx.Response) -> str:
    """The log's own code for it; whatever else answers, a proxy perhaps, is no word of the log."""
    try:
        said = reply.json()
    except ValueError:
        said = None
    code = said.get("code") if isinstance(said, dict) else None
    return code if isinstance(code, str) and code in _SAID else "witness.unreachable"


def _seen(chosen: argparse.Namespace, found: Witnessed) -> None:
    params = {
        "size": found.checkpoint.size,
        "grown": found.grown,
        "root": found.checkpoint.root.hex(),
        "time": as_datetime(SystemClock().now_ms()).strftime("%H:%M:%SZ"),
    }
    _say(chosen, "witness.cosigned", params, **params)


def _log_key(text: str) -> NoteKey:
    try:
        return NoteKey.parse(text)
    except ValueError as wrong:
        raise Refusal("witness.log_key", detail=str(wrong)[:80]) from wrong


def _key(path: Path) -> ServerKey:
    """The witness's seed (hex), made at the first run and readable by its owner alone."""
    if not path.exists():
        with suppress(FileExistsError):  # another run made it meanwhile
            create_file(path, chance.token_bytes(32).hex().encode() + b"\n")
    try:
        return ServerKey(bytes.fromhex(path.read_text().strip()))
    except ValueError as wrong:
        raise Refusal("witness.key_file", path=str(path)) from wrong


def _say(chosen: argparse.Namespace, code: str, params: dict[str, object], **facts: object) -> None:
    words = "\n".join(say(code, params, one) for one in LANGUAGES)
    _out(chosen, words, code=code, **facts)


def _out(chosen: argparse.Namespace, words: str, **facts: object) -> None:
    sys.stdout.write((json.dumps(facts) if chosen.json else words) + "\n")
    sys.stdout.flush()

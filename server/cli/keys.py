"""``gongyuan keys …``: the ledger's keys at rest.

Rules kept here: every act prints one JSON line of what it did; what can be interrupted can be run
again and does the rest. A running server finds new keys by itself.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from kernel.settings import Settings
from server.app import Services, build

Act = Callable[[Services, argparse.Namespace], Awaitable[dict[str, Any]]]


def keys_arguments(command: argparse.ArgumentParser) -> None:
    """``keys status|rotate-ring|rewrap|rotate SESSION``."""
    acts = command.add_subparsers(dest="act", required=True, metavar="ACT")
    acts.add_parser("status", help="what lies under which key · 密钥状况")
    acts.add_parser("rotate-ring", help="a new master key, sessions under it · 更换主密钥")
    acts.add_parser("rewrap", help="go on moving session keys · 继续转换场次密钥")
    rotate = acts.add_parser("rotate", help="new data keys in a session · 更换数据密钥")
    rotate.add_argument("session", help="session id · 场次编号")


def run_keys(chosen: argparse.Namespace) -> int:
    """Exit 1 when refused."""
    return asyncio.run(_run(ACTS[chosen.act], chosen))


async def _run(act: Act, chosen: argparse.Namespace) -> int:
    services = build(Settings())
    try:
        done = await act(services, chosen)
    finally:
        await services.database.close()
    sys.stdout.write(json.dumps(done, ensure_ascii=False) + "\n")
    return 0


async def _status(services: Services, _: argparse.Namespace) -> dict[str, Any]:
    ring = services.keyring
    by_version = await services.ledger.session_keys_by_ring()
    return {"custody": ring.custody, "ring_version": ring.version, "session_keys": by_version}


async def _rotate_ring(services: Services, _: argparse.Namespace) -> dict[str, Any]:
    version = await asyncio.to_thread(services.keyring.rotate)
    return {"ring_version": version, "rewrapped": await services.ledger.rewrap_keys()}


async def _rewrap(services: Services, _: argparse.Namespace) -> dict[str, Any]:
    moved = await services.ledger.rewrap_keys()
    return {"ring_version": services.keyring.version, "rewrapped": moved}


async def _rotate(services: Services, chosen: argparse.Namespace) -> dict[str, Any]:
    done = await services.ledger.rotate_keys(chosen.session)
    return {"session": chosen.session, "scopes": {one.scope: one.version for one in done}}


ACTS: dict[str, Act] = {
    "status": _status,
    "rotate-ring": _rotate_ring,
    "rewrap": _rewrap,
    "rotate": _rotate,
}

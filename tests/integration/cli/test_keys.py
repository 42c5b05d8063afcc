"""``gongyuan keys``: what it prints, what it moves, what it refuses."""

import asyncio
from pathlib import Path

from kernel.clock import HandClock
from kernel.crypto.keyring import FileKeyRing
from kernel.db import Database
from ledger.book import Ledger
from tests.integration.cli.conftest import Terminal

SESSION = "session_1"


async def _open_session(folder: Path) -> None:
    database = Database.open(f"sqlite+aiosqlite:///{folder / 'gongyuan.db'}")
    ring = FileKeyRing(folder / "keys" / "keyring.json")
    ledger = Ledger(database, ring, HandClock(), "gongyuan.local")
    async with database.write() as tx:
        await ledger.open_session(tx, SESSION)
        await ledger.open_stream(tx, f"session/{SESSION}", SESSION, "session_opened", {})
    await database.close()


def test_ring_and_data_keys_rotate_and_say_so(terminal: Terminal) -> None:
    assert terminal.run("migrate").status == 0
    asyncio.run(_open_session(terminal.folder / "data"))
    before = terminal.run("keys", "status").body
    assert (before["custody"], before["ring_version"]) == ("file", 1)
    assert before["session_keys"] == {"1": 1}
    assert terminal.run("keys", "rotate-ring").body == {"ring_version": 2, "rewrapped": 1}
    assert terminal.run("keys", "rewrap").body == {"ring_version": 2, "rewrapped": 0}
    assert terminal.run("keys", "status").body["session_keys"] == {"2": 1}
    rotated = terminal.run("keys", "rotate", SESSION).body
    assert rotated["scopes"] == {f"session/{SESSION}": 2}
    assert "session/none" in terminal.refused("keys", "rotate", "none")

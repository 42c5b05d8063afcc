"""A server that is killed, or told to stop, leaves no process behind and can be started again."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.e2e.serving import Server

GONE_S = 20
POLL_S = 0.05


def children_of(pid: int) -> set[int]:
    """Processes started by a process, by way of whichever thread."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(word) for task in tasks for word in task.read_text().split()}


def is_running(pid: int) -> bool:
    """False for a process that is gone or only waits to be counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def all_end(pids: set[int]) -> bool:
    for _ in range(int(GONE_S / POLL_S)):
        if not any(map(is_running, pids)):
            return True
        await asyncio.sleep(POLL_S)
    return False


@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_no_process_outlives_the_server(tmp_path: Path, how: signal.Signals) -> None:
    server = Server(tmp_path / "data")
    server.start()
    try:
        await server.ready()
        children = children_of(server.pid)
        assert children, "the matcher has a process of its own"
        if how is signal.SIGKILL:
            server.kill()
        else:
            server.stop()
        assert await all_end(children)
        server.start()
        await server.ready()
        assert children_of(server.pid).isdisjoint(children)
    finally:
        server.stop()

"""A network namespace on a virtual cable that can be cut without a word and mended.

Rules kept here: what is made has this process's number in its name and is removed at the end; a cut
drops packets, so neither side sees an end of the connection. Needs root.
"""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@dataclass(frozen=True, slots=True)
class Cable:
    """``near`` is this side's address, ``far`` that of the namespace ``name``."""

    name: str
    near: str
    far: str

    @property
    def inside(self) -> tuple[str, ...]:
        """Words before a command that is to run in the namespace."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        subprocess.run(["tc", "qdisc", "add", "dev", self.name, "root", "netem", "loss", "100%"],
                       check=False, capture_output=True)  # fmt: skip
        _ip("link", "set", "dev", self.name, "down")

    def mend(self) -> None:
        _ip("link", "set", "dev", self.name, "up")
        subprocess.run(["tc", "qdisc", "del", "dev", self.name, "root"],
                       check=False, capture_output=True)  # fmt: skip


@contextmanager
def cable() -> Iterator[Cable]:
    number = os.getpid() % 60_000
    name = f"gyf{number}"
    third, base = number // 64 % 256, number % 64 * 4
    made = Cable(name, f"10.213.{third}.{base + 1}", f"10.213.{third}.{base + 2}")
    _ip("netns", "add", name)
    try:
        _ip("link", "add", name, "type", "veth", "peer", "name", "gyfar", "netns", name)
        _ip("addr", "add", f"{made.near}/30", "dev", name)
        _ip("link", "set", "dev", name, "up")
        for words in (
            ("addr", "add", f"{made.far}/30", "dev", "gyfar"),
            ("link", "set", "dev", "gyfar", "up"),
            ("link", "set", "dev", "lo", "up"),
        ):
            _ip("-n", name, *words)
        yield made
    finally:
        with suppress(subprocess.CalledProcessError):
            _ip("link", "del", name)
        _ip("netns", "del", name)


@asynccontextmanager
async def forwarding(host: str, port: int) -> AsyncIterator[int]:
    """A port on ``host`` that leads to ``port`` of this machine."""
    running: set[asyncio.Task[None]] = set()
    ends: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def both(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", port)
        ends.extend((writer, there[1]))
        for one in (pump(reader, there[1]), pump(there[0], writer)):
            task = asyncio.create_task(one)
            running.add(task)
            task.add_done_callback(running.discard)

    server = await asyncio.start_server(both, host, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for end in ends:
            end.transport.abort()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0.1)  # the loop closes what was aborted

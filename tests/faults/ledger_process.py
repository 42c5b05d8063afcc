"""A ledger behind a socket, as a program of its own that can be killed.

``python -m tests.faults.ledger_process URL FOLDER ADDRESS [tree]``: the key ring is
``FOLDER/keys.json``, the blobs ``FOLDER/blobs``, the last checkpoint ``FOLDER/checkpoint``, where
``tree`` asks for one; ADDRESS is the path of a socket or ``host:port``. A line of JSON in, a line
out, in any order. Rules kept here: what is acknowledged or published is first noted in
``FOLDER/acks``, so that a trace of the files shows what was promised at every moment.
"""

import asyncio
import os
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from kernel.blobs import LocalBlobs
from kernel.clock import SystemClock
from kernel.crypto.keyring import FileKeyRing
from kernel.db import Database, WriteSession
from kernel.errors import Refusal
from kernel.lease import lease_of
from ledger.append import Act
from ledger.asked import Asked, Terms
from ledger.book import Ledger
from ledger.client import ClientBatch, ClientEvent
from ledger.tree.holding import published, tree_of

ORIGIN = "faults.example/ledger"
ACT = "manual_route"
CHECKPOINT = "checkpoint"
DATABASE_GONE = "database.gone"
LEASE = "sequencer"
SEQUENCER_PERIOD_S = 0.05


async def let_pass(_session: WriteSession, asked: Sequence[Asked]) -> Sequence[Terms]:
    """A guard with nothing against it."""
    return [Terms() for _ in asked]


class Service:
    """Answers requests; every acknowledgement is noted before it is sent."""

    def __init__(self, url: str, folder: Path) -> None:
        self.ring = FileKeyRing(folder / "keys.json")
        self.clock = SystemClock()
        self.database = Database.open(url)
        self.ledger = Ledger(self.database, self.ring, self.clock, ORIGIN)
        self._folder = folder
        self._blobs = LocalBlobs(folder / "blobs")
        self._acks = os.open(folder / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def grow(self) -> None:
        """The sequencer, as the server runs it; it does not begin over a database that is behind
        what was published.
        """
        lease = lease_of(self.database, LEASE, self._folder)
        sequencer = self.ledger.sequencer(self._folder / CHECKPOINT, lease)
        await sequencer.check()
        await sequencer.run(asyncio.Event(), SEQUENCER_PERIOD_S)

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection."""
        running: set[asyncio.Task[None]] = set()
        try:
            while line := await reader.readline():
                task = asyncio.create_task(self._one(msgspec.json.decode(line), writer))
                running.add(task)
                task.add_done_callback(running.discard)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, asked: dict[str, Any], writer: StreamWriter) -> None:
        try:
            said = await self._do(asked)
        except Refusal as refused:
            said = {"code": refused.code}
        except OSError as failed:
            said = {"code": f"os.{failed.errno}"}
        except SQLAlchemyError:
            said = {"code": DATABASE_GONE}
        writer.write(msgspec.json.encode({"id": asked["id"], **said}) + b"\n")

    async def _do(self, asked: dict[str, Any]) -> dict[str, Any]:
        match asked["op"]:
            case "blob":
                await self._blobs.put(asked["name"], bytes.fromhex(asked["data"]))
                return self._promise({"blob": asked["name"], "data": asked["data"]})
            case "rotate":
                version = self.ring.rotate()
                await self.ledger.rewrap_keys()
                return self._promise({"ring": version})
            case "head":
                return await self._head()
            case "act":
                await self._act(asked["stream"], asked["said"])
                return self._promise({"act": asked["said"], "stream": asked["stream"]})
            case "clock":
                return {"now_ms": self.clock.now_ms(), "drift_ms": self.clock.drift_ms()}
        ack = await self.ledger.submit(_batch(asked), let_pass)
        promised = {"stream": ack.stream_id, "epoch": ack.epoch, "to": ack.acked_through}
        return self._promise({**promised, "head_hash": ack.head.hex()})

    async def _head(self) -> dict[str, Any]:
        """The checkpoint that anybody may read now."""
        async with self.database.read() as session:
            tree = await tree_of(session, ORIGIN)
            found = None if tree is None else await published(session, tree.number)
        return {"head": ""} if found is None else self._promise({"head": found.note})

    async def _act(self, stream: str, said: str) -> None:
        """An act of staff, in a transaction of its own."""
        async with self.database.write() as tx:
            await self.ledger.append(tx, stream, [Act(ACT, {"said": said})])

    def _promise(self, what: dict[str, Any]) -> dict[str, Any]:
        line = msgspec.json.encode(what) + b"\n"
        try:
            os.write(self._acks, line)
        except OSError:  # the disk is full for notes too; the promise stands all the same
            return what
        return what


def _batch(asked: dict[str, Any]) -> ClientBatch:
    events = tuple(ClientEvent(*event) for event in asked["events"])
    signature = bytes.fromhex(asked["signature"])
    return ClientBatch(asked["stream"], asked["epoch"], events[0].seq, events, signature)


async def main(url: str, folder: Path, address: str, *, tree: bool) -> None:
    """Serve until killed."""
    service = Service(url, folder)
    service.ledger.start()
    growing = asyncio.create_task(service.grow()) if tree else None
    host, _, port = address.rpartition(":")
    limit = 1 << 22
    if host:
        server = await asyncio.start_server(service.serve, host, int(port), limit=limit)
    else:
        server = await asyncio.start_unix_server(service.serve, address, limit=limit)
    await server.serve_forever()
    assert growing is None, "the tree grows as long as the server serves"


if __name__ == "__main__":
    Path(sys.argv[3]).unlink(missing_ok=True)
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], tree=sys.argv[4:] == ["tree"]))

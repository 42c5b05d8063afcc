"""A seat at the constant handler: the same bytes of a save, over and over.

Rules kept here: the reply is read as the product's is; nothing is signed or kept.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from kernel.errors import Kind, Refusal
from server.rehearsal.bench.seat import Prepared
from server.rehearsal.bench.serving import Served
from server.rehearsal.bench.wire import Wire


class Echo:
    """One connection of each kind."""

    def __init__(self, wire: Wire, socket: ClientConnection, save: Prepared) -> None:
        self._wire = wire
        self._socket = socket
        self._save = save

    async def over_http(self) -> None:
        """One save; the constant acknowledgement is back."""
        status, body = await self._wire.call(self._save.request)
        reply: dict[str, Any] = json.loads(body)
        if status != 200 or "acked_through" not in reply:
            raise Refusal("bench.refused", Kind.CONFLICT, status=status, words=str(reply)[:400])

    async def over_socket(self) -> None:
        """The same over the socket."""
        await self._socket.send(self._save.message)
        reply: dict[str, Any] = json.loads(await self._socket.recv())
        if reply["type"] != "ack":
            raise Refusal("bench.refused", Kind.CONFLICT, status=0, words=str(reply)[:400])


@asynccontextmanager
async def echoes(served: Served, saves: list[Prepared]) -> AsyncIterator[list[Echo]]:
    """A seat for each save, all lines open."""
    made: list[Echo] = []
    wires: list[Wire] = []
    sockets: list[ClientConnection] = []
    try:
        for save in saves:
            wires.append(await Wire.open(served.host, served.port))
            url = f"{served.socket_url}/api/sitting/live"
            sockets.append(await connect(url, compression=None, proxy=None, ping_interval=None))
            made.append(Echo(wires[-1], sockets[-1], save))
        yield made
    finally:
        for wire in wires:
            await wire.close()
        for socket in sockets:
            await socket.close()

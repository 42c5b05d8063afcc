"""A seat under load: one candidate with an HTTP connection and a socket, both kept open.

Rules kept here: signing in, device and paper go the way of every simulated candidate; a save counts
when its acknowledgement is here; one save at a time, the next at once after it.
"""

import asyncio
import itertools
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect

from kernel.clock import Clock
from kernel.errors import Kind, Refusal
from server.rehearsal.bench.serving import Served
from server.rehearsal.bench.wire import Wire, request_bytes
from server.rehearsal.candidate import SimulatedCandidate
from server.rehearsal.day import Admitted
from server.rehearsal.figures import Figures
from server.rehearsal.run import choice

TOGETHER = 8
BEAT_S = 5.0
SAVE, HEALTH, PING = "/api/sitting/events", "/healthz", '{"type":"ping","t0":0}'


@dataclass(frozen=True, slots=True)
class Prepared:
    """A signed save: its body, and how it goes over either line."""

    body: dict[str, Any]
    request: bytes
    message: str

    @classmethod
    def of(cls, body: dict[str, Any], token: str) -> Self:
        data = json.dumps(body, ensure_ascii=False).encode()
        message = json.dumps({"type": "events", **body}, ensure_ascii=False)
        return cls(body, request_bytes("POST", SAVE, token, data), message)


class Seat:
    """One candidate. Signed in by ``sit_down``; ``connect`` opens the lines."""

    def __init__(
        self, http: httpx.AsyncClient, served: Served, one: Admitted, clock: Clock, figures: Figures
    ) -> None:
        if one.desk is None:
            raise Refusal("rehearsal.not_seated", ticket_no=one.ticket_no)
        self.who = SimulatedCandidate(http, one.desk, clock, figures)
        self._served = served
        self._wire: Wire | None = None
        self._socket: ClientConnection | None = None
        self._turns: Iterator[tuple[int, dict[str, Any]]] = iter(())
        self._ready: deque[Prepared] = deque()
        self.free = asyncio.Lock()

    async def sit_down(self) -> None:
        """Sign in and enrol the device."""
        await self.who.sign_in()
        await self.who.enrol_device()

    async def take_paper(self) -> None:
        """The dealt form, over the simulated candidate's own connection."""
        paper = await self.who.take_paper()
        self._turns = enumerate(itertools.cycle(paper["items"]))

    async def connect(self) -> None:
        """The HTTP connection and the socket; the first state has come."""
        self._wire = await Wire.open(self._served.host, self._served.port)
        self._socket = await connect(
            f"{self._served.socket_url}/api/sitting/live", compression=None, proxy=None
        )
        await self._socket.send(json.dumps({"type": "hello", "token": self.who.api.token}))
        self.first_state = await self._heard("state")

    def prepare(self, count: int) -> None:
        """Sign so many saves beforehand: the load's own work is not what is measured."""
        while len(self._ready) < count:
            self._ready.append(self._next())

    async def save_over_http(self) -> None:
        """One answer; back when it is durable."""
        save = self._take()
        self.who.take_ack(save.body, await self._call(save.request))

    async def save_over_socket(self) -> None:
        """One answer; back when it is durable."""
        save = self._take()
        await self._line.send(save.message)
        self.who.take_ack(save.body, await self._heard("ack"))

    async def health_over_http(self) -> None:
        """The constant handler, for the limit."""
        await self._call(request_bytes("GET", HEALTH))

    async def ping_over_socket(self) -> None:
        """What keeps the socket alive."""
        await self._line.send(PING)
        await self._heard("pong")

    async def paper_over_http(self) -> None:
        """The dealt form as it is asked for at T0."""
        await self._call(request_bytes("GET", "/api/sitting/paper", self.who.api.token))

    async def wait_until_open(self) -> None:
        """Until the socket says that answering has begun; the socket is kept alive meanwhile."""
        state = self.first_state
        while state["stage"] != "answering":
            try:
                async with asyncio.timeout(BEAT_S):
                    state = await self._heard("state")
            except TimeoutError:
                await self._line.send(PING)

    async def fresh_wire(self) -> None:
        """A new HTTP connection; the server has ended one that was idle for some seconds."""
        if self._wire is not None:
            await self._wire.close()
        self._wire = await Wire.open(self._served.host, self._served.port)

    async def close(self) -> None:
        """Both lines."""
        if self._socket is not None:
            await self._socket.close()
        if self._wire is not None:
            await self._wire.close()

    @property
    def _line(self) -> ClientConnection:
        if self._socket is None:
            raise RuntimeError("connect first")
        return self._socket

    def _take(self) -> "Prepared":
        return self._ready.popleft() if self._ready else self._next()

    def _next(self) -> "Prepared":
        turn, item = next(self._turns)
        self.who.answer(item["item_id"], choice(item, turn))
        return Prepared.of(self.who.set_apart(), self.who.api.token)

    def example(self) -> "Prepared":
        """A save of this seat as it goes over the wire; it is not sent to the server itself."""
        self.prepare(1)
        return self._ready[0]

    async def _call(self, request: bytes) -> dict[str, Any]:
        if self._wire is None:
            raise RuntimeError("connect first")
        status, body = await self._wire.call(request)
        if status != 200:
            raise Refusal("bench.refused", Kind.CONFLICT, status=status, words=body.decode()[:400])
        reply: dict[str, Any] = json.loads(body)
        return reply

    async def _heard(self, kind: str) -> dict[str, Any]:
        """The next message of the kind; states and notices in between are let by."""
        while True:
            message: dict[str, Any] = json.loads(await self._line.recv())
            if message["type"] == kind:
                return message
            if message["type"] == "refused":
                raise Refusal("bench.refused", Kind.CONFLICT, status=0, words=str(message)[:400])


class Seats:
    """All seats of a session, and the HTTP client that they share for signing in."""

    def __init__(self, served: Served, crowd: Sequence[Admitted], clock: Clock) -> None:
        limits = httpx.Limits(max_connections=TOGETHER, max_keepalive_connections=TOGETHER)
        self._http = httpx.AsyncClient(base_url=served.url, timeout=60, limits=limits)
        self.figures = Figures()
        self.all = [Seat(self._http, served, one, clock, self.figures) for one in crowd]

    @property
    def promised(self) -> int:
        """Events acknowledged so far, of all."""
        return sum(seat.who.promised.events for seat in self.all)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        for seat in self.all:
            await seat.close()
        await self._http.aclose()

    @asynccontextmanager
    async def kept_alive(self) -> AsyncIterator[None]:
        """The sockets beat as the player's do, while the load goes another way."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(BEAT_S)
                for seat in self.all:
                    await seat.ping_over_socket()

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    async def each(self, act: str) -> None:
        """Everybody does it, a few at a time."""
        places = asyncio.Semaphore(TOGETHER)

        async def one(seat: Seat) -> None:
            async with places:
                await getattr(seat, act)()

        async with asyncio.TaskGroup() as group:
            for seat in self.all:
                group.create_task(one(seat))

"""Candidates who write without pause and resend until they are acknowledged.

Rules kept here: what an event says follows from lane and number, so whoever reads the log can tell
what must stand there; a batch that was not acknowledged is sent again as it was; an answer that
takes longer than ``PATIENCE_S`` is waited for no longer and counted.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Any

import msgspec

from kernel.codec import canonical_json
from kernel.crypto.signing import DeviceKey
from ledger.client import ClientEvent, batch_message
from tests.faults.ledger_process import ORIGIN

PATIENCE_S = 30.0
PAUSE_S = 0.02
LINE_LIMIT_BYTES = 1 << 22
UNREACHED = "unreached"
UNANSWERED = "unanswered"


def event(lane: str, seq: int, word: str = "") -> ClientEvent:
    """What this lane says under this number; ``word`` makes it another content."""
    said = canonical_json({"choice": [f"{lane}:{seq}{word}"]}).decode()
    return ClientEvent(seq, "answer_set", f"item_{seq % 97}", said, seq)


@dataclass(slots=True)
class Lane:
    """A device of a sitting. ``acked`` is the highest number promised to it."""

    stream: str
    epoch: int
    address: str
    batch: int
    chance: Random
    patience_s: float = PATIENCE_S
    mischief: bool = False
    key: DeviceKey = field(default_factory=DeviceKey)
    acked: int = 0
    conflicts: int = 0
    heard: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    _link: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    _asked: int = 0

    @property
    def name(self) -> str:
        return f"{self.stream}/{self.epoch}"

    def request(self, events: Sequence[ClientEvent]) -> dict[str, Any]:
        message = batch_message(ORIGIN, self.stream, self.epoch, events)
        said = [(e.seq, e.kind, e.item_id, e.response_json, e.client_ms) for e in events]
        signature = self.key.sign(message).hex()
        return {"op": "events", "stream": self.stream, "epoch": self.epoch, "events": said,
                "signature": signature}  # fmt: skip

    async def write(self, until: Callable[[], bool]) -> None:
        """Batch after batch, with seeded mischief in between."""
        while not until():
            if self.mischief and self.acked and self.chance.random() < 0.2:
                await self._mischief()
            first = self.acked + 1
            count = self.chance.randint(1, self.batch)
            asked = self.request([event(self.name, n) for n in range(first, first + count)])
            await self._insist(asked, until)
        self.hang_up()

    async def _insist(self, asked: dict[str, Any], until: Callable[[], bool]) -> None:
        """Send until acknowledged, or until all is over."""
        while True:
            said = await self.ask(asked)
            if "to" in said:
                assert said["to"] >= asked["events"][-1][0], said
                self.acked = max(self.acked, asked["events"][-1][0])
                return
            code = said["code"]
            assert code in {UNREACHED, UNANSWERED, "ledger.not_stored", "ledger.busy"}, said
            if until():
                return
            await asyncio.sleep(PAUSE_S)

    async def _mischief(self) -> None:
        """A repeat, an event too early, another content under a number: each has its answer."""
        old = self.chance.randint(max(1, self.acked - 50), self.acked)
        kind = self.chance.choice(("repeat", "gap", "conflict"))
        events = {
            "repeat": [event(self.name, old)],
            "gap": [event(self.name, self.acked + 1_000)],
            "conflict": [event(self.name, old, "!")],
        }[kind]
        said = await self.ask(self.request(events))
        if said.get("code") in {UNREACHED, UNANSWERED, "ledger.not_stored", "ledger.busy"}:
            return
        if kind == "repeat":
            assert said.get("to", 0) >= old, said
        else:
            assert said.get("code") == f"ledger.{kind}", said
            self.conflicts += kind == "conflict"

    async def ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer, or a code for its absence."""
        self._asked += 1
        begun = monotonic()
        try:
            async with asyncio.timeout(self.patience_s):
                said = await self._exchange({"id": self._asked, **asked})
        except TimeoutError:
            self.hang_up()
            said = {"code": UNANSWERED}
        except (ConnectionError, OSError, EOFError):
            self.hang_up()
            said = {"code": UNREACHED}
        self.slowest_s = max(self.slowest_s, monotonic() - begun)
        if "code" in said:
            self.heard[said["code"]] += 1
        return said

    async def _exchange(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self._link is None:
            host, _, port = self.address.rpartition(":")
            self._link = await (
                asyncio.open_connection(host, int(port), limit=LINE_LIMIT_BYTES)
                if host
                else asyncio.open_unix_connection(self.address, limit=LINE_LIMIT_BYTES)
            )
        reader, writer = self._link
        writer.write(msgspec.json.encode(asked) + b"\n")
        await writer.drain()
        while line := await reader.readline():
            said: dict[str, Any] = msgspec.json.decode(line)
            if said["id"] == asked["id"]:
                return said
        raise EOFError

    def hang_up(self) -> None:
        if self._link is not None:
            self._link[1].close()
            self._link = None


@dataclass(slots=True)
class Goal:
    """Over when so many events are acknowledged and the fault has run its course."""

    lanes: Sequence[Lane]
    events: int
    storm_over: bool = False

    @property
    def acked(self) -> int:
        return sum(lane.acked for lane in self.lanes)

    def reached(self) -> bool:
        return self.storm_over and self.acked >= self.events

    async def wait_for(self, more: int) -> None:
        """Until so many more events are acknowledged."""
        wanted = self.acked + more
        await eventually(lambda: self.acked >= wanted)


async def eventually(true: Callable[[], bool]) -> None:
    """Until it is so; whoever waits bounds the time."""
    while not true():  # noqa: ASYNC110 - what is waited for is a number and no event
        await asyncio.sleep(0.005)


@asynccontextmanager
async def writing(lanes: Sequence[Lane], events: int, limit_s: float) -> AsyncIterator[Goal]:
    """All lanes write while the block does its worst, and on until the goal; a hang is an error."""
    goal = Goal(lanes, events)
    async with asyncio.timeout(limit_s), asyncio.TaskGroup() as group:
        for lane in lanes:
            group.create_task(lane.write(goal.reached))
        try:
            yield goal
            goal.storm_over = True
        except BaseException:
            for lane in lanes:
                lane.hang_up()
            raise


async def flood(lane: Lane, count: int) -> Counter[str]:
    """So many requests at once over one connection, all of an event much too early: what was said
    to them, by code.
    """
    asked = lane.request([event(lane.name, 1_000_000)])
    reader, writer = await asyncio.open_unix_connection(lane.address, limit=LINE_LIMIT_BYTES)
    for number in range(count):
        writer.write(msgspec.json.encode({"id": number, **asked}) + b"\n")
    await writer.drain()
    said = [msgspec.json.decode(await reader.readline()) for _ in range(count)]
    writer.close()
    return Counter(one.get("code", "acknowledged") for one in said)

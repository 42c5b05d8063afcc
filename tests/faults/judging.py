"""What was promised against what is there, counted over all faults.

Rules kept here: the log is opened by another process than the one that wrote it, read record by
record through the chain, and compared word for word; a promised event that is missing, altered,
doubled or out of order counts as lost.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kernel.clock import SystemClock
from kernel.crypto.keyring import FileKeyRing
from kernel.db import Database
from ledger.book import Ledger, OpenRecord
from ledger.client import event_of
from tests.faults.lanes import Lane, event
from tests.faults.ledger_process import ORIGIN

SESSION = "session_faults"
ROOM = f"room/{SESSION}/one"


@dataclass(slots=True)
class Tally:
    """Fault → events acknowledged and lost. ``again``: the same events compared once more, in
    another state of the disk; they count for no sum.
    """

    rows: dict[str, tuple[int, int]] = field(default_factory=dict)
    again: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(
        self, fault: str, acknowledged: int, lost: int, said: str = "", *, again: bool = False
    ) -> None:
        """Counts, prints, and fails the test when anything was lost."""
        rows = self.again if again else self.rows
        before = rows.get(fault, (0, 0))
        rows[fault] = (before[0] + acknowledged, before[1] + lost)
        print(f"{fault}: acknowledged {acknowledged:,}, lost {lost} {said}")  # noqa: T201
        assert lost == 0, f"{fault}: {lost} of {acknowledged} acknowledged events are lost"


async def prepare(url: str, folder: Path, lanes: Sequence[Lane]) -> None:
    """The session, its room, a stream for every sitting and the devices of the lanes."""
    database = Database.open(url)
    ledger = Ledger(database, FileKeyRing(folder / "keys.json"), SystemClock(), ORIGIN)
    try:
        async with database.write() as tx:
            await ledger.open_session(tx, SESSION)
            await ledger.open_stream(tx, ROOM, SESSION, "room_opened", {})
            for stream in sorted({lane.stream for lane in lanes}):
                await ledger.open_stream(tx, stream, SESSION, "opened", {})
            for lane in lanes:
                await ledger.add_device(
                    tx, lane.stream, epoch=lane.epoch, public_key=lane.key.public
                )
    finally:
        await database.close()


async def records_of(url: str, folder: Path, streams: set[str]) -> dict[str, list[OpenRecord]]:
    """Every record of the streams, opened; raises where a chain does not hold."""
    database = Database.open(url)
    ledger = Ledger(database, FileKeyRing(folder / "keys.json"), SystemClock(), ORIGIN)
    try:
        async with database.read() as session:
            return {stream: await ledger.read(session, stream) for stream in sorted(streams)}
    finally:
        await database.close()


def lost_of(records: list[OpenRecord], stream: str, promised: dict[int, int]) -> int:
    """Of what each device epoch was promised (the highest number), how much is not there once, in
    order and word for word.
    """
    by_epoch: dict[int, list[OpenRecord]] = defaultdict(list)
    for record in records:
        if record.kind == "answer_set":
            by_epoch[record.epoch].append(record)
    lost = 0
    for epoch, through in promised.items():
        held = by_epoch[epoch]
        good = 0
        for number, record in enumerate(held, 1):
            expected = event(f"{stream}/{epoch}", number)
            if event_of(record.kind, record.body) != expected:
                break
            good = number
        assert good == len(held), f"{stream} epoch {epoch}: event {good + 1} is not what was sent"
        lost += max(0, through - good)
    times = [record.server_ms for record in records]
    assert times == sorted(times) or len(promised) > 1, "the server's time ran backwards"
    return lost


async def judge(url: str, folder: Path, lanes: Sequence[Lane]) -> int:
    """Acknowledged events that are lost; every stream's chain is checked on the way."""
    found = await records_of(url, folder, {lane.stream for lane in lanes})
    lost = 0
    for stream, records in found.items():
        mine = [lane for lane in lanes if lane.stream == stream]
        lost += lost_of(records, stream, {lane.epoch: lane.acked for lane in mine})
        kept = [record.kind for record in records].count("conflict")
        assert kept >= sum(lane.conflicts for lane in mine), "a conflict's other content is lost"
    return lost

"""Staff of one room at several servers: acts in the room's stream, which all of them write.

Rules kept here: an act that was not acknowledged is not repeated, for it may stand all the same;
one that was stands once, and everybody's acts stand in the order in which he did them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.judging import ROOM, records_of
from tests.faults.lanes import UNANSWERED, UNREACHED, Lane
from tests.faults.ledger_process import ACT, DATABASE_GONE

PAUSE_S = 0.01


@dataclass(slots=True)
class Invigilator:
    """At one server, by ``line``. ``acknowledged`` are the numbers of the acts that were."""

    line: Lane
    acknowledged: list[int] = field(default_factory=list)

    async def act(self, until: Callable[[], bool]) -> None:
        number = 0
        while not until():
            number += 1
            said = await self.line.ask({"op": "act", "stream": ROOM, "said": self.word(number)})
            if "act" in said:
                self.acknowledged.append(number)
            else:
                code = said["code"]
                known = code in {UNREACHED, UNANSWERED, DATABASE_GONE} or code.startswith("os.")
                assert known, said
            await asyncio.sleep(PAUSE_S)
        self.line.hang_up()

    def word(self, number: int) -> str:
        return f"{self.line.address}#{number:09}"


async def lost_acts(url: str, folder: Path, staff: Sequence[Invigilator]) -> tuple[int, int]:
    """Acknowledged acts, and how many of them are not in the room's stream, whose chain is
    checked on the way.
    """
    records = (await records_of(url, folder, {ROOM}))[ROOM]
    said = [one.body["said"] for one in records if one.kind == ACT]
    promised = lost = 0
    for one in staff:
        mine = [word for word in said if word.startswith(one.line.address)]
        assert mine == sorted(set(mine)), "an act stands twice, or out of order"
        promised += len(one.acknowledged)
        lost += len({one.word(number) for number in one.acknowledged} - set(mine))
    assert promised > 0, "nobody did anything"
    return promised, lost

"""The wall's small pictures, for whoever may see the room.

Rules kept here: whoever asks while others are looked up waits for the next look-up, which is one
for all of them, so a wall's pictures cost some statements and not some for each seat; each is told
or refused for itself.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.access import Principal, Role
from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from server.invigilation.service.wall import WATCHERS
from server.sessions.service import need_duty
from server.sittings.service import Hall, places

_Place = tuple[str, str]
_Seer = tuple[str, str, frozenset[Role]]


@dataclass(frozen=True, slots=True)
class _Asked:
    principal: Principal
    sitting_id: str
    may_see: "asyncio.Future[None]"


class Pictures:
    """Shows what memory has."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._asked: list[_Asked] = []
        self._looking: asyncio.Task[None] | None = None

    async def newest(self, principal: Principal, sitting_id: str) -> tuple[bytes, int]:
        """The newest small picture and when it came. Raises ``thumb.none``, ``sitting.unknown``,
        ``sessions.not_staffed``.
        """
        may_see = asyncio.get_running_loop().create_future()
        self._asked.append(_Asked(principal, sitting_id, may_see))
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="wall-pictures")
        await may_see
        kept = self._hall.presence.thumbnail(sitting_id)
        if kept is None:
            raise Refusal("thumb.none", Kind.NOT_FOUND)
        return kept.image, kept.at_ms

    async def _look(self) -> None:
        """Until nobody waits any more."""
        while self._asked:
            now, self._asked = self._asked, []
            told: Sequence[Exception | None]
            try:
                async with self._hall.database.read() as session:
                    told = await _allowed(session, now)
            except Exception as failed:  # noqa: BLE001  # whoever waits is told
                told = [failed] * len(now)
            for one, refused in zip(now, told, strict=True):
                if one.may_see.done():
                    continue  # nobody waits any more
                if refused is None:
                    one.may_see.set_result(None)
                else:
                    one.may_see.set_exception(refused)
        self._looking = None


async def _allowed(session: ReadSession, asked: Sequence[_Asked]) -> list[Exception | None]:
    """Why each may not see what it asked for, or None; one question for the sittings, one for each
    person and room.
    """
    found = await places(session, {one.sitting_id for one in asked})
    known: dict[tuple[_Place, _Seer], Refusal | None] = {}
    told: list[Exception | None] = []
    for one in asked:
        place, who = found.get(one.sitting_id), one.principal
        if place is None:
            told.append(Refusal("sitting.unknown", Kind.NOT_FOUND))
            continue
        key = (place, (who.subject, who.kind, who.roles))
        if key not in known:
            known[key] = await _refusal(session, who, place)
        told.append(known[key])
    return told


async def _refusal(session: ReadSession, who: Principal, place: _Place) -> Refusal | None:
    try:
        await need_duty(session, who, *place, WATCHERS)
    except Refusal as refused:
        return refused
    return None

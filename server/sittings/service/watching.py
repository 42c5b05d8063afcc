"""Who is heard and who is not: outages measured on the server's clock, and the clock itself.

Rules kept here: an outage is a case for a person, with the measured seconds as a proposal; nobody
loses or gains time by it until somebody decides. It ends with the first word of a seat where the
candidate can go on, also after a pause or at another machine. What could not be written down has
not happened yet: the next sweep finds it again. One server at a time sweeps; who begins goes on
where the last sweep stopped, another server's or this one's before its restart.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from kernel.db import is_storage_fault
from ledger.book import Act
from server.sessions.service import room_stream
from server.sittings.ports import Observation
from server.sittings.rules.timing import Stage, outage_s, stage
from server.sittings.service.everybody import one_of_each_room, present
from server.sittings.service.hall import Hall
from server.sittings.service.rows import Loaded, locked, some

HEARD = frozenset({Stage.ANSWERING, Stage.WAITING, Stage.READY})
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Away:
    """An outage that was reported; ``barred``: heard again, but before the face at a new seat."""

    since_ms: int
    barred: bool = False


class Watching:
    """Sweeps over the running sittings."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._away: dict[str, _Away] | None = None
        self._told: dict[str, set[str]] = {"drift_ms": set(), "server_off_ms": set()}

    async def sweep(self) -> None:
        """Opens a case for each sitting newly offline, and proposes time for each that is back."""
        hall = self._hall
        now_ms = hall.clock.now_ms()
        async with hall.database.read() as session:
            if self._away is None:
                open_since = await hall.incidents.open_outages(session)
                self._away = {one: _Away(since_ms) for one, since_ms in open_since.items()}
            away = self._away
            silent = {
                one.sitting_id
                for one in await present(session)
                if hall.presence.offline_since(one.sitting_id, now_ms, one.offline_after_s)
                is not None
            }
            looked_at = await some(session, sorted(silent | away.keys()))
        unfinished = {one.row.id: one for one in looked_at if one.row.submitted_at_ms is None}
        for gone in away.keys() - unfinished.keys():
            del away[gone]
        for sitting_id, one in unfinished.items():
            try:
                if sitting_id in away:
                    await self._look_for(one, away, now_ms)
                else:
                    await self._miss(one, away, now_ms)
            except Exception as failed:
                if is_storage_fault(failed):
                    raise
                _log.exception("the outage of %s could not be reported; tried again", sitting_id)

    async def _miss(self, one: Loaded, away: dict[str, _Away], now_ms: int) -> None:
        sitting_id, presence = one.row.id, self._hall.presence
        since_ms = presence.offline_since(sitting_id, now_ms, one.policy.offline_after_s)
        if since_ms is not None and stage(now_ms, one.standing(now_ms)) in HEARD:
            await self._report(one, since_ms, None)
            away[sitting_id] = _Away(since_ms)

    async def _look_for(self, one: Loaded, away: dict[str, _Away], now_ms: int) -> None:
        sitting_id, presence = one.row.id, self._hall.presence
        left = away[sitting_id]
        if not presence.has_spoken(sitting_id, left.since_ms) or (
            presence.offline_since(sitting_id, now_ms, one.policy.offline_after_s) is not None
        ):
            return
        now_at = stage(now_ms, one.standing(now_ms))
        left.barred |= now_at is Stage.FACE
        if now_at in HEARD or now_at is Stage.PAUSED:
            back_ms = now_ms if left.barred else presence.back_ms(sitting_id) or now_ms
            lost_s = outage_s(left.since_ms, back_ms, one.pauses(now_ms))
            await self._report(one, left.since_ms, lost_s)
            del away[sitting_id]

    def stand_down(self) -> None:
        """Another server sweeps now; what is open is read again by whoever begins."""
        self._away = None

    async def watch_clock(self, jump_ms: int) -> None:
        """A wall clock that left our time by more than ``jump_ms``: once per jump and room."""
        drift_ms = self._hall.clock.drift_ms()
        await self._tell_rooms("drift_ms", drift_ms if abs(drift_ms) > jump_ms else 0)

    async def watch_servers(self, off_ms: int) -> None:
        """Another server's time that is off ours by so much (0: none is): once for each room."""
        await self._tell_rooms("server_off_ms", off_ms)

    async def _tell_rooms(self, what: str, off_ms: int) -> None:
        hall, told = self._hall, self._told[what]
        if not off_ms:
            told.clear()
            return
        now_ms = hall.clock.now_ms()
        async with hall.database.read() as session:
            rooms = await some(session, await one_of_each_room(session))
        for one in rooms:
            stream = room_stream(one.row.session_id, one.row.room_id)
            if stream not in told:
                await self._tell(one, stream, {what: off_ms}, now_ms)
                told.add(stream)

    async def _tell(self, one: Loaded, stream: str, detail: Mapping[str, int], now_ms: int) -> None:
        hall = self._hall
        async with hall.database.write() as tx:
            await locked(tx, one.row.id)
            if "drift_ms" in detail:
                await hall.ledger.append(
                    tx, stream, [Act("clock_jump", {"at_ms": now_ms, **detail})]
                )
            await hall.incidents.report(
                tx, Observation(one.row.id, "clock", "amber", now_ms, detail=dict(detail))
            )
        hall.moved(one)

    async def _report(self, one: Loaded, since_ms: int, outage: int | None) -> None:
        hall = self._hall
        detail = {"offline_since_ms": since_ms}
        async with hall.database.write() as tx:
            fresh = await locked(tx, one.row.id)
            await hall.before_case(tx, fresh)
            if outage is None:
                await hall.write_record(tx, fresh, "disconnected", {"since_ms": since_ms})
            else:
                facts = {"since_ms": since_ms, "outage_s": outage}
                await hall.write_record(tx, fresh, "reconnected", facts)
            await hall.incidents.report(
                tx,
                Observation(
                    one.row.id, "offline", "amber", hall.clock.now_ms(), proposal_s=outage,
                    detail=detail,
                ),
            )  # fmt: skip
        hall.moved(one)

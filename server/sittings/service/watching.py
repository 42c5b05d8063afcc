"""Who is heard and who is not: outages measured on the server's clock, and the clock itself.

Rules kept here: an outage is a case for a person, with the measured seconds as a proposal; nobody
loses or gains time by it until somebody decides. One server at a time sweeps; who begins goes on
where the last sweep stopped, another server's or this one's before its restart.
"""

from ledger.book import Act
from server.sessions.service import room_stream
from server.sittings.ports import Observation
from server.sittings.rules.timing import Stage, outage_s, stage
from server.sittings.service.everybody import one_of_each_room, present
from server.sittings.service.hall import Hall
from server.sittings.service.rows import Loaded, locked, some

HEARD = frozenset({Stage.ANSWERING, Stage.WAITING, Stage.READY})


class Watching:
    """Sweeps over the running sittings."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._away: dict[str, int] | None = None
        self._drift_reported = False

    async def sweep(self) -> None:
        """Opens a case for each sitting newly offline, and proposes time for each that is back."""
        hall = self._hall
        now_ms = hall.clock.now_ms()
        async with hall.database.read() as session:
            if self._away is None:
                self._away = await hall.incidents.open_outages(session)
            away = self._away
            looked_at = [
                one.sitting_id
                for one in await present(session)
                if one.sitting_id in away
                or hall.presence.offline_since(one.sitting_id, now_ms, one.offline_after_s)
                is not None
            ]
            running = [
                one
                for one in await some(session, looked_at)
                if stage(now_ms, one.standing(now_ms)) in HEARD
            ]
        for one in running:
            sitting_id = one.row.id
            since = hall.presence.offline_since(sitting_id, now_ms, one.policy.offline_after_s)
            left = away.get(sitting_id)
            if since is not None and left is None:
                away[sitting_id] = since
                await self._report(one, since, None)
            elif since is None and left is not None and hall.presence.has_spoken(sitting_id, left):
                del away[sitting_id]
                back = hall.presence.back_ms(sitting_id)
                await self._report(one, left, outage_s(left, back or now_ms))
        alive = {one.row.id for one in running}
        self._away = {key: at for key, at in away.items() if key in alive}

    def stand_down(self) -> None:
        """Another server sweeps now; what is open is read again by whoever begins."""
        self._away = None

    async def watch_clock(self, jump_ms: int) -> None:
        """A wall clock that left our time by more than ``jump_ms`` is reported once per jump."""
        hall = self._hall
        drift_ms = hall.clock.drift_ms()
        if abs(drift_ms) <= jump_ms:
            self._drift_reported = False
            return
        if self._drift_reported:
            return
        self._drift_reported = True
        now_ms = hall.clock.now_ms()
        async with hall.database.read() as session:
            rooms = await some(session, await one_of_each_room(session))
        for one in rooms:
            async with hall.database.write() as tx:
                detail = {"drift_ms": drift_ms}
                jump = Act("clock_jump", {"at_ms": now_ms, **detail})
                stream = room_stream(one.row.session_id, one.row.room_id)
                await locked(tx, one.row.id)
                await hall.ledger.append(tx, stream, [jump])
                await hall.incidents.report(
                    tx, Observation(one.row.id, "clock", "amber", now_ms, detail=detail)
                )
            hall.moved(one)

    async def call_help(self, sitting_id: str) -> None:
        """举手: the candidate asks for a person; asking again is the same case."""
        hall = self._hall
        async with hall.database.write() as tx:
            loaded = await locked(tx, sitting_id)
            now_ms = hall.clock.now_ms()
            await hall.incidents.report(tx, Observation(sitting_id, "help", "amber", now_ms))
        hall.moved(loaded)

    async def _report(self, one: Loaded, since_ms: int, outage: int | None) -> None:
        hall = self._hall
        detail = {"offline_since_ms": since_ms}
        async with hall.database.write() as tx:
            fresh = await locked(tx, one.row.id)
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

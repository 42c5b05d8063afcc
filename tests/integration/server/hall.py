"""The exam day on top of the world: desk, seat and room as the composition root wires them.

The matcher here is told its verdicts: stories about overruling, a third try, a count of misses or a
matcher that is down need a precise one at a precise moment, which no picture promises. The same way
with the real engine on real faces is `test_real_engine.py` beside this file.
"""

import hashlib
from collections.abc import Awaitable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event

from kernel.access import Principal, Role, principal_of
from kernel.bus import LocalBus
from kernel.codec import canonical_json
from kernel.crypto.signing import DeviceKey
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from ledger.book import ClientEvent
from ledger.client import batch_message
from server.checkin.service import CheckinService, Reason, SecondBy, sitting_stream
from server.invigilation.service import (
    IncidentBook,
    InvigilationService,
    RoomWall,
    WallSeat,
)
from server.registration.service import lookup_key_of
from server.seating.tables import SeatRow
from server.sessions.rules import Duty
from server.sittings.service import (
    Acked,
    Batch,
    Event,
    FinalState,
    Hall,
    Presence,
    SittingsService,
    final_message,
)
from tests.integration.server.world import PASSPHRASE, PIN, Arranged, World, draw_lots, prepared

JPEG = b"\xff\xd8\xff\xe0"
WHY = Reason("equipment", "设备故障")


def picture(advice: str, note: str = "") -> bytes:
    """A picture that the matcher will judge as told."""
    return JPEG + f"{advice}|{note}".encode()


@dataclass
class ToldMatcher:
    """Reads the verdict off the picture. ``broken`` makes it fail like a machine that is down."""

    clock: Any
    doors: dict[str, str] = field(default_factory=dict)
    frames: dict[str, bytes] = field(default_factory=dict)
    misses: dict[str, int] = field(default_factory=dict)

    async def verify(self, *, subject_id: str, image: bytes, against: str, purpose: str) -> Any:
        if against == "door" and subject_id not in self.doors:
            raise Refusal("face.not_enrolled", Kind.CONFLICT)
        assert purpose in ("door", "seat")
        return self._verdict(image)

    async def set_door_frame(self, *, subject_id: str, match_id: str) -> None:
        self.doors[subject_id] = match_id

    async def frame(self, blob: str) -> bytes:
        return self.frames[blob]

    async def capture(
        self, *, sitting_id: str, subject_id: str, image: bytes | None, taken_at_ms: int,
        accommodations: Collection[str] = (), window: int | None = None,
        misses: int | None = None,
    ) -> Any:  # fmt: skip
        assert image is not None
        assert window
        verdict = self._verdict(image, taken_at_ms)
        del accommodations, subject_id
        missed = verdict.advice != "ok"
        count = self.misses.get(sitting_id, 0) + missed
        self.misses[sitting_id] = count
        opened = missed and misses is not None and count >= misses
        episode = SimpleNamespace(
            change="opened" if opened else "none", episode_id=f"ep-{sitting_id}" if opened else "",
            kind=verdict.advice if opened else "", opened_at_ms=taken_at_ms,
            last_at_ms=taken_at_ms,
        )  # fmt: skip
        return SimpleNamespace(verdict=verdict, episode=episode)

    async def add_segment(
        self, *, sitting_id: str, index: int, t0_ms: int, t1_ms: int, sha256: str, data: bytes
    ) -> Any:
        assert sitting_id
        assert t0_ms < t1_ms
        assert hashlib.sha256(data).hexdigest() == sha256
        return SimpleNamespace(index=index, sha256=sha256)

    def _verdict(self, image: bytes, taken_at_ms: int | None = None) -> Any:
        advice, _, reason = image[len(JPEG) :].decode().partition("|")
        blob = f"frame-{len(self.frames)}"
        self.frames[blob] = image
        return SimpleNamespace(
            match_id=mint("match"), advice=advice, reason=reason or None,
            score={"same": 0.7, "ok": 0.7, "review": 0.4}.get(advice, 0.1), threshold=0.45,
            faces=1, model="told", frame_sha256=hashlib.sha256(image).hexdigest(),
            frame_blob=blob, taken_at_ms=taken_at_ms or self.clock.now_ms(),
        )  # fmt: skip


class NoFaces:
    """A desk without templates."""

    async def erase_templates(self, *, session_id: str) -> int:
        assert session_id
        return 0


@dataclass
class Seated:
    """One candidate at the seat: numbers, machine and token."""

    sitting_id: str
    candidate_id: str
    ticket_no: str
    id_number: str
    seat: SeatRow
    route: str
    checkin_id: str = ""
    token: str = ""
    device: DeviceKey | None = None
    epoch: int = 0
    next_seq: int = 1


async def refused(awaitable: Awaitable[object]) -> Refusal:
    """With what it is refused."""
    with pytest.raises(Refusal) as caught:
        await awaitable
    return caught.value


class ExamDay:
    """A session whose draw is done, with staff at desk and room."""

    def __init__(self, arranged: Arranged, first: Principal, second: Principal) -> None:
        world = arranged.world
        self.arranged, self.world, self.session_id = arranged, world, arranged.session_id
        self.first, self.second, self.chief = first, second, arranged.chief
        self.clock = world.clock
        self.bus = LocalBus()
        self.matcher: Any = ToldMatcher(world.clock)
        self.tokens: dict[tuple[str, str], str] = {}
        self.released = False
        self.alone = False
        self.build()

    def build(self) -> None:
        """The services, as after a start of the program."""
        world = self.world
        key = lookup_key_of(world.keyring)
        self.book = IncidentBook(world.ledger, world.clock)
        self.presence = Presence(world.clock.now_ms())
        self.hall = Hall(
            database=world.database, clock=world.clock, ledger=world.ledger, bus=self.bus,
            keyring=world.keyring, papers=world.new_papers(), matcher=self.matcher,
            incidents=self.book, presence=self.presence, origin=world.ledger.origin,
            alone=self.alone,
        )  # fmt: skip
        self.sittings = SittingsService(self.hall, key, world.registration)
        self.desk = CheckinService(
            world.database, world.clock, world.ledger, self.matcher, world.accounts, self.bus, key
        )
        self.room = InvigilationService(self.sittings, self.book, self.matcher, world.accounts)

    @property
    def starts_at_ms(self) -> int:
        return self._starts

    async def prepare(self) -> None:
        """Reads the plan and sets up every machine."""
        view = await self.world.sessions.one(self.arranged.officer, self.session_id)
        self._starts = view.row.starts_at_ms
        self.rooms = view.rooms
        for room in view.rooms:
            for seat in room.seats:
                self.tokens[
                    room.room_id, seat.machine_code
                ] = await self.world.bodies.set_up_machine(
                    self.arranged.officer, room.room_id, seat.machine_code
                )

    def again(self, world: World) -> "ExamDay":
        """The same day in a world that stands on copies of this one's database and files."""
        world.clock.instant_ms = self.clock.instant_ms
        world.desk.enrolled.update(self.world.desk.enrolled)
        made = ExamDay(replace(self.arranged, world=world), self.first, self.second)
        made._starts, made.rooms, made.tokens = self._starts, self.rooms, dict(self.tokens)
        return made

    async def release(self) -> None:
        """Both holders open the paper, at T minus ten minutes or later."""
        self.clock.instant_ms = max(self.clock.instant_ms, self._starts - 600_000)
        self.released = True
        for holder in self.arranged.holders:
            await self.world.papers.release(holder, self.session_id, PASSPHRASE + holder.subject)

    async def candidates(self) -> list[Seated]:
        """Everybody with the drawn seat."""
        from tests.integration.server.world import id_number

        lines = await self.desk.desk(self.chief, self.session_id)
        people = []
        async with self.world.database.read() as session:
            for line in lines.candidates:
                seat = await session.get(SeatRow, line.sitting_id)
                assert seat is not None
                number = id_number(int(line.name.removeprefix("考生")))
                people.append(
                    Seated(line.sitting_id, line.candidate_id, line.ticket_no, number, seat,
                           line.route)
                )  # fmt: skip
        return people

    async def face_candidate(self, at: int = 0) -> Seated:
        """One who takes the face route."""
        return [one for one in await self.candidates() if one.route == "face"][at]

    async def admit(self, one: Seated, frame: bytes | None = None) -> Seated:
        """All three parts at the desk; ``frame`` is what its camera sees."""
        visit = await self.desk.start(self.first, self.session_id, one.ticket_no)
        one.checkin_id = visit.checkin_id
        face = one.route == "face"
        await self.desk.consent(self.first, visit.checkin_id, face=face, notice_version="1")
        if face:
            await self.desk.frame(self.first, visit.checkin_id, frame or picture("same"))
        else:
            await self.desk.manual(
                self.first, visit.checkin_id, document="居民身份证", reason=WHY,
                second=SecondBy("second", PIN),
            )  # fmt: skip
        await self.desk.confirm(self.first, visit.checkin_id, reason=Reason())
        await self.desk.seat(self.first, visit.checkin_id)
        return one

    def machine(self, one: Seated) -> str:
        """The token of the machine at the drawn seat."""
        return self.tokens[one.seat.room_id, one.seat.machine_code]

    async def sign_in(self, one: Seated, machine_token: str | None = None) -> Principal:
        """At the drawn seat, or at another machine."""
        done = await self.sittings.entry.sign_in(
            one.ticket_no, one.id_number, machine_token or self.machine(one)
        )
        one.token = done.token
        return await self.principal(one)

    async def principal(self, one: Seated) -> Principal:
        """Whoever holds the candidate's token."""
        async with self.world.database.read() as session:
            return await principal_of(session, self.clock, one.token)

    async def take_device(self, one: Seated) -> Principal:
        """A fresh browser key."""
        principal = await self.principal(one)
        one.device = DeviceKey()
        made = await self.sittings.entry.device(principal, one.device.public)
        one.epoch, one.next_seq = made.epoch, 1
        return principal

    async def ready(self, one: Seated) -> Principal:
        """Admitted, signed in, face passed, device taken."""
        await self.admit(one)
        principal = await self.sign_in(one)
        if one.route == "face":
            await self.sittings.entry.face(principal, picture("same"))
        return await self.take_device(one)

    async def answering(self, one: Seated) -> Principal:
        """As far as the first item."""
        principal = await self.ready(one)
        if not self.released:
            await self.release()
        self.clock.instant_ms = max(self.clock.instant_ms, self._starts)
        await self.sittings.papers.paper(principal)
        return principal

    def batch(self, one: Seated, *events: tuple[str, str | None, Any], ahead_ms: int = 0) -> Batch:
        """Signed events from the candidate's next number on."""
        now_ms = self.clock.now_ms() + ahead_ms
        made = [
            Event(one.next_seq + n, kind, item, response, now_ms)
            for n, (kind, item, response) in enumerate(events)
        ]
        one.next_seq += len(made)
        return self.signed(one, made)

    def signed(self, one: Seated, events: list[Event]) -> Batch:
        """The device's signature over these events."""
        assert one.device is not None
        raw = [
            ClientEvent(
                e.seq, e.kind, e.item_id or "",
                "" if e.response is None else canonical_json(e.response).decode(), e.client_ms,
            )
            for e in events
        ]  # fmt: skip
        message = batch_message(
            self.world.ledger.origin, sitting_stream(one.sitting_id), one.epoch, raw
        )
        return Batch(one.epoch, events[0].seq, events, one.device.sign(message))

    def item(self, one: Seated) -> str:
        """The item of the candidate's form."""
        return f"item-{one.seat.form_code}"

    async def answer(self, one: Seated, option: str = "true") -> Acked:
        """One answer to the only item."""
        batch = self.batch(one, ("answer_set", self.item(one), {"options": [option]}))
        return await self.sittings.answers.take(await self.principal(one), batch)

    def final(self, one: Seated) -> FinalState:
        """The signed final state."""
        assert one.device is not None
        state = hashlib.sha256(b"state").digest()
        plain = FinalState(one.epoch, one.next_seq - 1, state, b"")
        message = final_message(self.world.ledger.origin, sitting_stream(one.sitting_id), plain)
        return FinalState(one.epoch, one.next_seq - 1, state, one.device.sign(message))

    async def kinds(self, one: Seated) -> list[str]:
        """Kinds in the sitting's stream."""
        async with self.world.database.read() as session:
            records = await self.world.ledger.read(session, sitting_stream(one.sitting_id))
        return [record.kind for record in records]

    async def wall(self, one: Seated) -> RoomWall:
        """The candidate's room as its invigilator sees it."""
        return await self.room.wall.wall(self.first, self.session_id, one.seat.room_id)

    async def cases(self, one: Seated) -> list[tuple[str, str, int]]:
        """Kind, state and count of the cases in the candidate's room."""
        found = (await self.wall(one))["incidents"]
        return sorted((case["kind"], case["state"], case["count"]) for case in found)

    async def tile(self, one: Seated) -> WallSeat:
        """The candidate's tile."""
        wall = await self.wall(one)
        return next(seat for seat in wall["seats"] if seat["sitting_id"] == one.sitting_id)


@contextmanager
def counted(day: ExamDay) -> Iterator[list[str]]:
    """The statements that readers send meanwhile."""
    sent: list[str] = []
    engine = day.world.database._reader.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def exam_day(
    world: World, *, people: int = 6, grids: tuple[tuple[int, int], ...] = ((2, 4),)
) -> ExamDay:
    """Draw done, machines set up, two invigilators for all rooms, desk open."""
    arranged = await prepared(world, people=people, grids=grids)
    await draw_lots(arranged)
    staff = []
    for name in ("first", "second"):
        person = await world.person(name, Role.INVIGILATOR)
        await world.sessions.staff(
            arranged.officer, arranged.session_id, account_id=person.subject,
            duty=Duty.INVIGILATOR, room_id=None,
        )  # fmt: skip
        staff.append(person)
    day = ExamDay(arranged, staff[0], staff[1])
    await day.prepare()
    day.clock.advance(minutes=10)
    return day

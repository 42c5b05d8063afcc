"""Answers: checked, into the ledger, acknowledged; in this order and never another.

Rules kept here: nothing is acknowledged before the commit that holds it; whether the sitting is
open and the device current is asked again in the ledger's own transaction; what arrives after the
deadline with an earlier client time is kept as late data; memory is touched only after the commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernel.access import Principal
from kernel.codec import canonical_json
from kernel.db import WriteSession
from kernel.errors import Kind, Refusal
from ledger.book import Ack, ClientBatch, ClientEvent
from paper.items import FormItem
from paper.responses import parse_response
from server.checkin.service import sitting_stream
from server.sittings.ports import Observation
from server.sittings.rules.timing import Timing, may_answer
from server.sittings.service.hall import Hall
from server.sittings.service.paper import PaperDesk
from server.sittings.service.rows import Loaded, load, locked

ITEM_KINDS = frozenset({"answer_set", "answer_cleared", "marked", "unmarked", "item_viewed"})
OTHER_KINDS = frozenset(
    {
        "focus_lost", "focus_back", "fullscreen_left", "help_raised", "camera_lost", "camera_back",
        "recording_gap",
    }
)  # fmt: skip
BATCH_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Event:
    """One client event as it arrived."""

    seq: int
    kind: str
    item_id: str | None
    response: Any
    client_ms: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one device epoch, numbered without gaps, under the device's signature."""

    epoch: int
    first_seq: int
    events: Sequence[Event]
    signature: bytes


@dataclass(frozen=True, slots=True)
class Acked:
    """The durable acknowledgement and the deadline as it stands."""

    ack: Ack
    deadline_ms: int
    now_ms: int


CLOSED = frozenset({"sitting.closed", "sitting.paused", "answer.too_late"})


class Answers:
    """Takes batches of client events; HTTP and the socket both come here."""

    def __init__(self, hall: Hall, papers: PaperDesk) -> None:
        self._hall = hall
        self._papers = papers

    async def take(self, principal: Principal, batch: Batch) -> Acked:
        """Raises ``answer.*``, ``response.*``, ``sitting.*``, ``ledger.*``."""
        hall = self._hall
        now_ms = hall.clock.now_ms()
        async with hall.database.read() as session:
            loaded = await load(session, principal.subject)
        hall.check_holder(loaded, principal, batch.epoch)
        hall.presence.touch(loaded.row.id, now_ms)
        check_shape(batch)
        shut, timing = self._shut(loaded, batch, now_ms)
        items = await self._papers.items(loaded)
        events = [checked(event, items) for event in batch.events]
        try:
            if shut is not None:
                raise shut  # one way out: what is known is acknowledged all the same
            ack = await self._submit(principal, batch, events, timing)
        except Refusal as refused:
            if refused.code == "ledger.conflict":
                await self._report_conflict(principal.subject, batch)
            known = await self._known(principal, batch, events, refused)
            if known is None:
                raise
            return Acked(known, loaded.deadline_ms(now_ms), now_ms)
        self._project(loaded, batch)
        hall.moved(loaded)
        await self._report(loaded, batch)
        return Acked(ack, loaded.deadline_ms(now_ms), now_ms)

    def _shut(self, loaded: Loaded, batch: Batch, now_ms: int) -> tuple[Refusal | None, Timing]:
        """Why nothing new may come in any more, or None; raises what forbids even to ask."""
        try:
            return None, self._timing(loaded, batch, now_ms)
        except Refusal as refused:
            if refused.code not in CLOSED:
                raise
            return refused, Timing.LATE

    async def _known(
        self, principal: Principal, batch: Batch, events: list[ClientEvent], refused: Refusal
    ) -> Ack | None:
        """The acknowledgement that got lost: what is stored already is said so, closed or not."""
        if refused.code not in CLOSED:
            return None
        return await self._hall.ledger.repeated(_signed(principal, batch, events, late=False))

    def _timing(self, loaded: Loaded, batch: Batch, now_ms: int) -> Timing:
        newest = max((event.client_ms for event in batch.events), default=now_ms)
        return may_answer(
            now_ms, loaded.standing(now_ms), newest_client_ms=newest,
            late_data_s=loaded.policy.late_data_s,
        )  # fmt: skip

    async def _submit(
        self, principal: Principal, batch: Batch, events: list[ClientEvent], timing: Timing
    ) -> Ack:
        hall = self._hall

        async def guard(tx: WriteSession) -> None:
            # The row stays locked until the ledger's commit: a pause or a hand-in that comes now
            # waits.
            fresh = await locked(tx, principal.subject)
            hall.check_holder(fresh, principal, batch.epoch)
            found = self._timing(fresh, batch, hall.clock.now_ms())
            if found is not timing:
                raise Refusal(
                    "answer.too_late", Kind.CONFLICT,
                    deadline_ms=fresh.deadline_ms(hall.clock.now_ms()),
                )  # fmt: skip

        late = timing is Timing.LATE
        return await hall.ledger.submit(_signed(principal, batch, events, late=late), guard)

    def _project(self, loaded: Loaded, batch: Batch) -> None:
        presence = self._hall.presence
        progress = presence.progress(loaded.row.id)
        if progress is None:
            return  # whoever wants to know rebuilds it from the ledger
        done = [(e.seq, e.kind, e.item_id, e.response is None) for e in batch.events]
        progress.apply(batch.epoch, done)
        presence.keep_progress(loaded.row.id, progress)

    async def _report(self, loaded: Loaded, batch: Batch) -> None:
        kinds = {event.kind for event in batch.events}
        wanted = [
            (kind, severity)
            for signal, kind, severity in (
                ("help_raised", "help", "amber"),
                ("camera_lost", "camera_lost", "amber"),
            )
            if signal in kinds
        ]
        if not wanted:
            return
        async with self._hall.database.write() as tx:
            for kind, severity in wanted:
                await self._hall.incidents.report(
                    tx, Observation(loaded.row.id, kind, severity, self._hall.clock.now_ms())
                )
        self._hall.moved(loaded)

    async def _report_conflict(self, sitting_id: str, batch: Batch) -> None:
        detail = {"epoch": batch.epoch, "first_seq": batch.first_seq}
        async with self._hall.database.write() as tx:
            await self._hall.incidents.report(
                tx,
                Observation(
                    sitting_id, "conflict", "red", self._hall.clock.now_ms(), detail=detail
                ),
            )


def _signed(
    principal: Principal, batch: Batch, events: list[ClientEvent], *, late: bool
) -> ClientBatch:
    return ClientBatch(
        stream_id=sitting_stream(principal.subject),
        epoch=batch.epoch,
        first_seq=batch.first_seq,
        events=tuple(events),
        signature=batch.signature,
        late=late,
    )


def check_shape(batch: Batch) -> None:
    """Raises ``events.empty``, ``events.too_many``, ``events.order``."""
    if not batch.events:
        raise Refusal("events.empty")
    if len(batch.events) > BATCH_LIMIT:
        raise Refusal("events.too_many", Kind.TOO_LARGE, limit=BATCH_LIMIT)
    expected = range(batch.first_seq, batch.first_seq + len(batch.events))
    if batch.first_seq < 1 or any(e.seq != n for e, n in zip(batch.events, expected, strict=True)):
        raise Refusal("events.order", first_seq=batch.first_seq)


def checked(event: Event, items: dict[str, FormItem]) -> ClientEvent:
    """The event as the ledger takes it; what the device signed is kept as it is.

    Raises ``answer.item_unknown``, ``events.kind``, ``response.*``.
    """
    if event.kind not in ITEM_KINDS | OTHER_KINDS:
        raise Refusal("events.kind", kind=event.kind[:40])
    response_json = ""
    if event.kind in ITEM_KINDS:
        item = items.get(event.item_id or "")
        if item is None:
            raise Refusal("answer.item_unknown", Kind.NOT_FOUND, item=(event.item_id or "")[:64])
        if event.kind == "answer_set":
            parse_response(item, event.response)
        elif event.response is not None:
            raise Refusal("response.shape", item=item.item_id, detail=event.kind)
    elif event.item_id is not None or event.response is not None:
        raise Refusal("events.kind", kind=event.kind)
    if event.response is not None:
        response_json = canonical_json(event.response).decode()
    return ClientEvent(event.seq, event.kind, event.item_id or "", response_json, event.client_ms)

"""Answers: checked, into the ledger, acknowledged; in this order and never another.

Rules kept here: nothing is acknowledged before the commit that holds it; whether the sitting is
open, the device current and the form the one that was dealt is asked in the ledger's own
transaction and only there; what arrives after the deadline with an earlier client time is kept as
late data; memory is touched only after the commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernel.access import Principal
from kernel.codec import canonical_json
from kernel.crypto import digest
from kernel.db import WriteSession
from kernel.errors import Kind, Refusal
from ledger.asked import Asked, Terms
from ledger.book import Ack, ClientBatch, ClientEvent
from paper.items import FormItem
from paper.responses import parse_response
from server.checkin.service import sitting_stream
from server.sittings.ports import Observation
from server.sittings.rules.timing import Timing, may_answer
from server.sittings.service.calls import Calls, Mark
from server.sittings.service.dealt import Dealt, DealtItems
from server.sittings.service.hall import Hall
from server.sittings.service.paper import PaperDesk
from server.sittings.service.rows import Gate, locked, locked_gates

ITEM_KINDS = frozenset({"answer_set", "answer_cleared", "marked", "unmarked", "item_viewed"})
OTHER_KINDS = frozenset(
    {
        "focus_lost", "focus_back", "fullscreen_left", "help_raised", "camera_lost", "camera_back",
        "recording_gap",
    }
)  # fmt: skip
BATCH_LIMIT = 500
CALLS = {"help_raised": "help", "camera_lost": "camera_lost"}
"""Kinds that a person has to look at, with the incident's word."""


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

    def __init__(self, hall: Hall, papers: PaperDesk, calls: Calls) -> None:
        self._hall = hall
        self._calls = calls
        self._dealt = DealtItems(hall, papers)

    async def take(self, principal: Principal, batch: Batch) -> Acked:
        """Raises ``answer.*``, ``response.*``, ``sitting.*``, ``ledger.*``."""
        hall = self._hall
        check_shape(batch)
        dealt = await self._dealt.of(principal.subject)
        events = [checked(event, dealt.items) for event in batch.events]
        claim = Claim(
            sitting_id=principal.subject,
            sign_in=principal.claims.get("sign_in"),
            epoch=batch.epoch,
            newest_client_ms=max(event.client_ms for event in batch.events),
            dealt=dealt,
        )
        signed = _signed(principal, batch, events)
        try:
            ack = await hall.ledger.submit(signed, self._admit, claim)
        except Refusal as refused:
            if claim.is_holder or (claim.is_holder is None and refused.kind is Kind.UNAVAILABLE):
                self._heard(principal)
            return await self._refused(batch, signed, claim, refused)
        self._heard(principal)
        await self._follow(batch, claim)
        return Acked(ack, claim.deadline_ms, claim.now_ms)

    async def _admit(self, tx: WriteSession, asked: Sequence[Asked]) -> Sequence[Terms | Refusal]:
        """Holder, device and time of every batch in one question, in the ledger's transaction.

        The rows stay locked until its commit: a pause or a hand-in that comes now waits.
        """
        now_ms = self._hall.clock.now_ms()
        claims: list[Claim] = [one.claim for one in asked]
        gates = await locked_gates(tx, sorted({claim.sitting_id for claim in claims}), now_ms)
        return [_terms(claim, gates.get(claim.sitting_id), now_ms) for claim in claims]

    async def _refused(
        self, batch: Batch, signed: ClientBatch, claim: "Claim", refused: Refusal
    ) -> Acked:
        """One way out of a refusal: what is known already is acknowledged, closed or not."""
        if refused.code == "ledger.conflict":
            await self._report_conflict(claim.sitting_id, signed, refused)
        if refused.code == "paper.form_differs":
            self._dealt.forget(claim.sitting_id)
        known = await self._hall.ledger.repeated(signed) if refused.code in CLOSED else None
        if known is None:
            raise refused
        await self._follow(batch, claim)
        return Acked(known, claim.deadline_ms, claim.now_ms)

    async def _follow(self, batch: Batch, claim: "Claim") -> None:
        """What comes after the commit, also of a batch that is sent again: whatever cut its
        acknowledgement short the first time may have cut this short, too.
        """
        self._project(claim.sitting_id, batch)
        self._hall.answered(claim.dealt.session_id, claim.room_id)
        try:
            await self._report(claim.sitting_id, batch)
        except Refusal as failed:
            if failed.code != "ledger.stream_closed":  # sealed: nobody is to be called any more
                raise

    def _heard(self, principal: Principal) -> None:
        """Of whom the guard found to hold the sitting, or could not be asked: what is refused
        before it may come from a device that was replaced.
        """
        self._hall.presence.touch(principal.subject, self._hall.clock.now_ms())

    def _project(self, sitting_id: str, batch: Batch) -> None:
        done = [(e.seq, e.kind, e.item_id, e.response is None) for e in batch.events]
        self._hall.presence.counted(sitting_id, batch.epoch, done)

    async def _report(self, sitting_id: str, batch: Batch) -> None:
        calls: dict[str, Mark] = {
            CALLS[event.kind]: (batch.epoch, event.seq)
            for event in batch.events
            if event.kind in CALLS
        }
        if calls:
            await self._calls.call(sitting_id, calls)

    async def _report_conflict(self, sitting_id: str, batch: ClientBatch, refused: Refusal) -> None:
        """By number and content: the same sent again is no second conflict."""
        detail = {"epoch": batch.epoch, "first_seq": batch.first_seq}
        differs = next(e for e in batch.events if e.seq == refused.params["client_seq"])
        content = digest.sha256(differs.to_bytes(batch.epoch)).hex()
        async with self._hall.database.write() as tx:
            await locked(tx, sitting_id)  # before any head, as every act on a sitting does
            await self._hall.incidents.report(
                tx,
                Observation(
                    sitting_id, "conflict", "red", self._hall.clock.now_ms(), detail=detail,
                    name=f"{batch.epoch}/{differs.seq}/{content}",
                ),
            )  # fmt: skip


@dataclass(slots=True)
class Claim:
    """What a batch claims, and what the transaction found: whether its device holds the sitting
    (None: nobody was asked), room, deadline and its instant.
    """

    sitting_id: str
    sign_in: object
    epoch: int
    newest_client_ms: int
    dealt: Dealt
    is_holder: bool | None = None
    room_id: str = ""
    deadline_ms: int = 0
    now_ms: int = 0


def _terms(claim: Claim, gate: Gate | None, now_ms: int) -> Terms | Refusal:
    """Whether the batch may come in, by the sitting's row as it is locked."""
    if gate is None:
        return Refusal("sitting.unknown", Kind.NOT_FOUND)
    claim.is_holder = claim.sign_in == gate.holder and claim.epoch == gate.epoch
    if not claim.is_holder:
        return Refusal("answer.stale_epoch", Kind.CONFLICT, epoch=gate.epoch)
    if (gate.session_id, gate.form_code) != (claim.dealt.session_id, claim.dealt.form_code):
        return Refusal("paper.form_differs", Kind.CONFLICT, form=gate.form_code)
    standing = gate.standing
    claim.room_id, claim.deadline_ms, claim.now_ms = gate.room_id, standing.deadline_ms, now_ms
    late_data_s = gate.late_data_s if now_ms >= standing.deadline_ms else 0
    try:
        timing = may_answer(
            now_ms, standing, newest_client_ms=claim.newest_client_ms, late_data_s=late_data_s
        )
    except Refusal as refused:
        return refused
    return Terms(late=timing is Timing.LATE)


def _signed(principal: Principal, batch: Batch, events: list[ClientEvent]) -> ClientBatch:
    return ClientBatch(
        stream_id=sitting_stream(principal.subject),
        epoch=batch.epoch,
        first_seq=batch.first_seq,
        events=tuple(events),
        signature=batch.signature,
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

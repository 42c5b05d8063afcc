"""Group commit of client batches: one transaction for whatever has queued, then the
acknowledgements.

Rules kept here: nothing is acknowledged before the commit that holds it; one bad batch fails
alone (a
savepoint each); the same event twice is the same acknowledgement, another content under one
number is
a recorded conflict; a full queue refuses in words.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from kernel.codec import encode
from kernel.crypto import digest
from kernel.crypto.signing import ServerKey, device_signature_holds
from kernel.db import Database, WriteSession
from kernel.errors import Kind, Refusal
from ledger.append import Act, Appended, Appender, lock_head
from ledger.client import Ack, ClientBatch, ClientEvent, ack_frame, batch_message
from ledger.keys import FIRST_VERSION, scope_of
from ledger.tables import DeviceRow, SeenRow

Guard = Callable[[WriteSession], Awaitable[None]]

QUEUE_LIMIT = 4_096
GROUP_LIMIT = 512


@dataclass(slots=True)
class _Waiting:
    batch: ClientBatch
    guard: Guard
    done: "asyncio.Future[Ack]"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a batch came to inside the transaction: where it stands, or a conflict to refuse."""

    appended: Appended
    acked_through: int
    refused: Refusal | None = None


class LedgerWriter:
    """One task writes; ``submit`` waits for its commit."""

    def __init__(self, database: Database, appender: Appender, signer: ServerKey) -> None:
        self._db = database
        self._appender = appender
        self._signer = signer
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue(QUEUE_LIMIT)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin writing; once per process."""
        self._task = asyncio.create_task(self._run(), name="ledger-writer")

    async def stop(self) -> None:
        """Write what has queued, then end."""
        if self._task is not None:
            await self._queue.put(None)
            await self._task
            self._task = None

    async def submit(self, batch: ClientBatch, guard: Guard) -> Ack:
        """The acknowledgement, after the commit.

        Raises ``ledger.busy``, ``ledger.gap``, ``ledger.conflict``, ``ledger.signature``,
        ``ledger.device_unknown`` and what the guard or the append raise.
        """
        waiting = _Waiting(batch, guard, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull as full:
            raise Refusal("ledger.busy", Kind.UNAVAILABLE) from full
        return await waiting.done

    async def _run(self) -> None:
        while True:
            first = await self._queue.get()
            if first is None:
                return
            group, last = [first], False
            while len(group) < GROUP_LIMIT and not self._queue.empty():
                another = self._queue.get_nowait()
                if another is None:
                    last = True
                    break
                group.append(another)
            await self._write(group)
            if last:
                return

    async def _write(self, group: list[_Waiting]) -> None:
        ordered = sorted(group, key=lambda w: w.batch.stream_id)
        outcomes: list[_Outcome | BaseException]
        try:
            async with self._db.write() as session:
                outcomes = [await self._try(session, waiting) for waiting in ordered]
        except Exception as failed:  # noqa: BLE001  # whoever waits is told, the writer goes on
            outcomes = [failed] * len(group)
        for waiting, outcome in zip(ordered, outcomes, strict=True):
            self._answer(waiting, outcome)

    def _answer(self, waiting: _Waiting, outcome: "_Outcome | BaseException") -> None:
        if waiting.done.done():
            return  # nobody waits any more; the log has it all the same
        if isinstance(outcome, BaseException):
            waiting.done.set_exception(outcome)
        elif outcome.refused is not None:
            waiting.done.set_exception(outcome.refused)
        else:
            waiting.done.set_result(self._ack(waiting.batch, outcome))

    def _ack(self, batch: ClientBatch, outcome: _Outcome) -> Ack:
        at = outcome.appended
        origin = self._appender.origin
        frame = ack_frame(
            origin, batch.stream_id, batch.epoch, outcome.acked_through, at.head, at.server_ms
        )
        return Ack(
            origin=origin,
            stream_id=batch.stream_id,
            epoch=batch.epoch,
            acked_through=outcome.acked_through,
            head=at.head,
            server_ms=at.server_ms,
            frame=frame,
            signature=self._signer.sign(frame),
        )

    async def _try(self, session: WriteSession, waiting: _Waiting) -> "_Outcome | BaseException":
        try:
            async with session.begin_nested():
                return await self._take(session, waiting)
        except Refusal as refused:
            return refused

    async def _take(self, session: WriteSession, waiting: _Waiting) -> _Outcome:
        batch = waiting.batch
        _check_numbers(batch)
        await waiting.guard(session)
        head = await lock_head(session, batch.stream_id)
        device = await session.get(DeviceRow, (head.number, batch.epoch), with_for_update=True)
        if device is None:
            raise Refusal("ledger.device_unknown", Kind.CONFLICT, epoch=batch.epoch)
        message = batch_message(self._appender.origin, batch.stream_id, batch.epoch, batch.events)
        if not device_signature_holds(device.public_key, message, batch.signature):
            raise Refusal("ledger.signature")
        acked = device.acked_through
        if batch.first_seq > acked + 1:
            raise Refusal("ledger.gap", Kind.CONFLICT, next_seq=acked + 1)
        key = await self._appender.keys.data_key(session, scope_of(batch.stream_id), FIRST_VERSION)
        known = [event for event in batch.events if event.seq <= acked]
        differing = await _differing(session, head.number, batch.epoch, known, key)
        if differing:
            return await self._conflict(session, batch, differing, acked)
        fresh = [event for event in batch.events if event.seq > acked]
        if not fresh:
            now_ms = self._appender.clock.now_ms()
            at = Appended(batch.stream_id, head.next_seq - 1, head.head, now_ms)
            return _Outcome(at, acked)
        at = await self._appender.append(session, batch.stream_id, _acts(batch, fresh))
        await session.execute(
            insert(SeenRow),
            [
                {
                    "stream": head.number,
                    "epoch": batch.epoch,
                    "client_seq": event.seq,
                    "content_mac": _mac(key, batch.epoch, event),
                }
                for event in fresh
            ],
        )
        await session.execute(
            update(DeviceRow)
            .where(DeviceRow.stream == head.number, DeviceRow.epoch == batch.epoch)
            .values(acked_through=fresh[-1].seq)
        )
        return _Outcome(at, fresh[-1].seq)

    async def _conflict(
        self, session: WriteSession, batch: ClientBatch, differing: list[ClientEvent], acked: int
    ) -> _Outcome:
        acts = [
            Act("conflict", {**_body(batch, event), "given_kind": event.kind}, batch.epoch)
            for event in differing
        ]
        at = await self._appender.append(session, batch.stream_id, acts)
        refused = Refusal(
            "ledger.conflict", Kind.CONFLICT, epoch=batch.epoch, client_seq=differing[0].seq
        )
        return _Outcome(at, acked, refused)


def _check_numbers(batch: ClientBatch) -> None:
    expected = range(batch.first_seq, batch.first_seq + len(batch.events))
    if not batch.events or [event.seq for event in batch.events] != list(expected):
        raise Refusal("ledger.numbers", first_seq=batch.first_seq)


def _mac(key: bytes, epoch: int, event: ClientEvent) -> bytes:
    """A keyed digest of the content: equality can be tested, nothing can be read."""
    return digest.keyed(key, encode("seen", 1, [event.to_bytes(epoch)]))[:16]


async def _differing(
    session: WriteSession, stream: int, epoch: int, known: list[ClientEvent], key: bytes
) -> list[ClientEvent]:
    if not known:
        return []
    rows = await session.execute(
        select(SeenRow.client_seq, SeenRow.content_mac).where(
            SeenRow.stream == stream,
            SeenRow.epoch == epoch,
            SeenRow.client_seq.between(known[0].seq, known[-1].seq),
        )
    )
    stored = {seq: mac for seq, mac in rows}
    return [e for e in known if not digest.same(stored[e.seq], _mac(key, epoch, e))]


def _acts(batch: ClientBatch, fresh: list[ClientEvent]) -> list[Act]:
    """One act per event; the last carries the batch's signature, so that it can be checked
    again.
    """
    acts = [Act(event.kind, _body(batch, event), batch.epoch) for event in fresh]
    last = acts[-1]
    signed = {"first_seq": batch.first_seq, "signature": batch.signature.hex()}
    acts[-1] = Act(last.kind, {**last.body, "batch": signed}, batch.epoch)
    return acts


def _body(batch: ClientBatch, event: ClientEvent) -> dict[str, Any]:
    body: dict[str, Any] = {"client_seq": event.seq, "client_ms": event.client_ms}
    if event.item_id:
        body["item_id"] = event.item_id
    if event.response_json:
        body["response"] = msgspec.json.decode(event.response_json)
    if batch.late:
        body["late"] = True
    return body

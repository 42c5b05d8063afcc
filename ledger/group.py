"""One group of client batches in one transaction: read together, decided one by one, written
together.

Rules kept here: guards come first and heads after them, both in the order of stream names, so no
two writers wait for each other in a circle; a refusal of one batch has written nothing, so it
touches no other; the same event twice is the same acknowledgement, another content under one number
is a recorded conflict.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
from sqlalchemy import Table, bindparam, select, update

from kernel.crypto.signing import device_signature_holds
from kernel.db import ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from ledger.append import Act, Appended, Appender, Head, lock_heads, padded, store
from ledger.client import ClientBatch, ClientEvent, batch_message, check_batch, event_of
from ledger.keys import Keys
from ledger.reading import damaged, read_records
from ledger.scopes import FIRST_VERSION, scope_of
from ledger.stored import stored_head
from ledger.tables import DeviceRow, RecordRow

_BREATH = 16

Guard = Callable[[WriteSession], Awaitable[None]]
"""Asks, in the ledger's transaction, whether the batch may come in: it reads and locks rows, writes
nothing, and raises a Refusal.
"""

_DEVICE = cast("Table", DeviceRow.__table__)
_ACKED = (
    update(_DEVICE)
    .where(_DEVICE.c.stream == bindparam("at"), _DEVICE.c.epoch == bindparam("of"))
    .values(acked_through=bindparam("through"))
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch came to inside the transaction: where it stands, or a conflict to refuse."""

    appended: Appended
    acked_through: int
    refused: Refusal | None = None


Result = Outcome | Refusal


@dataclass(slots=True)
class _Device:
    """A device epoch as this group leaves it; ``taken`` are the events that came in this group."""

    stream: int
    epoch: int
    public_key: bytes
    acked: int
    stored: int
    taken: dict[int, ClientEvent] = field(default_factory=dict)


@dataclass(slots=True)
class _Writing:
    """What the group writes at its end."""

    heads: dict[str, Head]
    devices: dict[tuple[int, int], _Device]
    records: list[dict[str, Any]] = field(default_factory=list)
    moved: dict[int, Head] = field(default_factory=dict)


async def take_group(
    session: WriteSession, appender: Appender, group: Sequence[tuple[ClientBatch, Guard]]
) -> list[Result]:
    """The outcome of each batch, in the order given, which is by stream name.

    Raises what is not a refusal, from a guard or from the database; then nothing of the group may
    be committed.
    """
    results: dict[int, Result] = {}
    for number, (batch, guard) in enumerate(group):
        try:
            check_batch(batch)
            await guard(session)
        except Refusal as refused:
            results[number] = refused
    admitted = [one for number, one in enumerate(group) if number not in results]
    writing = await _prepare(session, appender, [batch for batch, _ in admitted])
    for number, (batch, _) in enumerate(group):
        if number in results:
            continue
        if number % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)  # signatures take time; whoever else waits has a turn
        try:
            results[number] = await _take(session, appender, writing, batch)
        except Refusal as refused:
            results[number] = refused
    await _store(session, writing)
    return [results[number] for number in range(len(group))]


async def repeated(session: ReadSession, appender: Appender, batch: ClientBatch) -> Outcome | None:
    """Where a batch stands that is in the log already, word for word; None for any other.

    For a device whose acknowledgement was lost: it is told, whatever has been closed meanwhile.
    """
    check_batch(batch)
    head = await stored_head(session, batch.stream_id)
    if head is None:
        return None
    epochs = select(DeviceRow).where(
        DeviceRow.stream == head.number, DeviceRow.epoch == batch.epoch
    )
    row = (await session.scalars(epochs)).one_or_none()
    if row is None or batch.events[-1].seq > row.acked_through:
        return None
    message = batch_message(head.origin, batch.stream_id, batch.epoch, batch.events)
    if not device_signature_holds(row.public_key, message, batch.signature):
        return None
    acked = row.acked_through
    device = _Device(head.number, batch.epoch, row.public_key, acked, acked)
    events = list(batch.events)
    if await _differing(session, appender.keys, batch.stream_id, device, events):
        return None
    now_ms = appender.clock.now_ms()
    return Outcome(Appended(batch.stream_id, head.count, head.head, now_ms), acked)


async def _prepare(
    session: WriteSession, appender: Appender, batches: Sequence[ClientBatch]
) -> _Writing:
    """Heads, devices and keys of the whole group, one question each."""
    if not batches:
        return _Writing({}, {})
    streams = sorted({batch.stream_id for batch in batches})
    heads = await lock_heads(session, streams)
    scopes = {scope_of(head.stream_id): head.key_version for head in heads.values()}
    firsts = [(scope, FIRST_VERSION) for scope in scopes]
    await appender.keys.open_many(session, [*scopes.items(), *firsts])
    # A statement of its own after the locks: what another writer acknowledged meanwhile is seen.
    numbers = [head.number for head in heads.values()]
    rows = await session.execute(
        select(_DEVICE).where(_DEVICE.c.stream.in_(padded(numbers) if numbers else []))
    )
    devices = {
        (row.stream, row.epoch): _Device(
            row.stream, row.epoch, row.public_key, row.acked_through, row.acked_through
        )
        for row in rows
    }
    return _Writing(heads, devices)


async def _take(
    session: WriteSession, appender: Appender, writing: _Writing, batch: ClientBatch
) -> Outcome:
    head = writing.heads.get(batch.stream_id)
    if head is None:
        raise Refusal("ledger.stream_unknown", Kind.NOT_FOUND, stream=batch.stream_id)
    device = writing.devices.get((head.number, batch.epoch))
    if device is None:
        raise Refusal("ledger.device_unknown", Kind.CONFLICT, epoch=batch.epoch)
    message = batch_message(head.origin, batch.stream_id, batch.epoch, batch.events)
    if not device_signature_holds(device.public_key, message, batch.signature):
        raise Refusal("ledger.signature")
    if batch.first_seq > device.acked + 1:
        raise Refusal("ledger.gap", Kind.CONFLICT, next_seq=device.acked + 1)
    scope = scope_of(batch.stream_id)
    key = await appender.keys.data_key(session, scope, head.key_version)
    known = [event for event in batch.events if event.seq <= device.acked]
    fresh = [event for event in batch.events if event.seq > device.acked]
    differing = await _differing(session, appender.keys, batch.stream_id, device, known)
    acts = _conflicts(batch, differing) if differing else _acts(batch, fresh)
    now_ms = appender.clock.now_ms()
    rows = appender.chain(head, key, acts, now_ms) if acts else []
    if rows:
        writing.records += rows
        writing.moved[head.number] = head
    at = Appended(batch.stream_id, head.next_seq - 1, head.head, now_ms)
    if differing:
        refused = Refusal(
            "ledger.conflict", Kind.CONFLICT, epoch=batch.epoch, client_seq=differing[0].seq
        )
        return Outcome(at, device.acked, refused)
    for event in fresh:
        device.taken[event.seq] = event
        device.acked = event.seq
    return Outcome(at, device.acked)


async def _store(session: WriteSession, writing: _Writing) -> None:
    await store(session, writing.records, list(writing.moved.values()))
    changed = [device for device in writing.devices.values() if device.taken]
    if changed:
        connection = await session.connection()
        await connection.execute(
            _ACKED,
            [{"at": one.stream, "of": one.epoch, "through": one.acked} for one in changed],
        )


async def _differing(
    session: ReadSession, keys: Keys, stream_id: str, device: _Device, known: list[ClientEvent]
) -> list[ClientEvent]:
    """Which of the events that are acknowledged already stand in the log with another content."""
    held = device.taken
    if known and known[0].seq <= device.stored:
        found = await _in_log(session, keys, stream_id, device, known[0].seq, known[-1].seq)
        held = found | held
    return [event for event in known if held[event.seq] != event]


async def _in_log(
    session: ReadSession, keys: Keys, stream_id: str, device: _Device, first: int, last: int
) -> dict[int, ClientEvent]:
    """The device's events ``first`` to ``last`` as they were recorded.

    They are looked for where they can be: after as many records of the epoch as there were events
    before them, and before as many as were acknowledged after them. Raises ``ledger.damaged``.
    """
    last = min(last, device.stored)
    head = await stored_head(session, stream_id)
    begins = await session.scalar(
        select(RecordRow.seq)
        .where(RecordRow.stream == device.stream, RecordRow.epoch == device.epoch)
        .order_by(RecordRow.seq)
        .limit(1)
    )
    if head is None or begins is None:
        raise damaged(stream_id, 1)
    until = head.count - (device.stored - last)
    records = await read_records(session, keys, head, first=begins + first - 1, last=until)
    found: dict[int, ClientEvent] = {}
    for record in records:
        event = event_of(record.kind, record.body)
        if event is not None and record.epoch == device.epoch and record.kind != "conflict":
            found[event.seq] = event
    if any(seq not in found for seq in range(first, last + 1)):
        raise damaged(stream_id, until)
    return found


def _acts(batch: ClientBatch, fresh: list[ClientEvent]) -> list[Act]:
    """One act per event; the last carries the batch's signature, so that it can be checked
    again.
    """
    acts = [Act(event.kind, _body(batch, event), batch.epoch) for event in fresh]
    if acts:
        last = acts[-1]
        signed = {"first_seq": batch.first_seq, "signature": batch.signature.hex()}
        acts[-1] = Act(last.kind, {**last.body, "batch": signed}, batch.epoch)
    return acts


def _conflicts(batch: ClientBatch, differing: list[ClientEvent]) -> list[Act]:
    """The other content beside what is in the log already."""
    return [
        Act("conflict", {**_body(batch, event), "given_kind": event.kind}, batch.epoch)
        for event in differing
    ]


def _body(batch: ClientBatch, event: ClientEvent) -> dict[str, Any]:
    body: dict[str, Any] = {"client_seq": event.seq, "client_ms": event.client_ms}
    if event.item_id:
        body["item_id"] = event.item_id
    if event.response_json:
        body["response"] = msgspec.json.decode(event.response_json)
    if batch.late:
        body["late"] = True
    return body

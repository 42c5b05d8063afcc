"""One group of client batches in one transaction: read together, decided one by one, written
together.

Rules kept here: guards come first and heads after them, both in the order of stream names, so no
two writers wait for each other in a circle; a refusal of one batch has written nothing, so it
touches no other; the same event twice is the same acknowledgement, another content under one number
is a recorded conflict. A batch that repeats what stands in the log is put off until that was looked
up, and with it what came after it in its stream.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
from sqlalchemy import Table, bindparam, select

from kernel.bulk import Move, Wanted, select_rows, write_rows
from kernel.db import WriteSession
from kernel.errors import Kind, Refusal
from ledger.append import Act, Appended, Appender, Head, heads_of, stored, wanted_heads
from ledger.asked import Asked, Guard, Terms
from ledger.client import ClientBatch, ClientEvent
from ledger.outcome import Deferred, Outcome, Result
from ledger.proving import Proving
from ledger.scopes import scope_of
from ledger.tables import DeviceRow, StreamRow

_BREATH = 32

_DEVICE = cast("Table", DeviceRow.__table__)
_STREAM = cast("Table", StreamRow.__table__)
_DEVICES = (
    select(_DEVICE.c.stream, _DEVICE.c.epoch, _DEVICE.c.public_key, _DEVICE.c.acked_through)
    .join_from(_STREAM, _DEVICE, _DEVICE.c.stream == _STREAM.c.number)
    .where(_STREAM.c.stream_id.in_(bindparam("streams", expanding=True)))
)


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
    put_off: set[str] = field(default_factory=set)


async def take_group(
    session: WriteSession, appender: Appender, proving: Proving, group: Sequence[Asked]
) -> list[Result]:
    """The outcome of each batch, in the order given, which is by stream name.

    Raises what is not a refusal, from a guard or from the database; then nothing of the group may
    be committed.
    """
    terms = await _ask(session, group)
    admitted = [
        one for one, said in zip(group, terms, strict=True) if not isinstance(said, Refusal)
    ]
    writing = await _prepare(session, appender, [one.batch for one in admitted])
    results: list[Result] = []
    for number, (one, said) in enumerate(zip(group, terms, strict=True), 1):
        if isinstance(said, Refusal):
            results.append(said)
            continue
        if number % _BREATH == 0:
            await asyncio.sleep(0)  # records take time; whoever else waits has a turn
        try:
            results.append(await _take(session, appender, proving, writing, one, said))
        except Refusal as refused:
            results.append(refused)
    await _store(session, writing)
    return results


async def _ask(session: WriteSession, group: Sequence[Asked]) -> list[Terms | Refusal]:
    """Every guard once, for all batches that name it, in the order of the group."""
    by_guard: dict[Guard, list[int]] = {}
    for number, one in enumerate(group):
        by_guard.setdefault(one.guard, []).append(number)
    found: dict[int, Terms | Refusal] = {}
    for guard, numbers in by_guard.items():
        said = await guard(session, [group[number] for number in numbers])
        found.update(zip(numbers, said, strict=True))
    return [found[number] for number in range(len(group))]


async def _prepare(
    session: WriteSession, appender: Appender, batches: Sequence[ClientBatch]
) -> _Writing:
    """Heads, devices and keys of the whole group, one question each."""
    if not batches:
        return _Writing({}, {})
    names = sorted({batch.stream_id for batch in batches})
    # Devices are a statement of their own after the locks: what another writer acknowledged
    # meanwhile is seen.
    locked, rows = await select_rows(
        session, wanted_heads(names), Wanted(_DEVICES, "streams", names)
    )
    heads = heads_of(locked)
    keys = {scope_of(head.stream_id): head.key_version for head in heads.values()}
    await appender.keys.open_many(session, list(keys.items()))
    devices = {
        (stream, epoch): _Device(stream, epoch, public_key, acked, acked)
        for stream, epoch, public_key, acked in rows
    }
    return _Writing(heads, devices)


async def _take(
    session: WriteSession,
    appender: Appender,
    proving: Proving,
    writing: _Writing,
    one: Asked,
    terms: Terms,
) -> Outcome | Deferred:
    batch = one.batch
    head = writing.heads.get(batch.stream_id)
    if head is None:
        raise Refusal("ledger.stream_unknown", Kind.NOT_FOUND, stream=batch.stream_id)
    device = writing.devices.get((head.number, batch.epoch))
    if device is None:
        raise Refusal("ledger.device_unknown", Kind.CONFLICT, epoch=batch.epoch)
    if one.proved != (head.origin, device.public_key) and not proving.holds(
        batch, one.content, head.origin, device.public_key
    ):
        raise Refusal("ledger.signature")
    if batch.stream_id in writing.put_off or _unknown(device, one):
        writing.put_off.add(batch.stream_id)
        return Deferred()
    if batch.first_seq > device.acked + 1:
        raise Refusal("ledger.gap", Kind.CONFLICT, next_seq=device.acked + 1)
    key = await appender.keys.data_key(session, scope_of(batch.stream_id), head.key_version)
    fresh = [event for event in batch.events if event.seq > device.acked]
    differing = _differing(device, one)
    acts = _conflicts(batch, differing, terms) if differing else _acts(batch, fresh, terms)
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
        return Outcome(head.origin, at, device.acked, refused)
    for event in fresh:
        device.taken[event.seq] = event
        device.acked = event.seq
    return Outcome(head.origin, at, device.acked)


def _unknown(device: _Device, one: Asked) -> bool:
    """Whether the batch repeats events of which it was not yet looked up what the log holds."""
    return one.batch.first_seq <= device.stored and any(
        event.seq <= device.stored and event.seq not in one.held for event in one.batch.events
    )


def _differing(device: _Device, one: Asked) -> list[ClientEvent]:
    """Which of the events that are acknowledged already came with another content."""
    if one.batch.first_seq > device.acked:
        return []
    held = one.held | device.taken
    return [e for e in one.batch.events if e.seq <= device.acked and held[e.seq] != e]


async def _store(session: WriteSession, writing: _Writing) -> None:
    acked = [(one.stream, one.epoch, one.acked) for one in writing.devices.values() if one.taken]
    await write_rows(
        session,
        *stored(writing.records, list(writing.moved.values())),
        Move(_DEVICE, ("stream", "epoch"), ("acked_through",), acked),
    )


def _acts(batch: ClientBatch, fresh: list[ClientEvent], terms: Terms) -> list[Act]:
    """One act per event; the last carries the batch's signature, so that it can be checked
    again.
    """
    acts = [Act(event.kind, _body(event, terms), batch.epoch) for event in fresh]
    if acts:
        last = acts[-1]
        signed = {"first_seq": batch.first_seq, "signature": batch.signature.hex()}
        acts[-1] = Act(last.kind, {**last.body, "batch": signed}, batch.epoch)
    return acts


def _conflicts(batch: ClientBatch, differing: list[ClientEvent], terms: Terms) -> list[Act]:
    """The other content beside what is in the log already."""
    return [
        Act("conflict", {**_body(event, terms), "given_kind": event.kind}, batch.epoch)
        for event in differing
    ]


def _body(event: ClientEvent, terms: Terms) -> dict[str, Any]:
    body: dict[str, Any] = {"client_seq": event.seq, "client_ms": event.client_ms}
    if event.item_id:
        body["item_id"] = event.item_id
    if event.response_json:
        body["response"] = msgspec.json.decode(event.response_json)
    if terms.late:
        body["late"] = True
    return body

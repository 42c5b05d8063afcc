"""Events that come again: what the log holds under their numbers.

Rules kept here: nothing but the log itself is asked, and only the records where the events can
stand; it is read outside the writer's transaction, since what was acknowledged never changes.
"""

from sqlalchemy import select

from kernel.db import ReadSession
from ledger.append import Appended, Appender
from ledger.client import ClientBatch, ClientEvent, event_of
from ledger.outcome import Outcome
from ledger.proving import Proving
from ledger.reading import damaged, read_records
from ledger.stored import StoredHead, stored_head
from ledger.tables import DeviceRow, RecordRow


async def in_log(
    session: ReadSession, appender: Appender, batch: ClientBatch
) -> dict[int, ClientEvent]:
    """The events of the batch's device under its numbers, as far as they are acknowledged.

    They are looked for after as many records of the epoch as there were events before them, and
    before as many as were acknowledged after them. Raises ``ledger.damaged``.
    """
    head = await stored_head(session, batch.stream_id)
    row = None if head is None else await _device(session, head, batch.epoch)
    if head is None or row is None:
        return {}
    return await _events(session, appender, head, row, batch)


async def repeated(
    session: ReadSession,
    appender: Appender,
    proving: Proving,
    batch: ClientBatch,
    content: bytes,
) -> Outcome | None:
    """Where a batch stands that is in the log already, word for word; None for any other.

    For a device whose acknowledgement was lost: it is told, whatever has been closed meanwhile.
    """
    head = await stored_head(session, batch.stream_id)
    row = None if head is None else await _device(session, head, batch.epoch)
    if head is None or row is None or batch.events[-1].seq > row.acked_through:
        return None
    if not proving.holds(batch, content, head.origin, row.public_key):
        return None
    held = await _events(session, appender, head, row, batch)
    if any(held[event.seq] != event for event in batch.events):
        return None
    now_ms = appender.clock.now_ms()
    at = Appended(batch.stream_id, head.count, head.head, now_ms)
    return Outcome(head.origin, at, row.acked_through)


async def _device(session: ReadSession, head: StoredHead, epoch: int) -> DeviceRow | None:
    return await session.get(DeviceRow, (head.number, epoch))


async def _events(
    session: ReadSession,
    appender: Appender,
    head: StoredHead,
    device: DeviceRow,
    batch: ClientBatch,
) -> dict[int, ClientEvent]:
    first, last = batch.first_seq, min(batch.events[-1].seq, device.acked_through)
    if last < first:
        return {}
    begins = await session.scalar(
        select(RecordRow.seq)
        .where(RecordRow.stream == head.number, RecordRow.epoch == device.epoch)
        .order_by(RecordRow.seq)
        .limit(1)
    )
    if begins is None:
        raise damaged(head.stream_id, 1)
    until = head.count - (device.acked_through - last)
    records = await read_records(session, appender.keys, head, first=begins + first - 1, last=until)
    found: dict[int, ClientEvent] = {}
    for record in records:
        event = event_of(record.kind, record.body)
        if event is not None and record.epoch == device.epoch and record.kind != "conflict":
            found[event.seq] = event
    if any(seq not in found for seq in range(first, last + 1)):
        raise damaged(head.stream_id, until)
    return {seq: event for seq, event in found.items() if first <= seq <= last}

"""What a candidate's device signs, and what it gets back (docs/formats/ledger.md).

Rules kept here: events, batches, acknowledgements and receipts are frames of their own kinds, so
none can be taken for another; pure bytes, read by Python and TypeScript (tests/vectors).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from kernel.codec import canonical_json, encode
from kernel.crypto import digest
from kernel.errors import Kind, Refusal
from ledger.kinds import CATALOGUE, Writer

EVENTS_LIMIT = 500
"""Events of one batch."""
NUMBER_LIMIT = 1 << 53
"""Numbers stay below this, so that JavaScript holds them exactly."""


class ClientEvent(msgspec.Struct, frozen=True):
    """One event as signed: ``response_json`` is canonical JSON or empty."""

    seq: int
    kind: str
    item_id: str
    response_json: str
    client_ms: int

    def to_bytes(self, epoch: int) -> bytes:
        return encode(
            "client-event",
            1,
            [epoch, self.seq, self.kind, self.item_id, self.response_json, self.client_ms],
        )


@dataclass(frozen=True, slots=True)
class ClientBatch:
    """Events with contiguous numbers from ``first_seq``, under one P-256 signature (r ‖ s)."""

    stream_id: str
    epoch: int
    first_seq: int
    events: tuple[ClientEvent, ...]
    signature: bytes


@dataclass(frozen=True, slots=True)
class Ack:
    """Durable and signed: everything of the epoch through ``acked_through`` is in the log."""

    origin: str
    stream_id: str
    epoch: int
    acked_through: int
    head: bytes
    server_ms: int
    frame: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """The signed statement at submission; ``code`` only locates it."""

    code: str
    stream_id: str
    count: int
    head: bytes
    at_ms: int
    frame: bytes
    signature: bytes


def check_batch(batch: ClientBatch) -> bytes:
    """What can be said of a batch by itself; returns the hash of its events that is signed.

    Raises ``ledger.numbers``, ``ledger.too_many``, ``ledger.kind_unknown``, ``ledger.bad_event``.
    """
    if len(batch.events) > EVENTS_LIMIT:
        raise Refusal("ledger.too_many", Kind.TOO_LARGE, limit=EVENTS_LIMIT)
    numbers = [event.seq for event in batch.events]
    expected = list(range(batch.first_seq, batch.first_seq + len(numbers)))
    whole = bool(numbers) and numbers == expected and batch.first_seq >= 1
    if not whole or numbers[-1] >= NUMBER_LIMIT or not 1 <= batch.epoch < NUMBER_LIMIT:
        raise Refusal("ledger.numbers", first_seq=batch.first_seq)
    checked = [_checked(event, batch.epoch, batch.stream_id) for event in batch.events]
    return digest.sha256(b"".join(checked))


def _checked(event: ClientEvent, epoch: int, stream_id: str) -> bytes:
    entry = CATALOGUE.get(event.kind)
    if entry is None or entry.writer is not Writer.DEVICE:
        raise Refusal("ledger.kind_unknown", kind=event.kind[:40], stream=stream_id[:80])
    if not 0 <= event.client_ms < NUMBER_LIMIT:
        raise Refusal("ledger.bad_event", client_seq=event.seq, field="client_ms")
    try:
        if event.response_json and not _is_canonical(event.response_json):
            raise ValueError("not canonical")  # noqa: TRY301 - one refusal for every fault
        return event.to_bytes(epoch)
    except (ValueError, RecursionError) as wrong:
        raise Refusal("ledger.bad_event", client_seq=event.seq, field="response") from wrong


@lru_cache(4_096)
def _is_canonical(response_json: str) -> bool:
    """Raises ValueError and RecursionError for what is no JSON. Most answers are one option."""
    return canonical_json(msgspec.json.decode(response_json)).decode() == response_json


def event_of(kind: str, content: Mapping[str, Any]) -> ClientEvent | None:
    """The event as the device signed it, built again from a record; None when it is no event."""
    seq, client_ms = content.get("client_seq"), content.get("client_ms")
    item_id = content.get("item_id", "")
    if not (isinstance(seq, int) and isinstance(client_ms, int) and isinstance(item_id, str)):
        return None
    response = canonical_json(content["response"]).decode() if "response" in content else ""
    return ClientEvent(seq, kind, item_id, response, client_ms)


def batch_message(origin: str, stream_id: str, epoch: int, events: Sequence[ClientEvent]) -> bytes:
    """The bytes under the device's signature."""
    content = digest.sha256(b"".join(event.to_bytes(epoch) for event in events))
    return batch_frame(origin, stream_id, epoch, events[0].seq, events[-1].seq, content)


def batch_frame(
    origin: str, stream_id: str, epoch: int, first_seq: int, last_seq: int, content: bytes
) -> bytes:
    """The same from the hash of the events."""
    return encode("client-batch", 1, [origin, stream_id, epoch, first_seq, last_seq, content])


def ack_frame(
    origin: str, stream_id: str, epoch: int, acked_through: int, head: bytes, server_ms: int
) -> bytes:
    """The bytes under the server's signature on an acknowledgement."""
    return encode("ack", 1, [origin, stream_id, epoch, acked_through, head, server_ms])


def receipt_frame(origin: str, stream_id: str, count: int, head: bytes, at_ms: int) -> bytes:
    """The bytes under the server's signature on a receipt."""
    return encode("receipt", 1, [origin, stream_id, count, head, at_ms])


def final_message(
    origin: str, stream_id: str, epoch: int, last_seq: int, state_hash: bytes
) -> bytes:
    """The bytes under the device's signature when it hands in."""
    return encode("client-final", 1, [origin, stream_id, epoch, last_seq, state_hash])


def state_hash(answers: Mapping[str, Any]) -> bytes:
    """What a device says its answers are: SHA-256 of their canonical JSON, item id → response,
    blanks left out; it stands in the ``client-final`` frame only.
    """
    given = {item: response for item, response in answers.items() if response is not None}
    return digest.sha256(canonical_json(given))

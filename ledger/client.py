"""What a candidate's device signs, and what it gets back (docs/formats/ledger.md).

Rules kept here: events, batches, acknowledgements and receipts are frames of their own kinds, so
none can be taken for another; pure bytes, read by Python and TypeScript (tests/vectors).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.codec import canonical_json, encode
from kernel.crypto import digest


@dataclass(frozen=True, slots=True)
class ClientEvent:
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
    late: bool = False


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


def batch_message(origin: str, stream_id: str, epoch: int, events: Sequence[ClientEvent]) -> bytes:
    """The bytes under the device's signature."""
    content = digest.sha256(b"".join(event.to_bytes(epoch) for event in events))
    return encode(
        "client-batch",
        1,
        [origin, stream_id, epoch, events[0].seq, events[-1].seq, content],
    )


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

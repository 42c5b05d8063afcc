"""A batch of the device's events, and the acknowledgement that answers it."""

import base64
import binascii
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from kernel.errors import Refusal
from server.sittings.service.answers import BATCH_LIMIT, Acked, Batch, Event


class EventIn(BaseModel):
    """One client event; ``response`` is the whole state of the item."""

    model_config = ConfigDict(extra="forbid")

    seq: int = Field(ge=1)
    kind: str = Field(max_length=40)
    item_id: str | None = Field(None, max_length=200)
    response: dict[str, Any] | None = None
    client_ms: int = Field(ge=0, lt=1 << 53)


class EventsIn(BaseModel):
    """A signed batch."""

    epoch: int = Field(ge=1)
    first_seq: int = Field(ge=1)
    events: list[EventIn] = Field(min_length=1, max_length=BATCH_LIMIT)
    signature_b64: str = Field(max_length=200)

    def batch(self) -> Batch:
        """Raises ``request.base64``."""
        return Batch(
            self.epoch,
            self.first_seq,
            [Event(e.seq, e.kind, e.item_id, e.response, e.client_ms) for e in self.events],
            from_base64(self.signature_b64),
        )


class AckShown(TypedDict):
    """Everything up to ``acked_through`` is durable; ``frame_b64`` is what the server signed."""

    origin: str
    stream_id: str
    epoch: int
    acked_through: int
    head_hex: str
    server_ms: int
    frame_b64: str
    signature_b64: str
    deadline_ms: int


def ack_json(acked: Acked) -> AckShown:
    """An acknowledgement as the client keeps it."""
    ack = acked.ack
    return AckShown(
        origin=ack.origin,
        stream_id=ack.stream_id,
        epoch=ack.epoch,
        acked_through=ack.acked_through,
        head_hex=ack.head.hex(),
        server_ms=ack.server_ms,
        frame_b64=to_base64(ack.frame),
        signature_b64=to_base64(ack.signature),
        deadline_ms=acked.deadline_ms,
    )


def from_base64(text: str) -> bytes:
    """Raises ``request.base64``."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise Refusal("request.base64") from wrong


def to_base64(data: bytes) -> str:
    """Standard alphabet with padding."""
    return base64.b64encode(data).decode()

"""A batch of events read at once, where nothing about it is odd.

Rules kept here: whatever is read here, ``EventsIn`` reads to the same batch and every check before
it passes; whatever else comes is nobody's word here, so that it is told in one place what is wrong.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, ValidationError
from msgspec.json import Decoder

from kernel.errors import Refusal
from kernel.web import EXACT_MOST
from server.sittings.service.answers import BATCH_LIMIT, Batch, Event
from server.sittings.service.shapes.events import from_base64

_DEEPEST = 8

Number = Annotated[int, Meta(ge=1, le=EXACT_MOST)]


class _Event(Struct, forbid_unknown_fields=True):
    seq: Number
    kind: Annotated[str, Meta(max_length=40)]
    client_ms: Annotated[int, Meta(ge=0, le=EXACT_MOST)]
    item_id: Annotated[str, Meta(max_length=200)] | None = None
    response: dict[str, Any] | None = None


class _Events(Struct):
    epoch: Number
    first_seq: Number
    events: Annotated[list[_Event], Meta(min_length=1, max_length=BATCH_LIMIT)]
    signature_b64: Annotated[str, Meta(max_length=200)]


class _Message(_Events):
    type: Literal["events"]


_BODIES, _MESSAGES = Decoder(_Events), Decoder(_Message)


def quickly(body: bytes) -> Batch | None:
    """The batch, or None for anything odd: then ``EventsIn`` says what."""
    # How a NUL or half a character would be written.
    return None if b"\\u" in body else _batch(_BODIES, body)


def quickly_said(message: str) -> Batch | None:
    """The same of a message of the socket, which has a type."""
    return None if "\\u" in message else _batch(_MESSAGES, message)


def _batch(decoder: "Decoder[Any]", written: bytes | str) -> Batch | None:
    try:
        given: _Events = decoder.decode(written)
        signature = from_base64(given.signature_b64)
    except (ValidationError, ValueError, RecursionError, Refusal):
        return None
    if not all(_usual(one.response) for one in given.events):
        return None
    events = [Event(e.seq, e.kind, e.item_id, e.response, e.client_ms) for e in given.events]
    return Batch(given.epoch, given.first_seq, events, signature)


def _usual(value: Any, depth: int = 0) -> bool:
    """Texts, and small whole numbers, in lists and objects: what answers are made of."""
    if value is None or isinstance(value, str | bool):
        return True
    if isinstance(value, int):
        return abs(value) <= EXACT_MOST
    if depth == _DEEPEST:
        return False
    if isinstance(value, dict):
        return all(_usual(one, depth + 1) for one in value.values())
    return isinstance(value, list) and all(_usual(one, depth + 1) for one in value)

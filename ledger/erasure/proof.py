"""An order to destroy a session's keys, shown to whoever has no key (docs/formats/keys.md §5).

Rules kept here: an order counts only when its record stands in the log under a checkpoint that the
seal's key signed, is of this session and this seal, and was agreed to by enough others than whoever
gave it; that the keys are gone counts only by a later record that stands there too.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from kernel.codec import Field, decode, encode
from ledger.disclosure import OpenedRecord, Opening, check_opening
from ledger.erasure.stream import destruction_stream
from ledger.record import Header
from ledger.tree.entry import tree_entry
from ledger.tree.note import NoteKey
from ledger.tree.proof import TlogProof, check_proof


class OrderFault(StrEnum):
    """Why an order is none; the words are the terms ``order_fault``."""

    UNREADABLE = "unreadable"
    UNPROVEN = "unproven"
    SESSION = "session"
    SEAL = "seal"
    AGREED = "agreed"
    DONE = "done"


class NoOrder(ValueError):
    """Raised for what does not prove an order."""

    def __init__(self, fault: OrderFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


DESTRUCTION_FILE = "destruction.bin"
"""Beside the ledger's folder of an archive."""
T = TypeVar("T")
ORDER, DONE = "keys_erased_ordered", "keys_erased"


@dataclass(frozen=True, slots=True)
class Told:
    """A record of the destruction's stream, opened; ``at_ms`` is the server's time."""

    seq: int
    at_ms: int
    kind: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Erased:
    """An order as the log tells it. ``position`` is the order's leaf in the tree, None where no
    checkpoint covers it; ``erased_at_ms`` is None while no record says that the keys are gone.
    """

    erasure_id: str
    session_id: str
    reason: str
    ordered_by: str
    agreed: tuple[str, ...]
    needed: int
    seq: int
    ordered_at_ms: int
    position: int | None
    erased_at_ms: int | None
    keys: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A record's opening and its proof in the tree, as they lie in an archive."""

    opening: bytes
    proof: str


def destruction_bytes(order: Shown, done: Shown | None) -> bytes:
    """The file."""
    after = Shown(b"", "") if done is None else done
    fields: list[Field] = [order.opening, order.proof, after.opening, after.proof]
    return encode("destruction-proof", 1, fields)


def read_destruction(data: bytes, session_id: str, seal_hash: bytes, public: bytes) -> Erased:
    """The order that the file proves, for the session with this seal under this key.

    Raises NoOrder for anything that does not prove one.
    """
    order, proof, after, after_proof = _parts(data)
    first, position = _proven(order, proof, public)
    done = _proven(after, after_proof, public) if after else None
    stream = destruction_stream(session_id)
    for record in (first, *((done[0],) if done else ())):
        if record.stream_id != stream:
            raise NoOrder(OrderFault.SESSION)
    told = None if done is None else _told(done[0])
    return order_of(_told(first), told, session_id, seal_hash, position)


def order_of(
    order: Told, done: Told | None, session_id: str, seal_hash: bytes, position: int | None
) -> Erased:
    """The order out of its records. Raises NoOrder when they are none, or break its rules."""
    said = _converted(order, ORDER, _Order)
    if (said.session_id, said.seal_hash) != (session_id, seal_hash.hex()):
        raise NoOrder(OrderFault.SEAL)
    if said.ordered_by in said.agreed or len(set(said.agreed)) < said.needed or said.needed < 1:
        raise NoOrder(OrderFault.AGREED)
    gone = None if done is None else _converted(done, DONE, _Done)
    if done is not None and gone is not None:
        same = (gone.erasure_id, gone.session_id) == (said.erasure_id, session_id)
        if not same or done.seq <= order.seq:
            raise NoOrder(OrderFault.DONE)
    return Erased(
        erasure_id=said.erasure_id,
        session_id=session_id,
        reason=said.reason_text,
        ordered_by=said.ordered_by,
        agreed=said.agreed,
        needed=said.needed,
        seq=order.seq,
        ordered_at_ms=order.at_ms,
        position=position,
        erased_at_ms=None if done is None else done.at_ms,
        keys=0 if gone is None else sum(gone.keys.values()),
    )


class _Order(msgspec.Struct, frozen=True):
    erasure_id: str
    session_id: str
    seal_hash: str
    reason_text: str
    ordered_by: str
    agreed: tuple[str, ...]
    needed: int


class _Done(msgspec.Struct, frozen=True):
    erasure_id: str
    session_id: str
    keys: dict[str, int]


def _converted(told: Told, kind: str, shape: type[T]) -> T:
    if told.kind != kind:
        raise NoOrder(OrderFault.UNREADABLE)
    try:
        return msgspec.convert(told.content, shape)
    except msgspec.ValidationError as wrong:
        raise NoOrder(OrderFault.UNREADABLE) from wrong


def _parts(data: bytes) -> list[Any]:
    try:
        fields = decode("destruction-proof", 1, data)
    except ValueError as wrong:
        raise NoOrder(OrderFault.UNREADABLE) from wrong
    if [type(field) for field in fields] != [bytes, str, bytes, str]:
        raise NoOrder(OrderFault.UNREADABLE)
    return fields


def _proven(opening: bytes, proof: str, public: bytes) -> tuple[OpenedRecord, int]:
    """The record and its leaf. The origin is the record's own: a restored server has another."""
    try:
        made = Opening.from_bytes(opening)
        record = check_opening(made)
        shown = TlogProof.parse(proof)
        entry = tree_entry(record.stream_id, record.seq, record.hash)
        origin = Header.from_bytes(made.header).origin
        check_proof(shown, entry, NoteKey.of_log(origin, public))
    except ValueError as wrong:
        raise NoOrder(OrderFault.UNPROVEN) from wrong
    return record, shown.index


def _told(record: OpenedRecord) -> Told:
    return Told(record.seq, record.server_ms, record.body.kind, record.body.content)

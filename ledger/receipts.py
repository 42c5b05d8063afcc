"""A receipt's proof: a ``c2sp.org/tlog-proof@v1`` whose extra line carries the signed receipt
(docs/formats/receipt.md). Pure.

Rules kept here: the proof is byte for byte C2SP's; what is ours stands in its extra line, under our
own signature, and names the leaf; nothing in the file vouches for a key, the reader's does.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kernel.clock import LAST_MS
from kernel.codec import decode, encode
from kernel.crypto.signing import server_signature_holds
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.entry import tree_entry
from ledger.tree.note import Note, NoteKey
from ledger.tree.proof import ProofFault, TlogProof, check_proof

FILE_LIMIT_BYTES = 64 * 1024
PUBLIC_SIZES = (32, 65)
"""Ed25519, SM2."""


class Fault(StrEnum):
    """What does not hold; the words are ``receipt_file.<fault>`` in the catalogue."""

    SHAPE = "shape"
    RECEIPT = "receipt"
    TRUST = "trust"
    CHECKPOINT = "checkpoint"
    INCLUSION = "inclusion"
    COSIGNATURE = "cosignature"
    QUORUM = "quorum"
    ARCHIVE = "archive"


class ReceiptFault(ValueError):
    """The first thing that does not hold."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Stated:
    """What the server signed at submission: at ``at_ms`` the stream had ``count`` records, the
    last with hash ``head``.
    """

    origin: str
    stream_id: str
    count: int
    head: bytes
    at_ms: int

    @property
    def entry(self) -> bytes:
        """The entry of the tree that the proof is about: the last of these records."""
        return tree_entry(self.stream_id, self.count, self.head)


@dataclass(frozen=True, slots=True)
class ReceiptProof:
    """The file, read: the proof, the signed frame with its signature, the key it names."""

    proof: TlogProof
    stated: Stated
    frame: bytes
    signature: bytes
    public: bytes

    @property
    def log_key(self) -> NoteKey:
        """Origin and key as the file names them: to be compared with those that were published."""
        return NoteKey.of_log(self.stated.origin, self.public)


@dataclass(frozen=True, slots=True)
class ProvenReceipt:
    """What a proof that holds shows. ``witnessed`` are name and time (s) of known witnesses;
    ``cosigned`` counts every cosignature line, known or not.
    """

    stated: Stated
    index: int
    size: int
    witnessed: tuple[tuple[str, int], ...]
    cosigned: int
    public: bytes


def receipt_extra(frame: bytes, signature: bytes, public: bytes) -> bytes:
    """The bytes of the extra line."""
    return encode("receipt-proof", 1, [frame, signature, public])


def read_receipt_frame(frame: bytes) -> Stated:
    """Raises ValueError for anything but a receipt of version 1 at an instant of the calendar."""
    match decode("receipt", 1, frame):
        case [
            str() as origin, str() as stream_id, int() as count, bytes() as head, int() as at_ms
        ] if at_ms <= LAST_MS:  # fmt: skip
            return Stated(origin, stream_id, count, head, at_ms)
        case _:
            raise ValueError("not a receipt")


def read_receipt_proof(text: str) -> ReceiptProof:
    """The file or the QR code's text; line ends and a lost last newline are forgiven.

    Raises ReceiptFault for anything else.
    """
    if len(text) > FILE_LIMIT_BYTES:
        raise ReceiptFault(Fault.SHAPE, f"> {FILE_LIMIT_BYTES} bytes")
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").rstrip("\n") + "\n"
    try:
        proof = TlogProof.parse(plain)
        Checkpoint.parse(Note.parse(proof.checkpoint).text)
        frame, signature, public = _extra(proof.extra or b"")
        return ReceiptProof(proof, read_receipt_frame(frame), frame, signature, public)
    except ValueError as wrong:
        raise ReceiptFault(Fault.SHAPE, str(wrong)[:120]) from wrong


def _extra(data: bytes) -> tuple[bytes, bytes, bytes]:
    match decode("receipt-proof", 1, data):
        case [bytes() as frame, bytes() as signature, bytes() as public]:
            return frame, signature, public
        case _:
            raise ValueError("extra")


def check_receipt_proof(
    read: ReceiptProof,
    *,
    trust: bytes | None = None,
    witnesses: Sequence[NoteKey] = (),
    quorum: int = 0,
) -> ProvenReceipt:
    """Everything that can be checked offline; ``trust`` is the log's public key (32 bytes) where
    the reader knows it. Raises ReceiptFault with the first thing that does not hold.
    """
    if trust is not None and trust != read.public:
        raise ReceiptFault(Fault.TRUST, read.public.hex())
    if not server_signature_holds(read.public, read.frame, read.signature):
        raise ReceiptFault(Fault.RECEIPT)
    try:
        proven = check_proof(read.proof, read.stated.entry, read.log_key, witnesses, quorum=quorum)
    except ProofFault as fault:
        raise ReceiptFault(Fault(fault.step), fault.detail) from fault
    return ProvenReceipt(
        stated=read.stated,
        index=read.proof.index,
        size=proven.checkpoint.size,
        witnessed=proven.witnessed,
        cosigned=proven.cosigned,
        public=read.public,
    )


def parse_public(text: str) -> bytes:
    """A log's public key as it is published: hex, base64, or a verifier key; 32 bytes, SM2 65.

    Raises ValueError.
    """
    plain = text.strip()
    if "+" in plain and plain.count("+") >= 2:
        return NoteKey.parse(plain).public
    is_hex = len(plain) in {2 * size for size in PUBLIC_SIZES}
    raw = bytes.fromhex(plain) if is_hex else base64.b64decode(plain, validate=True)
    if len(raw) not in PUBLIC_SIZES:
        raise ValueError("not a public key")
    return raw

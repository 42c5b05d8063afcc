"""Opening one record to somebody who has no key (docs/formats/receipt.md). Pure.

Rules kept here: an opening reveals one record's commitment secret and its body, and no key; whoever
has it checks body against commitment, header and ciphertext against the record's hash; no other
record of the stream becomes readable by it.
"""

from dataclasses import dataclass

from kernel.codec import decode, encode
from kernel.crypto.suite import suite_named
from ledger.record import Body, Header, commit_body, open_body, read_body, record_hash


@dataclass(frozen=True, slots=True)
class Opening:
    """One record, opened. ``body`` is the padded body as it was encrypted."""

    header: bytes
    ciphertext: bytes
    secret: bytes
    body: bytes

    def to_bytes(self) -> bytes:
        return encode("record-opening", 1, [self.header, self.ciphertext, self.secret, self.body])

    @classmethod
    def from_bytes(cls, data: bytes) -> "Opening":
        """Raises ValueError for anything but an opening of version 1."""
        fields = decode("record-opening", 1, data)
        if len(fields) != 4 or not all(isinstance(field, bytes) for field in fields):
            raise ValueError("not an opening")
        return cls(*fields)


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """What a checked opening shows: where the record stands, its hash, and its content."""

    stream_id: str
    seq: int
    server_ms: int
    hash: bytes
    body: Body


def make_opening(data_key: bytes, header_bytes: bytes, ciphertext: bytes) -> Opening:
    """Raises ValueError when key, header and ciphertext do not belong together."""
    suite = suite_named(Header.from_bytes(header_bytes).suite)
    secret, body = open_body(suite, data_key, header_bytes, ciphertext)
    return Opening(header_bytes, ciphertext, secret, body)


def check_opening(opening: Opening) -> OpenedRecord:
    """What the opening proves. Raises ValueError when the body is not the one that the header's
    commitment names; whether the hash stands in the log is for the chain or a proof to say.
    """
    header = Header.from_bytes(opening.header)
    suite = suite_named(header.suite)
    if commit_body(suite, opening.secret, opening.body) != header.body_commit:
        raise ValueError("the body is not the one that was committed to")
    return OpenedRecord(
        stream_id=header.stream_id,
        seq=header.seq,
        server_ms=header.server_ms,
        hash=record_hash(suite, opening.header, opening.ciphertext),
        body=read_body(opening.body),
    )

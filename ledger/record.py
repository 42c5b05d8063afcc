"""One record of the log (format 1, docs/formats/ledger.md). Pure: bytes in, bytes out.

Rules kept here: the header is public and says nothing about a person; kind and content are in the
encrypted body, padded to size classes; keys are derived per record from its salt, so no (key,
nonce) pair can repeat; the record hash covers header and ciphertext, so the chain verifies without
any key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from kernel.codec import canonical_json, decode, encode, frame_start
from kernel.crypto.suite import Suite
from kernel.errors import Kind, Refusal

ZERO_HASH = bytes(32)
SALT_BYTES = 32
SMALLEST_CLASS_BYTES = 512
"""A signed answer, a page turn and a warning all fit, so their sizes are the same."""
LARGEST_CLASS_BYTES = 64 * 1024


class Header(msgspec.Struct, frozen=True):
    """The public part of a record."""

    origin: str
    stream_id: str
    seq: int
    previous: bytes
    server_ms: int
    epoch: int
    key_version: int
    suite: str
    salt: bytes
    body_commit: bytes

    def to_bytes(self) -> bytes:
        return encode(
            "record-header",
            1,
            [
                self.origin,
                self.stream_id,
                self.seq,
                self.previous,
                self.server_ms,
                self.epoch,
                self.key_version,
                self.suite,
                self.salt,
                self.body_commit,
            ],
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Header":
        """Raises ValueError for anything but a header frame of version 1."""
        fields = decode("record-header", 1, data)
        types = (str, str, int, bytes, int, int, int, str, bytes, bytes)
        if len(fields) != len(types) or any(
            not isinstance(f, t) for f, t in zip(fields, types, strict=True)
        ):
            raise ValueError("not a record header")
        return cls(*fields)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A new record: its header with the bytes of it, its ciphertext, and the hash that the next
    record names.
    """

    fields: Header
    header: bytes
    ciphertext: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record goes: its stream's head and the keys in force."""

    origin: str
    stream_id: str
    seq: int
    previous: bytes
    key_version: int


def record_hash(suite: Suite, header: bytes, ciphertext: bytes) -> bytes:
    """32 bytes over header and ciphertext."""
    return suite.hash(encode("record", 1, [header, ciphertext]))


def padded_size(size: int) -> int:
    """The size class. Raises ``ledger.too_large`` over the largest."""
    if size > LARGEST_CLASS_BYTES:
        raise Refusal("ledger.too_large", Kind.TOO_LARGE, limit_bytes=LARGEST_CLASS_BYTES)
    step = SMALLEST_CLASS_BYTES
    while step < size:
        step *= 2
    return step


def seal_record(
    suite: Suite,
    data_key: bytes,
    place: Place,
    *,
    salt: bytes,
    server_ms: int,
    epoch: int,
    kind: str,
    content: Mapping[str, Any],
) -> Sealed:
    """A new record. ``salt`` is 32 fresh random bytes; ``content`` is JSON-like."""
    frame = encode("record-body", 1, [kind, canonical_json(content)])
    body = len(frame).to_bytes(4, "big") + frame
    body += bytes(padded_size(len(body)) - len(body))
    key = StreamKey(suite, data_key, place.origin, place.stream_id)
    content_key, nonce, secret = key.keys(salt)
    fields = Header(
        origin=place.origin,
        stream_id=place.stream_id,
        seq=place.seq,
        previous=place.previous,
        server_ms=server_ms,
        epoch=epoch,
        key_version=place.key_version,
        suite=suite.name,
        salt=salt,
        body_commit=commit_body(suite, secret, body),
    )
    header = fields.to_bytes()
    ciphertext = suite.seal(content_key, nonce, body, header)
    return Sealed(fields, header, ciphertext, record_hash(suite, header, ciphertext))


def open_record(
    suite: Suite,
    data_key: bytes,
    header_bytes: bytes,
    ciphertext: bytes,
    known: Header | None = None,
) -> "Body":
    """Kind and content; ``known`` is the header, where it was read from these bytes already.

    Raises ValueError when key, header or ciphertext do not belong together.
    """
    return read_body(open_body(suite, data_key, header_bytes, ciphertext, known)[1])


def open_body(
    suite: Suite,
    data_key: bytes,
    header_bytes: bytes,
    ciphertext: bytes,
    known: Header | None = None,
) -> tuple[bytes, bytes]:
    """The commitment's secret and the padded body: what opens one record. Raises ValueError as
    ``open_record`` does.
    """
    header = known or Header.from_bytes(header_bytes)
    key = StreamKey(suite, data_key, header.origin, header.stream_id)
    return key.open_body(header, header_bytes, ciphertext)


class StreamKey:
    """One data key of one stream, made ready once for its many records."""

    __slots__ = ("_info", "_size", "data_key", "suite")

    def __init__(self, suite: Suite, data_key: bytes, origin: str, stream_id: str) -> None:
        self.suite, self.data_key = suite, data_key
        self._size, self._info = suite.key_size, _key_info(origin, stream_id, suite.name)

    def keys(self, salt: bytes) -> tuple[bytes, bytes, bytes]:
        """Content key, nonce and the commitment's secret of the record with this salt."""
        size = self._size
        derived = self.suite.derive(self.data_key, salt=salt, info=self._info, size=size + 12 + 32)
        return derived[:size], derived[size : size + 12], derived[size + 12 :]

    def open_body(
        self, header: Header, header_bytes: bytes, ciphertext: bytes
    ) -> tuple[bytes, bytes]:
        """As ``open_body`` of this module."""
        content, nonce, secret = self.keys(header.salt)
        body = self.suite.open(content, nonce, ciphertext, header_bytes)
        if commit_body(self.suite, secret, body) != header.body_commit:
            raise ValueError("body does not fit its commitment")
        return secret, body


class Body(msgspec.Struct, frozen=True):
    """The decrypted content of a record."""

    kind: str
    content: dict[str, Any]


def read_body(body: bytes) -> Body:
    """Body from its padded bytes. Raises ValueError, also for a content that is no object."""
    end = 4 + int.from_bytes(body[:4], "big")
    if end > len(body) or body[end:] != bytes(len(body) - end):
        raise ValueError("body is not padded with zeros")
    if body.startswith(_BODY_START, 4):  # what every body is; the codec judges all others
        at = _KIND_AT + int.from_bytes(body[_KIND_AT - 4 : _KIND_AT], "big")
        size = end - at - 5
        if size >= 0 and body[at : at + 5] == b"\x01" + size.to_bytes(4, "big"):
            return Body(body[_KIND_AT:at].decode(), _content(body[at + 5 : end]))
    match decode("record-body", 1, body[4:end]):
        case [str() as kind, bytes() as raw]:
            return Body(kind, _content(raw))
        case _:
            raise ValueError("not a record's body")


def _content(raw: bytes) -> dict[str, Any]:
    try:
        return _CONTENT.decode(raw)
    except RecursionError as wrong:
        raise ValueError(str(wrong)) from wrong


_CONTENT = msgspec.json.Decoder(dict[str, Any])
_BODY_START = frame_start("record-body", 1, 2) + b"\x02"
_KIND_AT = 4 + len(_BODY_START) + 4


def commit_body(suite: Suite, secret: bytes, body: bytes) -> bytes:
    """The hiding commitment in the header; revealing ``secret`` and ``body`` opens one record."""
    before, between = _around_secret(len(secret), len(body))
    return suite.hash(b"".join((before, secret, between, body)))


@lru_cache(64)
def _around_secret(secret_size: int, size: int) -> tuple[bytes, bytes]:
    """What a commitment's frame has before its secret, and between secret and body."""
    secret = bytes(secret_size)
    frame = encode("body-commit", 1, [secret, size, bytes(size)])
    at = len(frame_start("body-commit", 1, 3)) + 5
    return frame[:at], frame[at + secret_size : len(frame) - size]


@lru_cache(1_024)
def _key_info(origin: str, stream_id: str, suite: str) -> bytes:
    """The same for every record of a stream."""
    return encode("record-keys", 1, [origin, stream_id, suite])

"""The quick way over a stream's file: its bytes piece by piece, every hash, nothing kept.

Rules kept here: what this way calls right is right by ``ledger.chain`` too; whatever it does not
recognise at once it leaves to ``ledger.chain``, which says what it is. A piece of any size may
come; memory is one record.
"""

from collections.abc import Callable
from struct import Struct

from kernel.codec import encode
from kernel.crypto.suite import suite_named
from ledger.chain import Stored
from ledger.layout import STREAM_MAGIC
from ledger.record import LARGEST_CLASS_BYTES, ZERO_HASH, Header

Take = Callable[[Stored], None]

_FRAME = b"GY\x06record\x00\x01\x04\x00\x00\x00\x02\x01"
_HASH = b"\x01\x00\x00\x00\x20"
_LENGTH = 4
_LONGEST = 2 * LARGEST_CLASS_BYTES
"""No record is longer; nothing that says it is gets gathered."""


class Scan:
    """One stream. ``take`` is given every record of a chain that holds so far."""

    def __init__(self, origin: str, stream_id: str, take: Take | None = None) -> None:
        self.records = 0
        self.hashes = bytearray()
        self.whole = True
        self._names = (origin, stream_id)
        self._take = take
        self._rest = b""
        self._begun = False
        self._shape: _Shape | None = None
        self._previous = ZERO_HASH
        self._version = 0

    def feed(self, piece: bytes) -> None:
        """The next bytes of the file."""
        if not self.whole:
            return
        data = self._rest + piece if self._rest else piece
        at = 0
        if not self._begun:
            if len(data) < len(STREAM_MAGIC):
                self._rest = data
                return
            self._begun, at = True, len(STREAM_MAGIC)
            self.whole = data.startswith(STREAM_MAGIC)
        self._rest = data[self._records(data, at) :] if self.whole else b""

    def holds(self, count: int, head: bytes) -> bool:
        """After the last piece: whether exactly these records with this head were read."""
        ended = self.whole and self._begun and not self._rest
        return ended and (self.records, self._previous) == (count, head)

    def _records(self, data: bytes, at: int) -> int:
        """Every whole record from ``at``; where the next one begins."""
        while True:
            size = int.from_bytes(data[at : at + _LENGTH], "big")
            end = at + _LENGTH + size
            if size > _LONGEST:
                self.whole = False
                return at
            if end > len(data) or at + _LENGTH > len(data):
                return at
            frame = data[at + _LENGTH : end]
            shape = self._shape or self._learn(frame)
            if shape is None or not self._next(shape, frame):
                self.whole = False
                return at
            at = end

    def _learn(self, frame: bytes) -> "_Shape | None":
        """The shape of every header of this stream, from its first record."""
        start = len(_FRAME) + _LENGTH
        size = int.from_bytes(frame[start - _LENGTH : start], "big")
        try:
            header = Header.from_bytes(frame[start : start + size])
            self._shape = _Shape(header)
        except ValueError:
            return None
        names = (header.origin, header.stream_id)
        return self._shape if names == self._names else None

    def _next(self, shape: "_Shape", frame: bytes) -> bool:
        """True when the frame is the next record of the chain."""
        if len(frame) < shape.size:
            return False
        (start, seq, tag, previous, server, server_ms, epoch_tag, epoch, keys, version, middle,
         salt, commit_tag, commit, sealed, length) = shape.unpack(frame)  # fmt: skip
        if not (
            seq == self.records + 1
            and previous == self._previous
            and start == shape.start
            and middle == shape.middle
            and tag == commit_tag == _HASH
            and server == epoch_tag == keys == b"\x03"
            and sealed == b"\x01"
            and shape.size + length == len(frame)
            and (self._version <= version <= self._version + 1 or (seq == 1 and version > 0))
        ):
            return False
        self.records, self._previous, self._version = seq, shape.hash(frame), version
        self.hashes += self._previous
        if self._take is not None:
            header = Header(
                *self._names, seq, previous, server_ms, epoch, version, shape.suite, salt, commit
            )
            bounds = frame[shape.header_start : shape.header_end], frame[shape.size :]
            self._take(Stored(*bounds, header, self._previous))
        return True


class _Shape:
    """Where everything lies in a record of one stream: only numbers and hashes differ."""

    def __init__(self, header: Header) -> None:
        raw = header.to_bytes()
        suite = header.suite.encode()
        salt_tag = b"\x02" + len(suite).to_bytes(4, "big") + suite + _HASH
        before_seq = len(encode("record-header", 1, [header.origin, header.stream_id])) + 1
        self.start = _FRAME + len(raw).to_bytes(4, "big") + raw[:before_seq]
        self.middle = salt_tag
        self.hash = suite_named(header.suite).hash
        self.suite = header.suite
        self.header_start = len(_FRAME) + _LENGTH
        self.header_end = self.header_start + len(raw)
        layout = Struct(f">{len(self.start)}sQ5s32scQcQcQ{len(salt_tag)}s32s5s32scI")
        self.size = layout.size
        self.unpack = layout.unpack_from

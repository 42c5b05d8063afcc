"""What happened to a stream, read from its records and its sealed head alone. Pure; needs no key.

Rules kept here: a stream is right only when every record is in its place, names its predecessor's
hash and the last is the sealed head; the first broken place is named. A record is *anchored* when
another record of the stream, or the seal, names its hash: an unanchored one was changed or added.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import msgspec

from kernel.codec import decode
from kernel.crypto.suite import suite_named
from ledger.layout import STREAM_MAGIC
from ledger.record import ZERO_HASH, Header, record_hash


class Damage(StrEnum):
    """Kinds of damage; the words are ``verify.<kind>`` in the catalogue."""

    CONTAINER = "container"
    SEAL = "seal"
    MISSING_SITTING = "missing_sitting"
    MISSING_STREAM = "missing_stream"
    EDITED = "edited"
    DROPPED = "dropped"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    SWAPPED = "swapped"
    RELABELLED = "relabelled"
    WRONG_KEY_VERSION = "wrong_key_version"
    WRONG_KEY = "wrong_key"
    KEYS_MISSING = "keys_missing"
    KEYS_BACK = "keys_back"
    ORDER = "order"
    UNREADABLE = "unreadable"
    UNKNOWN_KIND = "unknown_kind"
    FORGED = "forged"
    CLIENT_GAP = "client_gap"
    ACKNOWLEDGED = "acknowledged"
    TREE = "tree"
    FORKED = "forked"
    ROLLED_BACK = "rolled_back"
    WITNESSES = "witnesses"
    BLOB_MISSING = "blob_missing"
    BLOB_CHANGED = "blob_changed"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken place: a stream (``seq`` is the record's number, from 1) or a file (``seq`` 0)."""

    damage: Damage
    place: str
    seq: int = 0
    detail: str = ""


class Stored(msgspec.Struct, frozen=True):
    """A record as it lies in a stream's file."""

    header_bytes: bytes
    ciphertext: bytes
    header: Header
    hash: bytes

    @classmethod
    def of(cls, header_bytes: bytes, ciphertext: bytes) -> Self:
        """Raises ValueError for bytes that are no header."""
        header = Header.from_bytes(header_bytes)
        hashed = record_hash(suite_named(header.suite), header_bytes, ciphertext)
        return cls(header_bytes, ciphertext, header, hashed)


@dataclass(frozen=True, slots=True)
class StreamFile:
    """The records that can be read, and the stream's sealed head; ``broken`` says what stopped the
    reading, if anything did.
    """

    records: tuple[Stored, ...]
    head: bytes
    broken: Damage | None = None

    @property
    def anchors(self) -> frozenset[bytes]:
        """Every hash that a record of this file names, or the seal."""
        return frozenset([self.head, *(one.header.previous for one in self.records)])


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the seal says of one stream."""

    origin: str
    stream_id: str
    count: int


_FRAME_START = b"GY\x06record\x00\x01"


def read_stream_file(data: bytes, head: bytes) -> StreamFile:
    """Records in file order, as far as they can be read."""
    if not data.startswith(STREAM_MAGIC):
        return StreamFile((), head, Damage.EDITED)
    records: list[Stored] = []
    at = len(STREAM_MAGIC)
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        frame = data[at + 4 : at + 4 + size]
        if at + 4 + size > len(data):
            cut = data.count(_FRAME_START, at) <= 1
            return StreamFile(tuple(records), head, Damage.TRUNCATED if cut else Damage.EDITED)
        try:
            records.append(_stored(frame))
        except ValueError:
            return StreamFile(tuple(records), head, Damage.EDITED)
        at += 4 + size
    return StreamFile(tuple(records), head)


def _stored(frame: bytes) -> Stored:
    fields = decode("record", 1, frame)
    if len(fields) != 2 or not all(isinstance(field, bytes) for field in fields):
        raise ValueError("not a record")
    return Stored.of(fields[0], fields[1])


def diagnose(
    sealed: Sealed, file: StreamFile, others: Callable[[str], StreamFile | None]
) -> Finding | None:
    """The first broken place of a stream, or None.

    ``others`` gives another sealed stream's file by stream id, None where the seal has none.
    """
    return _Diagnosis(sealed, file, others).first()


class _Diagnosis:
    def __init__(
        self, sealed: Sealed, file: StreamFile, others: Callable[[str], StreamFile | None]
    ) -> None:
        self._sealed = sealed
        self._file = file
        self._records = file.records
        self._others = others
        self._anchors = file.anchors

    def first(self) -> Finding | None:
        previous, version = ZERO_HASH, 0
        for at, one in enumerate(self._records, 1):
            header = one.header
            if (header.origin, header.stream_id) != (self._sealed.origin, self._sealed.stream_id):
                return self._misplaced(at)
            if header.seq != at:
                return self._misnumbered(at)
            if header.previous != previous:
                return self._unchained(at)
            if at > 1 and not version <= header.key_version <= version + 1:
                return self._found(Damage.WRONG_KEY_VERSION, at)
            previous, version = one.hash, header.key_version
        return self._ending(previous)

    def _ending(self, last: bytes) -> Finding | None:
        held, count = len(self._records), self._sealed.count
        if self._file.broken is not None:
            return self._found(self._file.broken, held + 1)
        if held < count:
            return self._found(Damage.TRUNCATED, held + 1)
        if held > count:
            return self._found(Damage.INSERTED, count + 1)
        if last != self._file.head:
            return self._edited(held)
        return None

    def _misplaced(self, at: int) -> Finding:
        one = self._records[at - 1]
        named = one.header.stream_id
        other = None if named == self._sealed.stream_id else self._others(named)
        whole = all(r.header.stream_id == named for r in self._records)
        chained_here = one.hash in self._anchors
        if other is not None and whole and len(self._records) > 1:
            own = bool(other.records) and other.records[0].header.stream_id == named
            return self._found(Damage.RELABELLED if own else Damage.SWAPPED, at, named)
        if other is not None and (chained_here or _knows(other, one.hash)):
            return self._found(Damage.SWAPPED, at, named)
        if chained_here:
            return self._found(Damage.RELABELLED, at, named)
        return self._edited(at)

    def _misnumbered(self, at: int) -> Finding:
        one = self._records[at - 1]
        following = self._records[at] if at < len(self._records) else None
        goes_on = following.header.seq == at + 1 if following else at == self._sealed.count
        if one.hash not in self._anchors and goes_on:
            return self._edited(at)
        numbers = [record.header.seq for record in self._records]
        if numbers.count(one.header.seq) > 1:
            return self._found(Damage.INSERTED, at - 1 if one.header.seq == at - 1 else at)
        if one.header.seq < at or at in numbers[at:]:
            return self._found(Damage.REORDERED, at)
        return self._found(Damage.DROPPED, at)

    def _unchained(self, at: int) -> Finding:
        one = self._records[at - 1]
        if at < len(self._records) and self._records[at].header.seq == at:
            return self._found(Damage.INSERTED, at)
        # Nobody names the record before. It was changed, unless this one was, which then nobody
        # names either; when the next is a stranger too, all of them were rewritten.
        after = self._records[at] if at < len(self._records) else one
        changed_before = one.hash in self._anchors or (
            after is not one and after.hash not in self._anchors
        )
        return self._edited(at - 1 if at > 1 and changed_before else at)

    def _edited(self, at: int) -> Finding:
        versions = [record.header.key_version for record in self._records]
        around = versions[max(at - 2, 0) : at - 1] + versions[at : at + 1]
        if around and all(version != versions[at - 1] for version in around):
            return self._found(Damage.WRONG_KEY_VERSION, at)
        return self._found(Damage.EDITED, at)

    def _found(self, damage: Damage, at: int, detail: str = "") -> Finding:
        return Finding(damage, self._sealed.stream_id, at, detail)


def _knows(other: StreamFile, record: bytes) -> bool:
    return record in other.anchors or any(one.hash == record for one in other.records)

"""One file of an archive, read once: its SHA-256 and, where it is a stream, its chain and bodies.

Rules kept here: every byte is read once and piece by piece; only a stream whose quick way fails is
read again, whole, to say what happened to it; nothing here remembers another file.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ledger.chain import Damage, Finding, Sealed, StreamFile, diagnose, read_stream_file
from ledger.layout import stream_path
from ledger.opening import Bodies, Opened
from ledger.parcel import Parcel
from ledger.parcel.reading import READ_LIMIT_BYTES
from ledger.scan import Scan
from ledger.scopes import scope_of

Keys = Mapping[tuple[str, int], bytes]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a reader knows before it reads: the parcel, and what the seal says of its streams.

    ``streams`` is stream id → (count, head); ``keys`` is None when bodies stay closed.
    """

    parcel: Parcel
    folder: str = ""
    origin: str = ""
    session_id: str = ""
    streams: Mapping[str, tuple[int, bytes]] | None = None
    keys: Keys | None = None

    def path(self, stream_id: str) -> str:
        """Where a stream lies in the parcel."""
        return self.folder + stream_path(stream_id)


@dataclass(frozen=True, slots=True)
class StreamSeen:
    """``hashes`` are those of its records in file order, joined; ``opened`` is None when the
    bodies were not opened.
    """

    stream_id: str
    records: int
    hashes: bytes
    finding: Finding | None = None
    opened: Opened | None = None


@dataclass(frozen=True, slots=True)
class FileSeen:
    """``torn`` is what the container says against it, empty when nothing."""

    path: str
    size_bytes: int
    sha256: str
    torn: str = ""
    stream: StreamSeen | None = None


def read_one(expected: Expected, path: str, stream_id: str | None) -> FileSeen:
    """Read a file of the parcel; ``stream_id`` says that it is a stream of the seal."""
    faults_before = len(expected.parcel.faults)
    state, size = hashlib.sha256(), 0
    scan, bodies = _begin(expected, stream_id)
    for piece in expected.parcel.pieces(path):
        state.update(piece)
        size += len(piece)
        if scan is not None:
            scan.feed(piece)
    torn = [problem for _, problem in expected.parcel.faults[faults_before:]]
    del expected.parcel.faults[faults_before:]
    stream = None
    if scan is not None and stream_id is not None:
        stream = _ended(expected, stream_id, scan, bodies)
    return FileSeen(path, size, state.hexdigest(), "".join(torn[:1]), stream)


def _begin(expected: Expected, stream_id: str | None) -> tuple[Scan | None, Bodies | None]:
    if stream_id is None:
        return None, None
    bodies = None
    keys = expected.keys
    if keys is not None and any(scope == scope_of(stream_id) for scope, _ in keys):
        bodies = Bodies(expected.origin, stream_id, expected.session_id, keys)
    take = None if bodies is None else bodies.take
    return Scan(expected.origin, stream_id, take), bodies


def _ended(expected: Expected, stream_id: str, scan: Scan, bodies: Bodies | None) -> StreamSeen:
    count, head = (expected.streams or {})[stream_id]
    if scan.holds(count, head):
        opened = None if bodies is None else bodies.finish()
        return StreamSeen(stream_id, scan.records, bytes(scan.hashes), opened=opened)
    if expected.parcel.size(expected.path(stream_id)) > READ_LIMIT_BYTES:
        finding = Finding(Damage.EDITED, stream_id, scan.records + 1, "too long to say more")
        return StreamSeen(stream_id, scan.records, bytes(scan.hashes), finding)
    file = _whole(expected, stream_id)
    if file is None:
        raise FileNotFoundError(expected.path(stream_id))
    sealed = Sealed(expected.origin, stream_id, count)
    found = diagnose(sealed, file, lambda other: _whole(expected, other))
    hashes = b"".join(one.hash for one in file.records)
    opened = None
    if found is None and bodies is not None and expected.keys is not None:
        again = Bodies(expected.origin, stream_id, expected.session_id, expected.keys)
        for one in file.records:
            again.take(one)
        opened = again.finish()
    return StreamSeen(stream_id, len(file.records), hashes, found, opened)


def _whole(expected: Expected, stream_id: str) -> StreamFile | None:
    """A stream's file in memory, None where the seal or the parcel has none."""
    listed = expected.streams or {}
    if stream_id not in listed:
        return None
    try:
        data = expected.parcel.read(expected.path(stream_id))
    except (KeyError, ValueError):
        return None
    return read_stream_file(data, listed[stream_id][1])

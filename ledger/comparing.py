"""A receipt against its stream, in an archive or in the log: whether it still begins as stated."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from kernel.errors import Refusal
from ledger.chain import Stored, read_stream_file
from ledger.layout import SEAL_FILE, SealFile, SealList, stream_path
from ledger.parcel import Parcel, is_readable, open_parcel
from ledger.receipts import Fault, ReceiptFault, Stated
from ledger.record import ZERO_HASH


def compare_with_archive(path: Path, stated: Stated) -> int:
    """How many records the archive holds in the receipt's stream.

    Raises ``verify.no_archive``; ReceiptFault when the archive is another log's, lacks the stream,
    holds it broken, or its first ``stated.count`` records do not chain up to ``stated.head``.
    """
    if not is_readable(path):
        raise Refusal("verify.no_archive", path=str(path))
    parcel = open_parcel(path)
    folder = _ledger_folder(parcel, stated)
    place = folder + stream_path(stated.stream_id)
    if place not in parcel.paths():
        raise ReceiptFault(Fault.ARCHIVE, stated.stream_id)
    try:
        data = parcel.read(place)
    except ValueError as wrong:
        raise ReceiptFault(Fault.ARCHIVE, f"{stated.stream_id}: {wrong}") from wrong
    return _count(data, stated)


def _ledger_folder(parcel: Parcel, stated: Stated) -> str:
    places = [one for one in parcel.paths() if one.rpartition("/")[2] == SEAL_FILE]
    if len(places) != 1:
        raise ReceiptFault(Fault.ARCHIVE, SEAL_FILE)
    try:
        sealed = SealList.from_frame(SealFile.from_bytes(parcel.read(places[0])).frame)
    except ValueError as wrong:
        raise ReceiptFault(Fault.ARCHIVE, SEAL_FILE) from wrong
    if sealed.origin != stated.origin:
        raise ReceiptFault(Fault.ARCHIVE, sealed.origin)
    return places[0].removesuffix(SEAL_FILE)


def chained(origin: str, stream_id: str, records: Iterable[Stored]) -> int:
    """How many records, from the first on, are in their place and name the hash of the one before.

    Only their own hashes are compared: they are whole, not that they are what was written.
    """
    seen, previous = 0, ZERO_HASH
    for one in records:
        header = one.header
        place = (header.origin, header.stream_id, header.seq, header.previous)
        if place != (origin, stream_id, seen + 1, previous):
            break
        seen, previous = seen + 1, one.hash
    return seen


def begins_as(stated: Stated, origin: str, records: Sequence[Stored]) -> bool:
    """Whether the first ``stated.count`` records of the receipt's stream chain up to its head;
    ``origin`` is the one that the stream was opened under.
    """
    first = records[: max(stated.count, 0)]
    whole = chained(origin, stated.stream_id, first) == stated.count
    return whole and bool(first) and first[-1].hash == stated.head


def _count(data: bytes, stated: Stated) -> int:
    file = read_stream_file(data, stated.head)
    seen = chained(stated.origin, stated.stream_id, file.records)
    if file.broken is not None or seen < len(file.records):
        raise ReceiptFault(Fault.ARCHIVE, f"{stated.stream_id} #{seen + 1}")
    if not begins_as(stated, stated.origin, file.records):
        raise ReceiptFault(Fault.ARCHIVE, f"{stated.stream_id} #{min(seen, stated.count)}")
    return seen

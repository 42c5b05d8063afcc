"""A receipt against an archive: whether the archived stream still begins as the receipt says."""

from pathlib import Path

from kernel.codec import decode
from kernel.crypto.suite import suite_named
from kernel.errors import Refusal
from ledger.layout import SEAL_FILE, STREAM_MAGIC, SealFile, SealList, stream_path
from ledger.parcel import Parcel, open_parcel
from ledger.receipts import Fault, ReceiptFault, Stated
from ledger.record import ZERO_HASH, Header, record_hash


def compare_with_archive(path: Path, stated: Stated) -> int:
    """How many records the archive holds in the receipt's stream.

    Raises ``verify.no_archive``; ReceiptFault when the archive is another log's, lacks the stream
    or its first ``stated.count`` records do not chain up to ``stated.head``.
    """
    if not path.exists():
        raise Refusal("verify.no_archive", path=str(path))
    parcel = open_parcel(path)
    folder = _ledger_folder(parcel, stated)
    place = folder + stream_path(stated.stream_id)
    if place not in parcel.paths():
        raise ReceiptFault(Fault.ARCHIVE, stated.stream_id)
    return _count(parcel.read(place), stated)


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


def _count(data: bytes, stated: Stated) -> int:
    at, seen, previous, held = len(STREAM_MAGIC), 0, ZERO_HASH, False
    try:
        while at < len(data):
            size = int.from_bytes(data[at : at + 4], "big")
            header_bytes, ciphertext = decode("record", 1, data[at + 4 : at + 4 + size])
            header = Header.from_bytes(header_bytes)
            seen, at = seen + 1, at + 4 + size
            place = (header.origin, header.stream_id, header.seq, header.previous)
            if place != (stated.origin, stated.stream_id, seen, previous):
                break
            previous = record_hash(suite_named(header.suite), header_bytes, ciphertext)
            held = held or (seen == stated.count and previous == stated.head)
    except (ValueError, TypeError) as wrong:
        raise ReceiptFault(Fault.ARCHIVE, f"{stated.stream_id} #{seen + 1}") from wrong
    if not held:
        raise ReceiptFault(Fault.ARCHIVE, f"{stated.stream_id} #{min(seen, stated.count)}")
    return seen

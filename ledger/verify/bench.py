"""How fast an archive is verified, against a bare hash over the same bytes, in one run.

Rules kept here: the archive is a real one, every body encrypted and every batch signed; the limit
reads the same files the same way; per core means one worker. Nothing is asserted about speed.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from kernel.codec import canonical_json
from kernel.crypto import chance
from kernel.crypto.signing import DeviceKey, ServerKey
from kernel.crypto.suite import InternationalSuite
from ledger.client import ClientEvent, batch_message
from ledger.layout import SEAL_FILE, SealFile, key_file_bytes, stream_bytes, stream_path
from ledger.parcel import FolderSink, ParcelWriter
from ledger.record import ZERO_HASH, Place, seal_record
from ledger.scopes import key_commitment
from ledger.seal import seal_frame
from ledger.sweep.pool import cores
from ledger.verify.checking import verify

_ORIGIN, _SESSION = "bench.invalid/ledger", "session_bench"
_FOLDER = "3-process/ledger/"
_EVENTS_PER_BATCH = 5
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Rate:
    """Records per second of one way; ``limit`` is the bare hash's, ``workers`` of ours."""

    what: str
    workers: int
    records: int
    size_bytes: int
    limit: float
    ours: float


def bench_verify(sittings: int, records: int) -> Iterator[Rate]:
    """Make an archive of ``sittings`` streams of ``records`` records and verify it three ways."""
    with TemporaryDirectory(prefix="gongyuan-bench-") as scratch:
        folder, key_file = write_archive(Path(scratch), sittings, records)
        files = sorted((folder / _FOLDER).rglob("*.records"))
        size = sum(one.stat().st_size for one in files)
        total = sittings * records
        _bare(files)  # warm: both sides read from the page cache
        ways: tuple[tuple[str, int, Path | None], ...] = (
            ("chain and hashes", 1, None),
            ("chain and hashes", cores(), None),
            ("bodies opened", 1, key_file),
            ("bodies opened", cores(), key_file),
        )
        for what, workers, keys in ways:
            limit = total / _timed(lambda: _bare(files))
            took = _timed(lambda w=workers, k=keys: _verified(folder, k, w, total))  # type: ignore[misc]
            yield Rate(what, workers, total, size, limit, total / took)


def write_archive(into: Path, sittings: int, records: int) -> tuple[Path, Path]:
    """A whole archive as a folder, and its key file, without a database."""
    signer = ServerKey(chance.token_bytes(32))
    writer = ParcelWriter(FolderSink(into / "archive"))
    finals, keys = [], {}
    for number in range(sittings):
        stream_id, key = f"sitting/sitting_{number:05}", chance.token_bytes(32)
        held, head = _stream(stream_id, key, records)
        writer.add(_FOLDER + stream_path(stream_id), stream_bytes(held))
        finals.append((stream_id, records, head))
        keys[stream_id, 1] = key
    roster = [(stream_id.partition("/")[2], "number") for stream_id, _, _ in finals]
    frame = seal_frame(_ORIGIN, _SESSION, 1, roster, finals)
    sealed = SealFile(frame, signer.sign(frame), signer.public)
    writer.add(_FOLDER + SEAL_FILE, sealed.to_bytes())
    writer.close(
        archive_id="archive_bench",
        origin=_ORIGIN,
        session_id=_SESSION,
        made_at_ms=1,
        signer_public=signer.public,
        sign=signer.sign,
    )
    key_file = into / "keys.json"
    key_file.write_bytes(key_file_bytes(_ORIGIN, _SESSION, keys))
    return into / "archive", key_file


def _stream(stream_id: str, key: bytes, count: int) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Opening, device, then answers in signed batches: header and ciphertext, and the head."""
    suite, device = InternationalSuite(), DeviceKey()
    binding = {"session_id": _SESSION, "data_key": key_commitment(key).hex()}
    contents: list[tuple[str, int, dict[str, object]]] = [
        ("opened", 0, {**binding, "sitting_id": stream_id.partition("/")[2]}),
        ("device", 1, {"public_key": device.public.hex()}),
    ]
    events: list[ClientEvent] = []
    for seq in range(1, count - 1):
        response = {"choice": ["ABCD"[seq % 4]]}
        text = canonical_json(response).decode()
        events.append(ClientEvent(seq, "answer_set", f"item_{seq % 100}", text, seq))
        body = {"client_seq": seq, "client_ms": seq, "item_id": f"item_{seq % 100}"}
        content: dict[str, object] = {**body, "response": response}
        if seq % _EVENTS_PER_BATCH == 0 or seq == count - 2:
            message = batch_message(_ORIGIN, stream_id, 1, events)
            signature = device.sign(message).hex()
            content["batch"] = {"first_seq": events[0].seq, "signature": signature}
            events = []
        contents.append(("answer_set", 1, content))
    previous, held = ZERO_HASH, []
    for seq, (kind, epoch, content) in enumerate(contents, 1):
        sealed = seal_record(
            suite, key, Place(_ORIGIN, stream_id, seq, previous, 1), salt=chance.token_bytes(32),
            server_ms=seq, epoch=epoch, kind=kind, content=content,
        )  # fmt: skip
        held.append((sealed.header, sealed.ciphertext))
        previous = sealed.hash
    return held, previous


def _verified(folder: Path, key_file: Path | None, workers: int, records: int) -> None:
    """Raises RuntimeError when the archive is not found whole: then the figure means nothing."""
    report = verify(folder, key_file, workers=workers)
    if not report.good or report.records != records:
        raise RuntimeError(report.words())


def _bare(files: list[Path]) -> None:
    for path in files:
        state = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                state.update(piece)
        state.digest()


def _timed(act: Callable[[], None]) -> float:
    begun = perf_counter()
    act()
    return perf_counter() - begun

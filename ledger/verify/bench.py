"""How fast an archive is verified, against what no verifier can do without, in one run.

Rules kept here: the archives are real ones: every body encrypted, and either every batch signed or
all of it the server's own; the limit is a bare hash over the same files and, where bodies are
opened, one bare key derivation, decryption and two hashes for each record, and one bare P-256 check
for each batch. One worker is measured in CPU time on both sides, several by the clock. Nothing is
asserted about speed.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from kernel.codec import canonical_json
from kernel.crypto import chance
from kernel.crypto.signing import DeviceKey, DevicePublicKey, ServerKey
from kernel.crypto.suite import InternationalSuite
from ledger.client import ClientEvent, batch_message
from ledger.layout import SEAL_FILE, SealFile, key_file_bytes, stream_bytes, stream_path
from ledger.parcel import FolderSink, ParcelWriter
from ledger.record import SMALLEST_CLASS_BYTES, ZERO_HASH, Place, seal_record
from ledger.scopes import key_commitment
from ledger.seal import seal_frame
from ledger.sweep.pool import cores
from ledger.verify.checking import verify

_ORIGIN, _SESSION = "bench.invalid/ledger", "session_bench"
_FOLDER = "3-process/ledger/"
_EVENTS_PER_BATCH = 5
_PIECE = 1 << 20
_BARE_TIMES = 10_000
Content = tuple[str, int, dict[str, object]]


@dataclass(frozen=True, slots=True)
class Rate:
    """Records per second of one way; ``limit`` is so many cores' of what ``limit_of`` says."""

    what: str
    limit_of: str
    workers: int
    records: int
    size_bytes: int
    limit: float
    ours: float


HASHED = "bare SHA-256 of the same files"
OPENED = HASHED + ", and bare HKDF, AES-GCM and two hashes"
SIGNED = OPENED + f", and P-256 for each {_EVENTS_PER_BATCH}"


def bench_verify(sittings: int, records: int) -> Iterator[Rate]:
    """Make archives of ``sittings`` streams of ``records`` records and verify them: chains, bodies,
    bodies and signatures, each by one worker and by as many as there are cores.
    """
    for signed in (False, True):
        with TemporaryDirectory(prefix="gongyuan-bench-") as scratch:
            made = write_archive(Path(scratch), sittings, records, signed=signed)
            yield from _rates(*made, sittings * records, signed=signed)


def _rates(folder: Path, key_file: Path, total: int, *, signed: bool) -> Iterator[Rate]:
    files = sorted((folder / _FOLDER).rglob("*.records"))
    size = sum(one.stat().st_size for one in files)
    _bare(files)  # warm: both sides read from the page cache
    hashing_s = _timed(lambda: _bare(files), process_time) / total
    opening_s = hashing_s + bare_opening_s()
    ways: list[tuple[str, str, float, Path | None]] = (
        [("bodies and every signature", SIGNED, opening_s + bare_signature_s(), key_file)]
        if signed
        else [
            ("chain and hashes", HASHED, hashing_s, None),
            ("bodies opened, nothing signed", OPENED, opening_s, key_file),
        ]
    )
    for what, limit_of, least_s, keys in ways:
        for workers in sorted({1, cores()}):
            clock = process_time if workers == 1 else perf_counter
            took = _timed(lambda w=workers, k=keys: _verified(folder, k, w, total), clock)  # type: ignore[misc]
            yield Rate(what, limit_of, workers, total, size, workers / least_s, total / took)


def bare_opening_s(times: int = _BARE_TIMES) -> float:
    """CPU seconds of the cryptography of one record of the smallest size, and nothing else."""
    suite, key, salt = InternationalSuite(), chance.token_bytes(32), chance.token_bytes(32)
    info, header, body = bytes(90), bytes(300), bytes(SMALLEST_CLASS_BYTES)
    sealed = suite.seal(key, bytes(12), body, header)

    def run() -> None:
        for _ in range(times):
            suite.derive(key, salt=salt, info=info, size=76)
            suite.open(key, bytes(12), sealed, header)
            suite.hash(body)
            suite.hash(sealed + header)

    return _timed(run, process_time) / times


def bare_signature_s(times: int = _BARE_TIMES) -> float:
    """CPU seconds of a record's share of one P-256 check."""
    key, message = DeviceKey(), bytes(150)
    public, signature = DevicePublicKey(key.public), key.sign(message)

    def run() -> None:
        for _ in range(times // _EVENTS_PER_BATCH):
            public.holds(message, signature)

    return _timed(run, process_time) / times


def write_archive(
    into: Path, sittings: int, records: int, *, signed: bool = True
) -> tuple[Path, Path]:
    """A whole archive as a folder, and its key file, without a database. Not ``signed``: what the
    server alone says.
    """
    signer = ServerKey(chance.token_bytes(32))
    writer = ParcelWriter(FolderSink(into / "archive"))
    finals, keys = [], {}
    for number in range(sittings):
        stream_id, key = f"sitting/sitting_{number:05}", chance.token_bytes(32)
        held, head = _stream(stream_id, key, records, signed=signed)
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


def _stream(
    stream_id: str, key: bytes, count: int, *, signed: bool
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Opening, device, then answers in signed batches, or warnings: header and ciphertext, and the
    head.
    """
    suite, device = InternationalSuite(), DeviceKey()
    binding = {"session_id": _SESSION, "data_key": key_commitment(key).hex()}
    contents: list[Content] = [
        ("opened", 0, {**binding, "sitting_id": stream_id.partition("/")[2]}),
        ("device", 1, {"public_key": device.public.hex()}),
    ]
    if signed:
        contents += _answers(stream_id, device, count - 2)
    else:
        contents += [("warned", 1, {"at_ms": number}) for number in range(count - 2)]
    previous, held = ZERO_HASH, []
    for seq, (kind, epoch, content) in enumerate(contents, 1):
        sealed = seal_record(
            suite, key, Place(_ORIGIN, stream_id, seq, previous, 1), salt=chance.token_bytes(32),
            server_ms=seq, epoch=epoch, kind=kind, content=content,
        )  # fmt: skip
        held.append((sealed.header, sealed.ciphertext))
        previous = sealed.hash
    return held, previous


def _answers(stream_id: str, device: DeviceKey, count: int) -> Iterator[Content]:
    events: list[ClientEvent] = []
    for seq in range(1, count + 1):
        response = {"choice": ["ABCD"[seq % 4]]}
        text = canonical_json(response).decode()
        events.append(ClientEvent(seq, "answer_set", f"item_{seq % 100}", text, seq))
        body = {"client_seq": seq, "client_ms": seq, "item_id": f"item_{seq % 100}"}
        content: dict[str, object] = {**body, "response": response}
        if seq % _EVENTS_PER_BATCH == 0 or seq == count:
            message = batch_message(_ORIGIN, stream_id, 1, events)
            signature = device.sign(message).hex()
            content["batch"] = {"first_seq": events[0].seq, "signature": signature}
            events = []
        yield "answer_set", 1, content


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


def _timed(act: Callable[[], None], clock: Callable[[], float]) -> float:
    begun = clock()
    act()
    return clock() - begun

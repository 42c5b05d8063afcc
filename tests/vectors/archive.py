"""The small archive of the vectors: ``python -m tests.vectors.archive`` writes it anew.

Two sat (one handed in, one changed machines), one was absent; room, session and camera streams, two
pieces of recording. Keys, salts and times are fixed, so the bytes are the same on every machine.
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kernel.codec import canonical_json
from kernel.crypto.suite import InternationalSuite
from ledger.client import ClientEvent, batch_message, final_message, state_hash
from ledger.layout import SEAL_FILE, SealFile, key_file_bytes, stream_bytes, stream_path
from ledger.parcel import ParcelWriter, ZipSink
from ledger.record import ZERO_HASH, Place, seal_record
from ledger.scopes import key_commitment, scope_of
from ledger.seal import seal_frame
from tests.vectors.make import FOLDER, ORIGIN, SERVER, _public, _signed

ARCHIVE, KEYS = FOLDER / "archive.zip", FOLDER / "archive-keys.json"
SESSION = "session_1"
BEGAN_MS = 1_795_000_000_000
Entry = tuple[str, int, dict[str, Any]]
"""Kind, device epoch, content."""


def entries() -> dict[str, list[Entry]]:
    """Every stream's records but the opening."""
    streams: dict[str, list[Entry]] = {}
    for number, epochs in ((1, (1,)), (2, (1, 2))):
        stream = f"sitting/sitting_{number}"
        held: list[Entry] = [("checked_in", 0, {"by": "staff_1", "at_ms": BEGAN_MS})]
        for epoch in epochs:
            held.append(("device", epoch, {"public_key": _public().hex()}))
            held += _batch(stream, epoch, 1, "A", "B") + _batch(stream, epoch, 3, "C")
            held.append(("extended", epoch, {"by": "staff_1", "seconds": 300}))
        streams[stream] = held
        streams[f"camera/sitting_{number}"] = [("segment", 1, {"index": 0, "sha256": "00" * 32})]
    state = state_hash({"item_1": {"options": ["C"]}})
    final = _signed(final_message(ORIGIN, "sitting/sitting_1", 1, 3, state)).hex()
    handed = {"epoch": 1, "last_seq": 3, "state_hash": state.hex(), "client_signature": final}
    streams["sitting/sitting_1"].append(("submitted", 1, handed))
    streams[f"room/{SESSION}/room_1"] = [("warned", 0, {"by": "staff_1", "text": "请安静"})]
    mark = {"by": "staff_2", "sitting_id": "sitting_1", "item_id": "item_9", "mark": "3.5"}
    streams[f"session/{SESSION}"] = [("session_started", 0, {}), ("marked_by_hand", 0, mark)]
    return streams


def _batch(stream: str, epoch: int, first: int, *letters: str) -> list[Entry]:
    responses = [{"options": [letter]} for letter in letters]
    events = [
        ClientEvent(first + n, "answer_set", "item_1", canonical_json(one).decode(), BEGAN_MS + n)
        for n, one in enumerate(responses)
    ]
    signature = _signed(batch_message(ORIGIN, stream, epoch, events)).hex()
    bodies: list[dict[str, Any]] = [
        {"client_seq": e.seq, "client_ms": e.client_ms, "item_id": "item_1", "response": r}
        for e, r in zip(events, responses, strict=True)
    ]
    bodies[-1]["batch"] = {"first_seq": first, "signature": signature}
    return [("answer_set", epoch, body) for body in bodies]


def key_of(stream_id: str) -> bytes:
    return sha256(f"key {scope_of(stream_id)}".encode()).digest()


def _stream(stream_id: str, held: Sequence[Entry]) -> tuple[list[tuple[bytes, bytes]], bytes]:
    noun, _, rest = stream_id.partition("/")
    kind = {"room": "room_opened", "session": "session_opened"}.get(noun, "opened")
    binding: dict[str, Any] = {"session_id": SESSION}
    binding["data_key"] = key_commitment(key_of(stream_id)).hex()
    if kind == "opened":
        binding["sitting_id"] = rest
    previous, made = ZERO_HASH, []
    for seq, (name, epoch, content) in enumerate([(kind, 0, binding), *held], 1):
        sealed = seal_record(
            InternationalSuite(), key_of(stream_id), Place(ORIGIN, stream_id, seq, previous, 1),
            salt=sha256(f"salt {stream_id} {seq}".encode()).digest(),
            server_ms=BEGAN_MS + 1_000 * seq, epoch=epoch, kind=name, content=content,
        )  # fmt: skip
        made.append((sealed.header, sealed.ciphertext))
        previous = sealed.hash
    return made, previous


def build() -> tuple[bytes, bytes]:
    """The archive and its key file."""
    folder, finals, files = "3-process/ledger/", [], {}
    for stream_id, held in sorted(entries().items()):
        made, head = _stream(stream_id, held)
        files[folder + stream_path(stream_id)] = stream_bytes(made)
        finals.append((stream_id, len(made), head))
    roster = [("sitting_1", "number"), ("sitting_2", "number"), ("sitting_3", "absent")]
    frame = seal_frame(ORIGIN, SESSION, BEGAN_MS + 60_000, roster, finals)
    files[folder + SEAL_FILE] = SealFile(frame, SERVER.sign(frame), SERVER.public).to_bytes()
    blobs = {f"3-process/blobs/segment_{n}": bytes([n]) * 100 for n in (1, 2)}
    listed = [{"path": p, "sha256": sha256(d).hexdigest()} for p, d in blobs.items()]
    files |= blobs | {"3-process/blobs.json": canonical_json({"blobs": listed})}
    keys = {(scope_of(stream_id), 1): key_of(stream_id) for stream_id, _, _ in finals}
    return _packed(files), key_file_bytes(ORIGIN, SESSION, keys) + b"\n"


def _packed(files: dict[str, bytes]) -> bytes:
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "archive.zip"
        writer = ParcelWriter(ZipSink(path))
        for place, data in files.items():
            writer.add(place, data)
        writer.close(
            archive_id="archive_1",
            origin=ORIGIN,
            session_id=SESSION,
            made_at_ms=BEGAN_MS + 90_000,
            signer_public=SERVER.public,
            sign=SERVER.sign,
        )
        return path.read_bytes()


if __name__ == "__main__":
    for target, content in zip((ARCHIVE, KEYS), build(), strict=True):
        target.write_bytes(content)

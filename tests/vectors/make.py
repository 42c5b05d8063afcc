"""Write the vectors of codec and ledger: ``python -m tests.vectors.make``.

Rules kept here: every input is fixed, keys and salts too; signatures are deterministic (RFC 6979,
Ed25519), so the files are the same on every machine. The private keys below protect nothing.
"""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from kernel.codec import Field, canonical_json, encode
from kernel.crypto import digest
from kernel.crypto.signing import ServerKey
from kernel.crypto.suite import InternationalSuite
from kernel.ids import short_code
from ledger.client import (
    ClientEvent,
    ack_frame,
    batch_message,
    final_message,
    receipt_frame,
    state_hash,
)
from ledger.layout import SealFile, stream_bytes
from ledger.record import ZERO_HASH, Place, seal_record
from ledger.scopes import key_commitment
from ledger.seal import seal_frame

FOLDER = Path(__file__).parent
ORIGIN = "vectors.example/ledger"
STREAM = "sitting/sitting_1"
SERVER = ServerKey(bytes(range(32)))
DATA_KEY = bytes(range(100, 132))
_DEVICE_SCALAR = 0x1234567890ABCDEF1234567890ABCDEF1234567890ABCDEF1234567890ABCDEF
_DEVICE = ec.derive_private_key(_DEVICE_SCALAR, ec.SECP256R1())

_VALUES: tuple[tuple[str, list[Field]], ...] = (
    ("nothing", []),
    ("simple", [None, False, True, 0, 1, 2**53 - 1]),
    ("bytes", [b"", bytes(range(16))]),
    ("text", ["", "answer", "考生", "e\u0301", "\u2028", "𝄞"]),
    ("nested", [["a", [1, [None]]], [], [b"\x00", "0"]]),
)
_JSON: tuple[Any, ...] = (
    {"b": 1, "a": [True, None, '中文 "quoted" \\ / \n \u0007 \u2028']},
    {"\U0001d11e": 1, "\uff5e": 2, "z": {"y": [], "x": {}}},
    {"options": ["A", "C"]},
    "text",
    [1, [2, [3]]],
)
_EVENTS = (
    ClientEvent(1, "item_viewed", "item_1", "", 1_795_000_000_000),
    ClientEvent(2, "answer_set", "item_1", '{"options":["B"]}', 1_795_000_001_000),
    ClientEvent(3, "answer_set", "item_2", '{"text":"因为 “引号” \\n 换行"}', 1_795_000_002_000),
    ClientEvent(4, "focus_lost", "", "", 1_795_000_003_000),
)
_ANSWERS = {"item_2": {"text": "因为"}, "item_1": {"options": ["B"]}, "item_3": None}


def vectors() -> dict[str, Any]:
    """File name → content."""
    return {
        "codec.json": _codec(),
        "client.json": _client(),
        "ack.json": _acks(),
        "record.json": _records(),
        "seal.json": _seal(),
    }


def as_text(value: Any) -> str:
    """As it lies in the file."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _codec() -> dict[str, Any]:
    return {
        "frames": [
            {
                "name": name,
                "kind": "vector",
                "version": number + 1,
                "fields": [_shown(field) for field in fields],
                "hex": encode("vector", number + 1, fields).hex(),
            }
            for number, (name, fields) in enumerate(_VALUES)
        ],
        "json": [{"value": value, "text": canonical_json(value).decode()} for value in _JSON],
    }


def _shown(field: Field) -> Any:
    """JSON for a field; bytes are ``{"hex": …}``."""
    if isinstance(field, bytes):
        return {"hex": field.hex()}
    if isinstance(field, list | tuple):
        return [_shown(one) for one in field]
    return field


def _signed(message: bytes) -> bytes:
    algorithm = ec.ECDSA(SHA256(), deterministic_signing=True)
    r, s = decode_dss_signature(_DEVICE.sign(message, algorithm))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _public() -> bytes:
    numbers = _DEVICE.public_key().public_numbers()
    return b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def _client() -> dict[str, Any]:
    batch = batch_message(ORIGIN, STREAM, 2, _EVENTS)
    state = state_hash(_ANSWERS)
    final = final_message(ORIGIN, STREAM, 2, 4, state)
    return {
        "origin": ORIGIN,
        "stream_id": STREAM,
        "epoch": 2,
        "public_key_hex": _public().hex(),
        "events": [
            {
                "seq": one.seq,
                "kind": one.kind,
                "item_id": one.item_id or None,
                "response": json.loads(one.response_json) if one.response_json else None,
                "response_json": one.response_json,
                "client_ms": one.client_ms,
                "hex": one.to_bytes(2).hex(),
            }
            for one in _EVENTS
        ],
        "batch": {"message_hex": batch.hex(), "signature_hex": _signed(batch).hex()},
        "final": {
            "answers": _ANSWERS,
            "last_seq": 4,
            "state_hash_hex": state.hex(),
            "message_hex": final.hex(),
            "signature_hex": _signed(final).hex(),
        },
    }


def _acks() -> dict[str, Any]:
    head = digest.sha256(b"head")
    ack = ack_frame(ORIGIN, STREAM, 2, 4, head, 1_795_000_004_000)
    receipt = receipt_frame(ORIGIN, STREAM, 9, head, 1_795_000_005_000)
    return {
        "server_public_hex": SERVER.public.hex(),
        "ack": {
            "origin": ORIGIN,
            "stream_id": STREAM,
            "epoch": 2,
            "acked_through": 4,
            "head_hex": head.hex(),
            "server_ms": 1_795_000_004_000,
            "frame_hex": ack.hex(),
            "signature_hex": SERVER.sign(ack).hex(),
        },
        "receipt": {
            "origin": ORIGIN,
            "stream_id": STREAM,
            "count": 9,
            "head_hex": head.hex(),
            "at_ms": 1_795_000_005_000,
            "code": short_code(head),
            "frame_hex": receipt.hex(),
            "signature_hex": SERVER.sign(receipt).hex(),
        },
    }


def _records() -> dict[str, Any]:
    suite = InternationalSuite()
    contents: tuple[tuple[str, int, dict[str, Any]], ...] = (
        ("opened", 0, {"session_id": "session_1", "data_key": key_commitment(DATA_KEY).hex()}),
        ("device", 2, {"public_key": _public().hex()}),
        ("answer_set", 2, {"client_seq": 1, "item_id": "item_1", "response": {"options": ["B"]}}),
    )
    previous, made, held = ZERO_HASH, [], []
    for number, (kind, epoch, content) in enumerate(contents, 1):
        salt = digest.sha256(f"salt {number}".encode())
        sealed = seal_record(
            suite,
            DATA_KEY,
            Place(ORIGIN, STREAM, number, previous, 1),
            salt=salt,
            server_ms=1_795_000_000_000 + number,
            epoch=epoch,
            kind=kind,
            content=content,
        )
        made.append(
            {
                "seq": number,
                "previous_hex": previous.hex(),
                "server_ms": 1_795_000_000_000 + number,
                "epoch": epoch,
                "key_version": 1,
                "salt_hex": salt.hex(),
                "kind": kind,
                "content": content,
                "header_hex": sealed.header.hex(),
                "ciphertext_hex": sealed.ciphertext.hex(),
                "hash_hex": sealed.hash.hex(),
            }
        )
        held.append((sealed.header, sealed.ciphertext))
        previous = sealed.hash
    return {
        "suite": suite.name,
        "origin": ORIGIN,
        "stream_id": STREAM,
        "data_key_hex": DATA_KEY.hex(),
        "data_key_commitment_hex": key_commitment(DATA_KEY).hex(),
        "records": made,
        "stream_file_hex": stream_bytes(held).hex(),
    }


def _seal() -> dict[str, Any]:
    roster = [("sitting_2", "absent"), ("sitting_1", "number")]
    streams = [(STREAM, 3, digest.sha256(b"a")), ("camera/sitting_1", 1, digest.sha256(b"b"))]
    frame = seal_frame(ORIGIN, "session_1", 1_795_000_009_000, roster, streams)
    signature = SERVER.sign(frame)
    return {
        "origin": ORIGIN,
        "session_id": "session_1",
        "sealed_at_ms": 1_795_000_009_000,
        "roster": [list(one) for one in roster],
        "streams": [[name, count, head.hex()] for name, count, head in streams],
        "server_public_hex": SERVER.public.hex(),
        "frame_hex": frame.hex(),
        "signature_hex": signature.hex(),
        "file_hex": SealFile(frame, signature, SERVER.public).to_bytes().hex(),
    }


def main() -> None:
    """Write every file."""
    for name, value in vectors().items():
        (FOLDER / name).write_text(as_text(value), encoding="utf-8")


if __name__ == "__main__":
    main()

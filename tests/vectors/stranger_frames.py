"""The second verifier's frames and signatures, written from docs/formats/codec.md alone."""

import json
import struct
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256


class WrongError(Exception):
    """Something does not hold."""


# --- codec.md -----------------------------------------------------------------------------------


def frame(kind: str, version: int, fields: list[Any]) -> bytes:
    name = kind.encode("ascii")
    return b"GY" + bytes([len(name)]) + name + struct.pack(">H", version) + _field(fields)


def _field(value: Any) -> bytes:
    if value is None:
        return b"\0"
    if isinstance(value, bool):
        return b"\x06" if value else b"\x05"
    if isinstance(value, bytes):
        return b"\x01" + struct.pack(">I", len(value)) + value
    if isinstance(value, str):
        return b"\x02" + struct.pack(">I", len(value.encode())) + value.encode()
    if isinstance(value, int):
        return b"\x03" + struct.pack(">Q", value)
    return b"\x04" + struct.pack(">I", len(value)) + b"".join(map(_field, value))


def fields_of(kind: str, version: int, data: bytes) -> list[Any]:
    """Reads a frame, and refuses it unless writing it again gives the same bytes."""
    start = 3 + len(kind) + 2
    try:
        value, _ = _value(data, start)
    except (IndexError, struct.error, UnicodeDecodeError) as wrong:
        raise WrongError(f"no {kind}") from wrong
    if not isinstance(value, list) or frame(kind, version, value) != data:
        raise WrongError(f"no {kind}")
    return value


def _value(data: bytes, at: int) -> tuple[Any, int]:
    tag, at = data[at], at + 1
    if tag in (0, 5, 6):
        return {0: None, 5: False, 6: True}[tag], at
    if tag == 3:
        return struct.unpack_from(">Q", data, at)[0], at + 8
    (size,), at = struct.unpack_from(">I", data, at), at + 4
    if tag in (1, 2):
        raw = data[at : at + size]
        return (raw if tag == 1 else raw.decode()), at + size
    if tag != 4:
        raise WrongError("unknown tag")
    items = []
    for _ in range(size):
        item, at = _value(data, at)
        items.append(item)
    return items, at


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def server_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def device_signed(public: str, message: bytes, signature: str) -> bool:
    raw = bytes.fromhex(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(public))
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return len(raw) == 64

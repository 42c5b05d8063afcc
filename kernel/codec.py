"""Canonical bytes: everything that is hashed or signed is built here (docs/formats/codec.md).

Rules kept here: one value has one encoding; the kind and the version stand in front; every field is
tagged and length-prefixed, so no two different values share bytes. Decoding refuses what encoding
would not have written.

    frame = "GY" kind-length(u8) kind(ASCII) version(u16) list
    field = 00 none | 01 bytes(u32 length) | 02 text(u32 length, UTF-8) | 03 unsigned(u64)
          | 04 list(u32 count, fields) | 05 false | 06 true          all integers big-endian
"""

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

Field: TypeAlias = "bytes | str | int | bool | Sequence[Field] | None"

MAGIC = b"GY"
_DEEPEST = 8


def encode(kind: str, version: int, fields: Sequence[Field]) -> bytes:
    """The canonical bytes of a value. Raises ValueError for what has no encoding (negative, >
    u64).
    """
    name = kind.encode("ascii")
    if not 0 < len(name) < 256:
        raise ValueError("kind is 1 to 255 ASCII characters")
    return MAGIC + bytes([len(name)]) + name + version.to_bytes(2, "big") + _list(list(fields))


def decode(kind: str, version: int, data: bytes) -> list[Any]:
    """The fields of a frame of exactly this kind and version. Raises ValueError otherwise."""
    found_kind, found_version, fields = decode_any(data)
    if (found_kind, found_version) != (kind, version):
        raise ValueError(f"expected {kind} v{version}, found {found_kind} v{found_version}")
    return fields


def decode_any(data: bytes) -> tuple[str, int, list[Any]]:
    """Kind, version and fields of any frame. Raises ValueError when it is not canonical."""
    if data[:2] != MAGIC or len(data) < 5:
        raise ValueError("not a frame")
    end = 3 + data[2]
    kind = data[3:end].decode("ascii")
    version = int.from_bytes(data[end : end + 2], "big")
    value, rest = _read(data, end + 2, 0)
    if rest != len(data) or not isinstance(value, list) or not kind:
        raise ValueError("not a canonical frame")
    return kind, version, value


def canonical_json(value: object) -> bytes:
    """Sorted keys, no spaces, UTF-8, no NaN: for bodies that are read by people's tools too."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _list(items: Sequence[Field]) -> bytes:
    return b"\x04" + len(items).to_bytes(4, "big") + b"".join(_field(item) for item in items)


def _field(value: Field) -> bytes:
    if value is None or isinstance(value, bool):
        return {None: b"\x00", False: b"\x05", True: b"\x06"}[value]
    if isinstance(value, bytes):
        return b"\x01" + len(value).to_bytes(4, "big") + value
    if isinstance(value, str):
        data = value.encode("utf-8")
        return b"\x02" + len(data).to_bytes(4, "big") + data
    if isinstance(value, int):
        if not 0 <= value < 1 << 64:
            raise ValueError("integers are unsigned 64-bit")
        return b"\x03" + value.to_bytes(8, "big")
    return _list(value)


def _read(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if at >= len(data) or depth > _DEEPEST:
        raise ValueError("truncated or too deep")
    tag, at = data[at], at + 1
    if tag in (0, 5, 6):
        return {0: None, 5: False, 6: True}[tag], at
    if tag == 3:
        return int.from_bytes(_take(data, at, 8), "big"), at + 8
    size = int.from_bytes(_take(data, at, 4), "big")
    at += 4
    if tag in (1, 2):
        raw = _take(data, at, size)
        return (raw if tag == 1 else raw.decode("utf-8")), at + size
    if tag != 4:
        raise ValueError(f"unknown tag {tag}")
    items = []
    for _ in range(size):
        item, at = _read(data, at, depth + 1)
        items.append(item)
    return items, at


def _take(data: bytes, at: int, size: int) -> bytes:
    piece = data[at : at + size]
    if len(piece) != size:
        raise ValueError("truncated")
    return piece

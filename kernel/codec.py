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
from functools import lru_cache
from struct import Struct
from typing import Any, TypeAlias

Field: TypeAlias = "bytes | str | int | bool | Sequence[Field] | None"

MAGIC = b"GY"
_DEEPEST = 8
_SIMPLE = {0: None, 5: False, 6: True}
_SIZED, _NUMBER = Struct(">BI").pack, Struct(">BQ").pack


def encode(kind: str, version: int, fields: Sequence[Field]) -> bytes:
    """The canonical bytes of a value. Raises ValueError for what has no encoding (negative, >
    u64).
    """
    out = [_start(kind, version)]
    _add_list(out, fields)
    return b"".join(out)


def decode(kind: str, version: int, data: bytes) -> list[Any]:
    """The fields of a frame of exactly this kind and version. Raises ValueError otherwise."""
    start = _start(kind, version)
    if not data.startswith(start):
        found_kind, found_version, _ = decode_any(data)
        raise ValueError(f"expected {kind} v{version}, found {found_kind} v{found_version}")
    return _list(data, len(start))


def decode_any(data: bytes) -> tuple[str, int, list[Any]]:
    """Kind, version and fields of any frame. Raises ValueError when it is not canonical."""
    if data[:2] != MAGIC or len(data) < 5:
        raise ValueError("not a frame")
    end = 3 + data[2]
    kind = data[3:end].decode("ascii")
    version = int.from_bytes(data[end : end + 2], "big")
    if not kind:
        raise ValueError("not a canonical frame")
    return kind, version, _list(data, end + 2)


def frame_start(kind: str, version: int, count: int) -> bytes:
    """What every frame of this kind with so many fields begins with, for who knows its shape."""
    return _start(kind, version) + b"\x04" + count.to_bytes(4, "big")


def canonical_json(value: object) -> bytes:
    """Sorted keys, no spaces, UTF-8, no NaN: for bodies that are read by people's tools too."""
    return _JSON.encode(value).encode()


_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@lru_cache(256)
def _start(kind: str, version: int) -> bytes:
    name = kind.encode("ascii")
    if not 0 < len(name) < 256:
        raise ValueError("kind is 1 to 255 ASCII characters")
    return MAGIC + bytes([len(name)]) + name + version.to_bytes(2, "big")


def _add_list(out: list[bytes], items: Sequence[Field]) -> None:
    out.append(b"\x04" + len(items).to_bytes(4, "big"))
    for item in items:
        # What nearly every field is, without a call; subclasses and the rest go by ``_add``.
        if type(item) is str:
            data = item.encode()
            out += (_SIZED(2, len(data)), data)
        elif type(item) is bytes:
            out += (_SIZED(1, len(item)), item)
        elif type(item) is int and 0 <= item < 1 << 64:
            out.append(_NUMBER(3, item))
        else:
            _add(out, item)


def _add(out: list[bytes], value: Field) -> None:
    if isinstance(value, str):
        data = value.encode()
        out.append(b"\x02" + len(data).to_bytes(4, "big"))
        out.append(data)
    elif isinstance(value, bytes):
        out.append(b"\x01" + len(value).to_bytes(4, "big"))
        out.append(value)
    elif value is None:
        out.append(b"\x00")
    elif isinstance(value, bool):
        out.append(b"\x06" if value else b"\x05")
    elif isinstance(value, int):
        if not 0 <= value < 1 << 64:
            raise ValueError("integers are unsigned 64-bit")
        out.append(b"\x03" + value.to_bytes(8, "big"))
    else:
        _add_list(out, value)


def _list(data: bytes, at: int) -> list[Any]:
    """The fields of the list that goes from ``at`` to the end."""
    start = at + 5
    if data[at : at + 1] != b"\x04" or start > len(data):
        raise ValueError("not a canonical frame")
    fields, end = _items(data, start, int.from_bytes(data[at + 1 : start], "big"), 1)
    if end != len(data):
        raise ValueError("not a canonical frame")
    return fields


def _items(data: bytes, at: int, count: int, depth: int) -> tuple[list[Any], int]:
    """``count`` fields from ``at``, and where they end."""
    if count and depth > _DEEPEST:
        raise ValueError("too deep")
    items: list[Any] = []
    whole = len(data)
    for _ in range(count):
        if at >= whole:
            raise ValueError("truncated")
        tag, end = data[at], at + 5
        if tag in (1, 2):
            start, end = end, end + int.from_bytes(data[at + 1 : end], "big")
            raw = data[start:end]
            items.append(raw if tag == 1 else raw.decode("utf-8"))
        elif tag == 3:
            end = at + 9
            items.append(int.from_bytes(data[at + 1 : end], "big"))
        elif tag == 4:
            size = int.from_bytes(data[at + 1 : end], "big") if end <= whole else 0
            held, end = _items(data, end, size, depth + 1)
            items.append(held)
        elif tag in _SIMPLE:
            end = at + 1
            items.append(_SIMPLE[tag])
        else:
            raise ValueError(f"unknown tag {tag}")
        if end > whole:
            raise ValueError("truncated")
        at = end
    return items, at

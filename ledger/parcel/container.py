"""The ZIP container, byte for byte: stored members, one date, no freedom left (PKWARE APPNOTE).

Rules kept here: path, size and CRC of the members fix every other byte, so a reader can compare all
of them; ZIP64 fields appear exactly where a number does not fit; any unzip program can open the
file.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")

_LOCAL_MARK, _CENTRAL_MARK = b"PK\x03\x04", b"PK\x01\x02"
_UTF8, _STORED, _MIDNIGHT, _NEW_YEAR_1980 = 0x0800, 0, 0, 33
_MADE_BY, _PLAIN, _WITH_64 = 0x0300 | 45, 20, 45
_MODE = 0o100644 << 16
_FULL32, _FULL16 = 0xFFFFFFFF, 0xFFFF

LOCAL_SIZE = _LOCAL.size


@dataclass(frozen=True, slots=True)
class Member:
    """One stored file. ``offset`` is where its local header begins."""

    path: str
    size_bytes: int
    crc: int
    offset: int

    @property
    def data_offset(self) -> int:
        """Where its bytes begin."""
        return self.offset + len(local_header(self))


def local_header(member: Member) -> bytes:
    """The header before the member's bytes."""
    name = member.path.encode()
    wide = member.size_bytes >= _FULL32
    extra = struct.pack("<2H2Q", 1, 16, member.size_bytes, member.size_bytes) if wide else b""
    size = _FULL32 if wide else member.size_bytes
    fixed = _LOCAL.pack(
        _LOCAL_MARK, _WITH_64 if wide else _PLAIN, _UTF8, _STORED, _MIDNIGHT, _NEW_YEAR_1980,
        member.crc, size, size, len(name), len(extra),
    )  # fmt: skip
    return fixed + name + extra


def parse_local(fixed: bytes, rest: bytes) -> tuple[str, int, int]:
    """Path, size and CRC from a local header; whether it is canonical is seen by packing it again.

    ``rest`` holds at least name and extra field. Raises ValueError.
    """
    if len(fixed) != LOCAL_SIZE or fixed[:4] != _LOCAL_MARK:
        raise ValueError("no member header")
    fields = _LOCAL.unpack(fixed)
    crc, size, name_size, extra_size = fields[6], fields[7], fields[9], fields[10]
    name = rest[:name_size].decode()
    if size == _FULL32 and extra_size == 20 and len(rest) >= name_size + 20:
        size = struct.unpack("<Q", rest[name_size + 4 : name_size + 12])[0]
    return name, size, crc


def variable_size(fixed: bytes) -> int:
    """How many bytes of name and extra field follow a local header."""
    fields = _LOCAL.unpack(fixed)
    return int(fields[9] + fields[10])


def is_local(mark: bytes) -> bool:
    """True where another member begins; otherwise the tail does."""
    return mark[:4] == _LOCAL_MARK


def tail(members: Sequence[Member], start: int) -> bytes:
    """Everything after the last member's bytes; ``start`` is where it begins."""
    directory = b"".join(_central(member) for member in members)
    count, size = len(members), len(directory)
    wide = count >= _FULL16 or size >= _FULL32 or start >= _FULL32
    end64 = b""
    if wide:
        end64 = _END64.pack(
            b"PK\x06\x06", _END64.size - 12, _MADE_BY, _WITH_64, 0, 0, count, count, size, start
        ) + _LOCATOR.pack(b"PK\x06\x07", 0, start + size, 1)
    short_count = min(count, _FULL16)
    end = _END.pack(
        b"PK\x05\x06", 0, 0, short_count, short_count, min(size, _FULL32), min(start, _FULL32), 0
    )
    return directory + end64 + end


def _central(member: Member) -> bytes:
    name = member.path.encode()
    numbers = b""
    size = member.size_bytes
    if size >= _FULL32:
        numbers += struct.pack("<2Q", size, size)
    if member.offset >= _FULL32:
        numbers += struct.pack("<Q", member.offset)
    extra = struct.pack("<2H", 1, len(numbers)) + numbers if numbers else b""
    short = min(size, _FULL32)
    fixed = _CENTRAL.pack(
        _CENTRAL_MARK, _MADE_BY, _WITH_64 if extra else _PLAIN, _UTF8, _STORED, _MIDNIGHT,
        _NEW_YEAR_1980, member.crc, short, short, len(name), len(extra), 0, 0, 0, _MODE,
        min(member.offset, _FULL32),
    )  # fmt: skip
    return fixed + name + extra

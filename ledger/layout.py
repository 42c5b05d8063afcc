"""How the ledger lies in an archive (docs/formats/ledger.md). Pure: bytes in, bytes out.

Rules kept here: a stream's file holds exactly the bytes that were hashed, in their order; the names
of files come from the sealed list, so nothing but the seal says what should be there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from kernel.codec import canonical_json, decode, encode
from kernel.errors import Refusal

SEAL_FILE = "session-seal.bin"
STREAM_SUFFIX = ".records"
STREAM_MAGIC = b"GYSTREAM1\n"
KEYS_FORMAT = "gongyuan-ledger-keys-1"
HANDED_IN = "number"
"""The state on a roster of who has a mark: there is a paper, or it was taken away."""


@dataclass(frozen=True, slots=True)
class SealFile:
    """The seal as it lies in an archive; ``server_public`` is the Ed25519 key it names."""

    frame: bytes
    signature: bytes
    server_public: bytes

    def to_bytes(self) -> bytes:
        return encode("seal-file", 1, [self.frame, self.signature, self.server_public])

    @classmethod
    def from_bytes(cls, data: bytes) -> "SealFile":
        """Raises ValueError for anything but a seal file of version 1."""
        fields = decode("seal-file", 1, data)
        if len(fields) != 3 or not all(isinstance(field, bytes) for field in fields):
            raise ValueError("not a seal file")
        return cls(*fields)


@dataclass(frozen=True, slots=True)
class SealList:
    """What a seal says: the roster (sitting id → state), the streams (id → count, head)."""

    origin: str
    session_id: str
    sealed_at_ms: int
    roster: dict[str, str]
    streams: dict[str, tuple[int, bytes]]

    @classmethod
    def from_frame(cls, frame: bytes) -> "SealList":
        """Raises ValueError for anything but a session seal of version 1."""
        match decode("session-seal", 1, frame):
            case [str() as origin, str() as session_id, int() as at_ms, list() as roster, list() as
                  streams]:  # fmt: skip
                return cls(origin, session_id, at_ms, _roster(roster), _streams(streams))
            case _:
                raise ValueError("not a session seal")

    def without_paper(self) -> list[str]:
        """Sittings that have a mark on the roster and no stream."""
        return [
            sitting_id
            for sitting_id, state in sorted(self.roster.items())
            if state == HANDED_IN and f"sitting/{sitting_id}" not in self.streams
        ]


def _roster(entries: list[object]) -> dict[str, str]:
    found = {}
    for entry in entries:
        match entry:
            case [str() as sitting_id, str() as state]:
                found[sitting_id] = state
            case _:
                raise ValueError("not a roster")
    return found


def _streams(entries: list[object]) -> dict[str, tuple[int, bytes]]:
    found = {}
    for entry in entries:
        match entry:
            case [str() as stream_id, int() as count, bytes() as head]:
                found[stream_id] = (count, head)
            case _:
                raise ValueError("not a list of streams")
    return found


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exported data keys: scope → version (as text) → key in hex."""

    format: str
    origin: str
    session_id: str
    keys: dict[str, dict[str, str]]

    def opened(self) -> dict[tuple[str, int], bytes]:
        """Keys by scope and version. Raises ValueError for bad hex or numbers."""
        return {
            (scope, int(version)): bytes.fromhex(key)
            for scope, versions in self.keys.items()
            for version, key in versions.items()
        }


def key_file_bytes(origin: str, session_id: str, keys: dict[tuple[str, int], bytes]) -> bytes:
    """A key file; the caller keeps it secret."""
    nested: dict[str, dict[str, str]] = {}
    for (scope, version), key in keys.items():
        nested.setdefault(scope, {})[str(version)] = key.hex()
    file = KeyFile(KEYS_FORMAT, origin, session_id, nested)
    return canonical_json(msgspec.to_builtins(file))


def read_key_file(path: Path) -> KeyFile:
    """Raises ``verify.key_file`` for anything but an exported key file."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=KeyFile)
        file.opened()
    except (OSError, ValueError) as wrong:
        raise Refusal("verify.key_file", path=str(path), detail=str(wrong)[:200]) from wrong
    if file.format != KEYS_FORMAT:
        raise Refusal("verify.key_file", path=str(path), detail=file.format[:40])
    return file


def stream_path(stream_id: str) -> str:
    """Where a stream lies, from the ledger's folder."""
    return f"{stream_id}{STREAM_SUFFIX}"


def stream_bytes(records: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A stream's file from (header, ciphertext): each as length (u32) and record frame."""
    pieces = [STREAM_MAGIC]
    for header, ciphertext in records:
        frame = encode("record", 1, [header, ciphertext])
        pieces += [len(frame).to_bytes(4, "big"), frame]
    return b"".join(pieces)

"""Signed notes (C2SP signed-note) with Ed25519 signatures and cosignatures (C2SP tlog-cosignature).

Rules kept here: the text is everything up to the last empty line; signatures of unknown keys are
ignored; one bad signature of a known key refuses the note. A text of a note begins with a printable
character, a frame of the codec with ``GY`` and a control character, so no signature over one is a
signature over the other.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from kernel.crypto import digest
from kernel.crypto.signing import Signer, server_signature_holds
from ledger.tree.merkle import Hasher

SIGNATURES_LIMIT = 64
NOTE_LIMIT_BYTES = 64 * 1024
_ID_BYTES, _TIME_BYTES, _ED25519_BYTES = 4, 8, 64
_ED25519_PUBLIC_BYTES, _SM2_PUBLIC_BYTES = 32, 65
_SM2_NAME = b"gongyuan/sm2/v1\n"
_DASH = "\N{EM DASH} "


class Algorithm(IntEnum):
    """Signature types of the specification that are spoken here."""

    ED25519 = 0x01
    COSIGNATURE = 0x04
    SM2 = 0xFF
    """No number is assigned to SM2: 0xff and a longer name, as the specification asks."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A name and a public key (32 bytes, SM2: 65): who may sign, and how."""

    name: str
    algorithm: Algorithm
    public: bytes

    @classmethod
    def of_log(cls, origin: str, public: bytes) -> "NoteKey":
        """The key of a log, Ed25519 or SM2 by its length."""
        sm2 = len(public) == _SM2_PUBLIC_BYTES
        return cls(origin, Algorithm.SM2 if sm2 else Algorithm.ED25519, public)

    @property
    def id(self) -> bytes:
        """The 4 bytes that stand before every signature of this key."""
        return digest.sha256(self.name.encode() + b"\n" + self._material())[:_ID_BYTES]

    @property
    def hasher(self) -> Hasher:
        """What a log under this key hashes its tree with: SM3 under SM2, else SHA-256."""
        return digest.sm3 if self.algorithm is Algorithm.SM2 else digest.sha256

    def text(self) -> str:
        """The verifier key as it is published: ``name+id+base64``."""
        body = base64.b64encode(self._material()).decode()
        return f"{self.name}+{self.id.hex()}+{body}"

    @classmethod
    def parse(cls, text: str) -> "NoteKey":
        """Raises ValueError for anything but a verifier key of a known type."""
        name, _, rest = text.strip().partition("+")
        key_id, _, body = rest.partition("+")
        raw = _unbase64(body)
        if not is_key_name(name) or not raw:
            raise ValueError("not a verifier key")
        algorithm = Algorithm(raw[0])
        sm2 = algorithm is Algorithm.SM2
        key = cls(name, algorithm, raw[1:].removeprefix(_SM2_NAME) if sm2 else raw[1:])
        if len(key.public) != (_SM2_PUBLIC_BYTES if sm2 else _ED25519_PUBLIC_BYTES):
            raise ValueError("not a verifier key")
        if key.id.hex() != key_id:
            raise ValueError("a verifier key whose id does not fit")
        return key

    def _material(self) -> bytes:
        name = _SM2_NAME if self.algorithm is Algorithm.SM2 else b""
        return bytes([self.algorithm]) + name + self.public


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: whose it says it is, and the bytes behind the id."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def to_text(self) -> str:
        """The note as it is published."""
        return f"{self.text}\n" + "".join(one.line() for one in self.signatures)

    @classmethod
    def parse(cls, data: str) -> "Note":
        """Raises ValueError for anything but a signed note."""
        if len(data) > NOTE_LIMIT_BYTES or any(c < " " and c != "\n" for c in data):
            raise ValueError("not a note")
        text, gap, lines = data.rpartition("\n\n")
        if not gap or not lines.endswith("\n"):
            raise ValueError("a note without signatures")
        signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
        if len(signatures) > SIGNATURES_LIMIT:
            raise ValueError("too many signatures")
        return cls(text + "\n", signatures)

    def signed_by(self, key: NoteKey) -> bool:
        """Whether the key signed. Raises ValueError when it did and the signature does not hold."""
        mine = self._of(key)
        if any(not _holds(self.text, key, one.value) for one in mine):
            raise ValueError(f"a signature of {key.name} does not hold")
        return bool(mine)

    def signed_at_s(self, key: NoteKey) -> int | None:
        """The time in a cosignature, seconds since 1970; None without one."""
        times = [int.from_bytes(one.value[:_TIME_BYTES], "big") for one in self._of(key)]
        return max(times, default=None) if key.algorithm is Algorithm.COSIGNATURE else None

    def with_signatures(self, more: Sequence[Signature]) -> "Note":
        """The note with further lines, each once."""
        fresh = [one for one in more if one not in self.signatures]
        return Note(self.text, (*self.signatures, *fresh))

    def _of(self, key: NoteKey) -> list[Signature]:
        return [one for one in self.signatures if (one.name, one.key_id) == (key.name, key.id)]


def each_once(keys: Sequence[NoteKey]) -> tuple[NoteKey, ...]:
    """Keys by what they are: one that stands twice, under whatever name, is one witness."""
    return tuple({key.public: key for key in reversed(keys)}.values())[::-1]


def sign_note(text: str, name: str, signer: Signer) -> Note:
    """A note under the key of a log. Raises ValueError for a text or a name that cannot stand."""
    if not text.endswith("\n") or any(c < " " and c != "\n" for c in text) or not is_key_name(name):
        raise ValueError("neither text nor name of a note")
    key = NoteKey.of_log(name, signer.public)
    return Note(text, (Signature(name, key.id, signer.sign(text.encode())),))


def cosign(text: str, name: str, signer: Signer, at_s: int) -> Signature:
    """A witness's cosignature over a checkpoint's text, at ``at_s`` seconds since 1970."""
    key = NoteKey(name, Algorithm.COSIGNATURE, signer.public)
    signed = signer.sign(_cosigned(text, at_s))
    return Signature(name, key.id, at_s.to_bytes(_TIME_BYTES, "big") + signed)


def is_key_name(name: str) -> bool:
    """Whether a name may stand in a signature line: not empty, no space, no plus."""
    return bool(name) and "+" not in name and not any(c.isspace() for c in name)


def _holds(text: str, key: NoteKey, value: bytes) -> bool:
    if key.algorithm is not Algorithm.COSIGNATURE:
        return server_signature_holds(key.public, text.encode(), value)
    if len(value) != _TIME_BYTES + _ED25519_BYTES:
        return False
    at_s = int.from_bytes(value[:_TIME_BYTES], "big")
    return server_signature_holds(key.public, _cosigned(text, at_s), value[_TIME_BYTES:])


def _cosigned(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def _signature(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise ValueError("not a signature line")
    name, _, body = line.removeprefix(_DASH).partition(" ")
    raw = _unbase64(body)
    if not is_key_name(name) or len(raw) <= _ID_BYTES:
        raise ValueError("not a signature line")
    return Signature(name, raw[:_ID_BYTES], raw[_ID_BYTES:])


def _unbase64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as wrong:
        raise ValueError("not base64") from wrong
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not base64 in its one form")
    return raw

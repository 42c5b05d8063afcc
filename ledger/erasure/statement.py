"""The destruction record (销毁记录) as a file: facts in JSON under the server's signature. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from kernel.codec import canonical_json, encode
from kernel.crypto.signing import server_signature_holds
from kernel.errors import Refusal

FORMAT = "gongyuan-destruction-1"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    facts: dict[str, Any]
    signature: str
    signer_public: str


@dataclass(frozen=True, slots=True)
class Statement:
    """``facts`` are those of docs/formats/keys.md §4."""

    facts: Mapping[str, Any]
    signature: bytes
    signer_public: bytes

    @classmethod
    def signed(
        cls, facts: Mapping[str, Any], sign: Callable[[bytes], bytes], public: bytes
    ) -> "Statement":
        """A new one."""
        return cls(facts, sign(statement_frame(facts)), public)

    def to_bytes(self) -> bytes:
        """The file."""
        file = _File(FORMAT, dict(self.facts), self.signature.hex(), self.signer_public.hex())
        return canonical_json(msgspec.to_builtins(file))


def statement_frame(facts: Mapping[str, Any]) -> bytes:
    """The bytes under the signature."""
    return encode("destruction-record", 1, [canonical_json(facts)])


def read_statement(data: bytes) -> Statement:
    """A destruction record whose signature holds under the key it names.

    Raises ``erasure.statement``.
    """
    try:
        file = msgspec.json.decode(data, type=_File)
        signature, public = bytes.fromhex(file.signature), bytes.fromhex(file.signer_public)
        good = file.format == FORMAT and server_signature_holds(
            public, statement_frame(file.facts), signature
        )
    except (ValueError, TypeError) as wrong:
        raise Refusal("erasure.statement") from wrong
    if not good:
        raise Refusal("erasure.statement")
    return Statement(file.facts, signature, public)

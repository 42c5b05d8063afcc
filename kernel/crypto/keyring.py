"""The key ring: the top of the key hierarchy, outside the database.

Rules kept here: the file is created once with mode 0600 and never rewritten in place; data keys are
wrapped under a purpose; the custody grade is said plainly (``file``: root on this machine can
read it).
"""

import json
import os
from pathlib import Path
from typing import Protocol

from kernel.crypto import chance, digest, envelope
from kernel.crypto.signing import ServerKey


class KeyRing(Protocol):
    """Wraps data keys and signs. Durable before it returns; a wrapped key names its ring
    version.
    """

    @property
    def custody(self) -> str: ...
    @property
    def version(self) -> int: ...
    def wrap(self, key: bytes, purpose: bytes) -> bytes: ...
    def unwrap(self, wrapped: bytes, purpose: bytes) -> bytes:
        """Raises ValueError when it does not open."""
        ...

    def signer(self, purpose: str) -> ServerKey: ...
    def lookup_key(self, purpose: str) -> bytes:
        """A 32-byte key for keyed hashes (kernel.crypto.digest.keyed)."""
        ...


class FileKeyRing:
    """A JSON file with 32-byte master keys by version; sub-keys by HKDF from the newest version."""

    custody = "file"

    def __init__(self, path: Path) -> None:
        if not path.exists():
            _create(path)
        data = json.loads(path.read_text())
        self._masters = {int(v): bytes.fromhex(k) for v, k in data["masters"].items()}
        self.version = max(self._masters)

    def wrap(self, key: bytes, purpose: bytes) -> bytes:
        sealed = envelope.seal(self._sub(self.version, b"wrap"), key, purpose)
        return self.version.to_bytes(2, "big") + sealed

    def unwrap(self, wrapped: bytes, purpose: bytes) -> bytes:
        version = int.from_bytes(wrapped[:2], "big")
        if version not in self._masters:
            raise ValueError(f"key ring has no version {version}")
        return envelope.unseal(self._sub(version, b"wrap"), wrapped[2:], purpose)

    def signer(self, purpose: str) -> ServerKey:
        return ServerKey(self._sub(1, b"sign/" + purpose.encode()))

    def lookup_key(self, purpose: str) -> bytes:
        return self._sub(1, b"lookup/" + purpose.encode())

    def _sub(self, version: int, info: bytes) -> bytes:
        return digest.hkdf(self._masters[version], salt=b"gongyuan/keyring/v1", info=info, size=32)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(
            {"format": "gongyuan-keyring-1", "masters": {"1": chance.token_bytes(32).hex()}}, file
        )
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

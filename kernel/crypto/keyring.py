"""The key ring: the top of the key hierarchy, outside the database.

Rules kept here: the file is its owner's alone and never rewritten in place; of two who make it at
once, both go on with the one that was made; a master key is only ever added, so whatever was
wrapped once can be unwrapped; data keys are wrapped under a purpose; the custody grade is said
plainly (``file``: root on this machine can read it).
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from kernel.crypto import chance, envelope
from kernel.crypto.signing import ServerKey, Signer
from kernel.crypto.sm2 import Sm2Key, library
from kernel.crypto.suite import SUITES, InternationalSuite, NationalSuite
from kernel.errors import Kind, Refusal
from kernel.files import create_file, folder_held, replace_file


class KeyRing(Protocol):
    """Wraps data keys and signs. Durable before it returns; a wrapped key begins with its ring
    version (2 bytes, big-endian).
    """

    @property
    def custody(self) -> str: ...
    @property
    def suite(self) -> str:
        """The suite of its origin, for life."""
        ...

    @property
    def version(self) -> int: ...
    def wrap(self, key: bytes, purpose: bytes) -> bytes: ...
    def unwrap(self, wrapped: bytes, purpose: bytes) -> bytes:
        """Raises ValueError when it does not open."""
        ...

    def signer(self, purpose: str) -> Signer: ...
    def lookup_key(self, purpose: str) -> bytes:
        """A 32-byte key for keyed hashes (kernel.crypto.digest.keyed)."""
        ...


class FileKeyRing:
    """A JSON file with 32-byte master keys by version. Wrapping keys come by HKDF from the newest
    version; signing and lookup keys from the first, so that they stay what they are.
    """

    custody = "file"

    def __init__(self, path: Path, suite: str = "") -> None:
        """``suite`` is for a ring that is made now, and must fit one that is there; empty takes
        what is there. Raises ``keyring.suite``, ``crypto.gm_missing``.
        """
        self._path = path
        if not path.exists():
            wanted = suite or InternationalSuite.name
            if wanted == NationalSuite.name:
                library()  # nothing is made that could not sign
            with suppress(FileExistsError):
                create_file(path, _written(wanted, {1: chance.token_bytes(32)}))
        self.suite, self._masters = _load(path)
        if suite and suite != self.suite:
            raise Refusal("keyring.suite", Kind.CONFLICT, kept=self.suite, wanted=suite)

    @property
    def version(self) -> int:
        return max(self._masters)

    def rotate(self) -> int:
        """A new master key; the new version. Other processes find it when they first meet it, and
        wrap under it from their next start on.
        """
        with folder_held(self._path.parent):
            _, masters = _load(self._path)
            masters[max(masters) + 1] = chance.token_bytes(32)
            replace_file(self._path, _written(self.suite, masters))
            self._masters = masters
        return self.version

    def wrap(self, key: bytes, purpose: bytes) -> bytes:
        above = self._sub(self.version, b"wrap")
        sealed = envelope.seal_for(self.suite, above, key, purpose)
        return self.version.to_bytes(2, "big") + sealed

    def unwrap(self, wrapped: bytes, purpose: bytes) -> bytes:
        version = int.from_bytes(wrapped[:2], "big")
        if version not in self._masters:
            _, self._masters = _load(self._path)  # rotated by another process meanwhile
        if version not in self._masters:
            raise ValueError(f"key ring has no version {version}")
        return envelope.unseal(self._sub(version, b"wrap"), wrapped[2:], purpose)

    def signer(self, purpose: str) -> Signer:
        seed = self._sub(1, b"sign/" + purpose.encode())
        return Sm2Key(seed) if self.suite == NationalSuite.name else ServerKey(seed)

    def lookup_key(self, purpose: str) -> bytes:
        return self._sub(1, b"lookup/" + purpose.encode())

    def _sub(self, version: int, info: bytes) -> bytes:
        derive = SUITES[self.suite].derive
        return derive(self._masters[version], salt=b"gongyuan/keyring/v1", info=info, size=32)


def _load(path: Path) -> tuple[str, dict[int, bytes]]:
    data = json.loads(path.read_text())
    masters = {int(version): bytes.fromhex(key) for version, key in data["masters"].items()}
    return data.get("suite", InternationalSuite.name), masters


def _written(suite: str, masters: dict[int, bytes]) -> bytes:
    held = {str(version): key.hex() for version, key in masters.items()}
    return json.dumps({"format": "gongyuan-keyring-1", "suite": suite, "masters": held}).encode()

"""Hashes and key derivation: SHA-256, HMAC-SHA-256, HKDF (RFC 5869), and SM3 (GB/T 32905-2016)."""

import hashlib
import hmac
from collections.abc import Iterable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def sha256(data: bytes) -> bytes:
    """32 bytes."""
    return hashlib.sha256(data).digest()


def sm3(data: bytes) -> bytes:
    """32 bytes."""
    state = hashes.Hash(hashes.SM3())
    state.update(data)
    return state.finalize()


def sha256_stream(pieces: Iterable[bytes]) -> bytes:
    """32 bytes over pieces read one after another (large files)."""
    state = hashlib.sha256()
    for piece in pieces:
        state.update(piece)
    return state.digest()


def keyed(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA-256, 32 bytes: lookups by value that say nothing without the key."""
    return hmac.new(key, data, hashlib.sha256).digest()


def same(left: bytes, right: bytes) -> bool:
    """Comparison in constant time."""
    return hmac.compare_digest(left, right)


_SHA256 = hashes.SHA256()


def hkdf(key: bytes, *, salt: bytes, info: bytes, size: int) -> bytes:
    """HKDF-SHA-256: ``size`` bytes bound to salt and info."""
    return HKDF(algorithm=_SHA256, length=size, salt=salt, info=info).derive(key)


def hkdf_sm3(key: bytes, *, salt: bytes, info: bytes, size: int) -> bytes:
    """HKDF over HMAC-SM3."""
    return HKDF(algorithm=hashes.SM3(), length=size, salt=salt, info=info).derive(key)

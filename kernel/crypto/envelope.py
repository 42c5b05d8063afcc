"""Sealing bytes under a key that is at hand: blobs, wrapped keys, stored secrets.

Envelope = 0x01 ‖ 12-byte random nonce ‖ AES-256-GCM ciphertext with tag. ``purpose`` is the
associated data, so an envelope made for one thing cannot be opened as another.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.crypto import chance

_VERSION = b"\x01"


def seal(key: bytes, plaintext: bytes, purpose: bytes) -> bytes:
    """The envelope. ``key`` is 32 bytes."""
    nonce = chance.token_bytes(12)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, plaintext, purpose)


def unseal(key: bytes, envelope: bytes, purpose: bytes) -> bytes:
    """The plaintext. Raises ValueError when key, purpose or bytes do not fit."""
    if envelope[:1] != _VERSION or len(envelope) < 29:
        raise ValueError("not an envelope")
    try:
        return AESGCM(key).decrypt(envelope[1:13], envelope[13:], purpose)
    except InvalidTag as wrong:
        raise ValueError("envelope does not open") from wrong

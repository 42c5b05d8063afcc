"""Sealing bytes under a key that is at hand: blobs, wrapped keys, stored secrets.

Envelope = version ‖ 12-byte random nonce ‖ ciphertext with tag (16). Version 0x01 is AES-256-GCM,
0x02 SM4-GCM under a 16-byte key derived from the 32-byte one (HKDF-SM3). ``purpose`` is the
associated data, so an envelope made for one thing cannot be opened as another.
"""

from kernel.crypto import chance, digest
from kernel.crypto.suite import InternationalSuite, NationalSuite

_AES, _SM4 = b"\x01", b"\x02"
_NONCE_BYTES = 12
_SMALLEST = 1 + _NONCE_BYTES + 16
_INTERNATIONAL, _NATIONAL = InternationalSuite(), NationalSuite()


def seal(key: bytes, plaintext: bytes, purpose: bytes) -> bytes:
    """The envelope, version 0x01. ``key`` is 32 bytes."""
    nonce = chance.token_bytes(_NONCE_BYTES)
    return _AES + nonce + _INTERNATIONAL.seal(key, nonce, plaintext, purpose)


def seal_for(suite_name: str, key: bytes, plaintext: bytes, purpose: bytes) -> bytes:
    """The envelope in the version of a suite: 0x02 for 国密, else 0x01."""
    if suite_name != NationalSuite.name:
        return seal(key, plaintext, purpose)
    nonce = chance.token_bytes(_NONCE_BYTES)
    return _SM4 + nonce + _NATIONAL.seal(_sm4_key(key), nonce, plaintext, purpose)


def unseal(key: bytes, envelope: bytes, purpose: bytes) -> bytes:
    """The plaintext of either version. Raises ValueError when key, purpose or bytes do not fit."""
    version, nonce = envelope[:1], envelope[1 : 1 + _NONCE_BYTES]
    if version not in {_AES, _SM4} or len(envelope) < _SMALLEST:
        raise ValueError("not an envelope")
    ciphertext = envelope[1 + _NONCE_BYTES :]
    try:
        if version == _SM4:
            return _NATIONAL.open(_sm4_key(key), nonce, ciphertext, purpose)
        return _INTERNATIONAL.open(key, nonce, ciphertext, purpose)
    except ValueError as wrong:
        raise ValueError("envelope does not open") from wrong


def _sm4_key(key: bytes) -> bytes:
    return digest.hkdf_sm3(key, salt=b"", info=b"gongyuan/envelope/v2", size=NationalSuite.key_size)

"""Cipher suites: what a ledger origin hashes and encrypts with.

Rules kept here: a suite is named in every header that uses it; an origin keeps one suite for life.
``InternationalSuite`` is the default; ``NationalSuite`` (国密) is for an origin of its own.
"""

from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.crypto import digest

TAG_BYTES = 16


class Suite(Protocol):
    """Hash (32 bytes), key derivation and AEAD of one origin."""

    @property
    def name(self) -> str: ...
    @property
    def key_size(self) -> int: ...
    def hash(self, data: bytes) -> bytes: ...
    def derive(self, key: bytes, *, salt: bytes, info: bytes, size: int) -> bytes: ...
    def seal(self, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes: ...
    def open(self, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """Raises ValueError when the tag does not fit."""
        ...


class InternationalSuite:
    """AES-256-GCM (12-byte nonce, 16-byte tag), SHA-256, HKDF-SHA-256."""

    name = "A256GCM-SHA256"
    key_size = 32

    def hash(self, data: bytes) -> bytes:
        return digest.sha256(data)

    def derive(self, key: bytes, *, salt: bytes, info: bytes, size: int) -> bytes:
        return digest.hkdf(key, salt=salt, info=info, size=size)

    def seal(self, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        return AESGCM(key).encrypt(nonce, plaintext, aad)

    def open(self, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, aad)
        except InvalidTag as wrong:
            raise ValueError("ciphertext, key or associated data do not fit") from wrong


class NationalSuite:
    """SM4-GCM (GB/T 32907-2016, RFC 8998; 16-byte key, 12-byte nonce, 16-byte tag), SM3 (GB/T
    32905-2016), HKDF over HMAC-SM3.
    """

    name = "SM4GCM-SM3"
    key_size = 16

    def hash(self, data: bytes) -> bytes:
        return digest.sm3(data)

    def derive(self, key: bytes, *, salt: bytes, info: bytes, size: int) -> bytes:
        return digest.hkdf_sm3(key, salt=salt, info=info, size=size)

    def seal(self, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        working = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
        working.authenticate_additional_data(aad)
        return working.update(plaintext) + working.finalize() + working.tag

    def open(self, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        body, tag = ciphertext[:-TAG_BYTES], ciphertext[-TAG_BYTES:]
        try:
            working = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
            working.authenticate_additional_data(aad)
            return working.update(body) + working.finalize()
        except (InvalidTag, ValueError) as wrong:
            raise ValueError("ciphertext, key or associated data do not fit") from wrong


SUITES: dict[str, Suite] = {
    InternationalSuite.name: InternationalSuite(),
    NationalSuite.name: NationalSuite(),
}


def suite_named(name: str) -> Suite:
    """The suite of a header. Raises ValueError for an unknown name."""
    if name not in SUITES:
        raise ValueError(f"unknown suite {name}")
    return SUITES[name]

"""Signatures: Ed25519 for servers, SM2 for servers of a 国密 origin, ECDSA P-256 for browsers
(WebCrypto of Chromium 109 has neither Ed25519 nor SM2).
"""

from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from kernel.crypto.sm2 import PUBLIC_BYTES, sm2_signature_holds


class Signer(Protocol):
    """Something that signs bytes and shows its public key (raw bytes)."""

    def sign(self, message: bytes) -> bytes: ...
    @property
    def public(self) -> bytes: ...


class ServerKey:
    """An Ed25519 key from its 32-byte seed; signature 64 bytes, public key 32 bytes."""

    def __init__(self, seed: bytes) -> None:
        self._key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    @property
    def public(self) -> bytes:
        return self._key.public_key().public_bytes_raw()


def server_signature_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """True when the signature is good: Ed25519 under a key of 32 bytes, SM2 under one of 65;
    malformed input is simply not good. Raises ``crypto.gm_missing`` for SM2 without its library.
    """
    if len(public) == PUBLIC_BYTES:
        return sm2_signature_holds(public, message, signature)
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class DeviceKey:
    """A P-256 key as a browser makes it; for simulated candidates and tests."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def sign(self, message: bytes) -> bytes:
        """r ‖ s, 64 bytes, over SHA-256 of the message, as WebCrypto returns it."""
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    @property
    def public(self) -> bytes:
        """65 bytes: 0x04 ‖ x ‖ y, as ``exportKey('raw')`` gives it."""
        numbers = self._key.public_key().public_numbers()
        return b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


class DevicePublicKey:
    """A device's public key, read once for many signatures. Raises ValueError for no point."""

    def __init__(self, public: bytes) -> None:
        self.public = public
        self._key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)

    def holds(self, message: bytes, signature: bytes) -> bool:
        """True when the P-256 signature (r ‖ s) over the message is good."""
        if len(signature) != 64:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            self._key.verify(encode_dss_signature(r, s), message, _ECDSA_SHA256)
        except (InvalidSignature, ValueError):
            return False
        return True


_ECDSA_SHA256 = ec.ECDSA(SHA256())


def device_signature_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """True when the P-256 signature (r ‖ s) over the message is good under the key."""
    try:
        key = DevicePublicKey(public)
    except ValueError:
        return False
    return key.holds(message, signature)


def is_device_public_key(public: bytes) -> bool:
    """True for an uncompressed point on P-256."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    except ValueError:
        return False
    return len(public) == 65

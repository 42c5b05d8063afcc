"""Key holders: shares of a paper's keys, sealed to persons and joined in memory only.

Rules kept here: a secret is split with Shamir (k of n); each share is sealed with HPKE (X25519,
HKDF-SHA-256, AES-256-GCM) to one holder's public key; the holder's private key is stored only under
a passphrase (argon2id). ``info`` names the package and the purpose, so shares cannot be exchanged.
"""

from dataclasses import dataclass

from argon2.low_level import Type, hash_secret_raw
from Crypto.Protocol.SecretSharing import Shamir
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from kernel.crypto import chance, envelope

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_PURPOSE = b"gongyuan/holder-private-key/v1"


@dataclass(frozen=True, slots=True)
class HolderKey:
    """A holder's public key (32 bytes) and the private key under the passphrase (salt ‖
    envelope).
    """

    public: bytes
    locked: bytes


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return hash_secret_raw(
        passphrase.encode(),
        salt,
        time_cost=3,
        memory_cost=65_536,
        parallelism=1,
        hash_len=32,
        type=Type.ID,
    )


def make_holder(passphrase: str) -> HolderKey:
    """A new key pair whose private half opens only with this passphrase (argon2id 64 MiB, 3
    passes).
    """
    private = X25519PrivateKey.generate()
    salt = chance.token_bytes(16)
    locked = envelope.seal(_stretch(passphrase, salt), private.private_bytes_raw(), _PURPOSE)
    return HolderKey(private.public_key().public_bytes_raw(), salt + locked)


def passing_pair() -> tuple[bytes, bytes]:
    """An X25519 key pair (private, public; 32 bytes each) that is to live in memory only."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def unlock(locked: bytes, passphrase: str) -> bytes:
    """The holder's private key. Raises ValueError for a wrong passphrase."""
    return envelope.unseal(_stretch(passphrase, locked[:16]), locked[16:], _PURPOSE)


def seal_to(public: bytes, share: bytes, info: bytes) -> bytes:
    """HPKE-seal to the public key of a holder, or of a server."""
    return _SUITE.encrypt(share, X25519PublicKey.from_public_bytes(public), info)


def open_sealed(private: bytes, sealed: bytes, info: bytes) -> bytes:
    """The share. Raises ValueError when key or info do not fit."""
    try:
        return _SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(private), info)
    except Exception as wrong:
        raise ValueError("share does not open") from wrong


def split(secret: bytes, needed: int, total: int) -> list[bytes]:
    """``total`` shares (33 bytes: index ‖ 32) of a 32-byte secret; any ``needed`` of them rejoin
    it.
    """
    if len(secret) != 32 or not 2 <= needed <= total <= 255:
        raise ValueError("32-byte secret, 2 <= needed <= total")
    left = Shamir.split(needed, total, secret[:16], ssss=False)
    right = Shamir.split(needed, total, secret[16:], ssss=False)
    return [bytes([i]) + a + b for (i, a), (_, b) in zip(left, right, strict=True)]


def join(shares: list[bytes]) -> bytes:
    """The secret from at least ``needed`` different shares; too few give a wrong secret, not an
    error.
    """
    left = Shamir.combine([(s[0], s[1:17]) for s in shares], ssss=False)
    right = Shamir.combine([(s[0], s[17:33]) for s in shares], ssss=False)
    return bytes(left) + bytes(right)

"""The standards' published vectors of SM2, SM3 and SM4, through our door.

For HKDF-SM3 no standard publishes vectors: it is compared with RFC 5869's formula over HMAC-SM3 of
another library.
"""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from kernel.crypto import digest
from kernel.crypto.signing import server_signature_holds
from kernel.crypto.sm2 import Sm2Key, public_point, sm2_signature_holds
from kernel.crypto.suite import NationalSuite

VECTORS = json.loads((Path(__file__).parent / "national.json").read_text())
SUITE = NationalSuite()
gmssl_pyx = pytest.importorskip("gmssl_pyx", reason="the optional extra `gm` is not installed")
MILLION = 1_000_000


def held(part: str, name: str) -> bytes:
    return bytes.fromhex(VECTORS[part][f"{name}_hex"])


@pytest.mark.parametrize("case", VECTORS["sm3"]["cases"])
def test_sm3_of_the_standard(case: dict[str, str]) -> None:
    assert digest.sm3(bytes.fromhex(case["message_hex"])).hex() == case["hash_hex"]


def rounds(count: int) -> bytes:
    block = held("sm4", "block")
    working = Cipher(algorithms.SM4(held("sm4", "key")), modes.ECB()).encryptor()  # noqa: S305
    for _ in range(count):
        block = working.update(block)
    return block


def test_sm4_of_the_standard_once() -> None:
    assert rounds(1) == held("sm4", "once")


def test_sm4_of_the_standard_a_million_times() -> None:
    assert rounds(MILLION) == held("sm4", "million")


def test_sm4_gcm_of_rfc_8998() -> None:
    key, nonce, aad = (held("sm4_gcm", name) for name in ("key", "nonce", "aad"))
    sealed = SUITE.seal(key, nonce, held("sm4_gcm", "plaintext"), aad)
    assert sealed == held("sm4_gcm", "ciphertext") + held("sm4_gcm", "tag")
    assert SUITE.open(key, nonce, sealed, aad) == held("sm4_gcm", "plaintext")
    for wrong in (sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), b"", sealed[:8]):
        with pytest.raises(ValueError, match="fit"):
            SUITE.open(key, nonce, wrong, aad)
    with pytest.raises(ValueError, match="fit"):
        SUITE.open(key, nonce, sealed, aad + b"x")


def test_sm2_of_the_standard_verifies_and_nothing_near_it() -> None:
    public, message = held("sm2", "public"), held("sm2", "message")
    signature = held("sm2", "signature")
    assert sm2_signature_holds(public, message, signature)
    assert server_signature_holds(public, message, signature)
    for at in range(64):
        changed = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
        assert not sm2_signature_holds(public, message, changed)
    assert not sm2_signature_holds(public, message + b"x", signature)
    assert not sm2_signature_holds(public, message, signature[:63])
    assert not sm2_signature_holds(public[:-1] + b"\0", message, signature)
    assert not sm2_signature_holds(public, message, bytes(64))
    private = int.from_bytes(held("sm2", "private"), "big")
    assert b"\x04" + public_point(private) == public


def test_an_sm2_key_of_a_seed_is_the_same_key_again_and_signs() -> None:
    one, again, other = Sm2Key(b"s" * 32), Sm2Key(b"s" * 32), Sm2Key(b"t" * 32)
    assert one.public == again.public != other.public
    signature = one.sign(b"message")
    assert (len(one.public), len(signature)) == (65, 64)
    assert server_signature_holds(again.public, b"message", signature)
    assert not server_signature_holds(other.public, b"message", signature)


@pytest.mark.parametrize(("salt", "info", "size"), [(b"", b"", 16), (b"s" * 32, b"info", 60)])
def test_hkdf_sm3_is_the_formula_over_another_librarys_hmac(
    salt: bytes, info: bytes, size: int
) -> None:
    key = b"\x0b" * 22
    extracted = gmssl_pyx.sm3_hmac(salt or bytes(32), key)
    okm, block = b"", b""
    for number in range(1, 4):
        block = gmssl_pyx.sm3_hmac(extracted, block + info + bytes([number]))
        okm += block
    assert digest.hkdf_sm3(key, salt=salt, info=info, size=size) == okm[:size]

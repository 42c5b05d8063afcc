"""SM2 signatures (GB/T 32918.2-2016) of a 国密 origin's server; the optional extra ``gm``.

Rules kept here: the signer's identity is the standard's default, 1234567812345678; messages are
hashed with SM3; a signature is r ‖ s (64 bytes), a public key the uncompressed point (65 bytes).
The library is imported when the first key is made or signature checked, and its absence is a
refusal that says what to install.
"""

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from kernel.errors import Kind, Refusal

PUBLIC_BYTES, SIGNATURE_BYTES = 65, 64
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
_Point = tuple[int, int] | None


class Sm2Key:
    """A server's key from its 32-byte seed."""

    def __init__(self, seed: bytes) -> None:
        number = int.from_bytes(seed, "big") % (_N - 2) + 1
        self._private = number.to_bytes(32, "big")
        self._point = public_point(number)
        self._gm = library()

    @property
    def public(self) -> bytes:
        return b"\x04" + self._point

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._gm.sm2_sign(self._private, self._point, message))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sm2_signature_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """True when the signature is good; malformed input is simply not good.

    Raises ``crypto.gm_missing``.
    """
    gm = library()
    if len(public) != PUBLIC_BYTES or public[:1] != b"\x04" or len(signature) != SIGNATURE_BYTES:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        point = gm.normalize_sm2_public_key(public)
        return bool(gm.sm2_verify(point, message, encode_dss_signature(r, s)))
    except gm.GmsslInnerError:
        return False


@cache
def library() -> Any:
    """``gmssl_pyx``. Raises ``crypto.gm_missing``."""
    try:
        import gmssl_pyx  # noqa: PLC0415 - an optional extra
    except ImportError as missing:
        raise Refusal("crypto.gm_missing", Kind.UNAVAILABLE) from missing
    return gmssl_pyx


def public_point(private: int) -> bytes:
    """x ‖ y of private · G. The library makes no public key of a given private one; this runs once
    for a key, so its time is no measure of the key.
    """
    found: _Point = None
    addend: _Point = _G
    while private:
        if private & 1:
            found = _added(found, addend)
        addend = _added(addend, addend)
        private >>= 1
    if found is None:
        raise ValueError("no private key")
    return found[0].to_bytes(32, "big") + found[1].to_bytes(32, "big")


def _added(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % _P == 0:
        return None
    if one == other:
        slope = (3 * x1 * x1 + _A) * pow(2 * y1, -1, _P) % _P
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, _P) % _P
    x3 = (slope * slope - x1 - x2) % _P
    return x3, (slope * (x1 - x3) - y1) % _P

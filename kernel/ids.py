"""Identifiers and short codes.

Rules kept here: ids are minted here and nowhere else; an id sorts by the time it was minted and
says what it names (``cand_01J…``); codes that people type use Crockford base32 with a check
character.
"""

import secrets

from kernel.clock import wall_ms

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _base32(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, rest = divmod(number, 32)
        digits.append(CROCKFORD[rest])
    return "".join(reversed(digits))


def mint(noun: str) -> str:
    """A new id: ``noun_`` and 26 Crockford characters (48-bit time in ms, 80 random bits)."""
    return f"{noun}_{_base32(wall_ms(), 10)}{_base32(secrets.randbits(80), 16)}"


def short_code(digest: bytes) -> str:
    """12 characters from a hash: 11 carry its first 55 bits, the last a weighted sum mod 31.

    The code is a locator, never a proof. Raises ValueError for fewer than 7 bytes.
    """
    if len(digest) < 7:
        raise ValueError("a short code needs at least 7 bytes")
    number = int.from_bytes(digest[:7], "big") >> 1
    body = _base32(number, 11)
    return body + CROCKFORD[_check(body)]


def is_short_code(text: str) -> bool:
    """True when the text, read as people type it (case, O for 0, I and L for 1, dashes), checks."""
    plain = normalise_code(text)
    return (
        len(plain) == 12
        and all(c in CROCKFORD for c in plain)
        and CROCKFORD[_check(plain[:11])] == plain[11]
    )


def normalise_code(text: str) -> str:
    """Upper case without dashes and spaces, with the letters people confuse put right."""
    plain = text.upper().replace("-", "").replace(" ", "")
    return plain.replace("O", "0").replace("I", "1").replace("L", "1")


def _check(body: str) -> int:
    total = 0
    for position, char in enumerate(body):
        total = (total + (2 * position + 3) * CROCKFORD.index(char)) % 31
    return total

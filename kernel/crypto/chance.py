"""Randomness. The only source outside kernel.ids; rules get seeds as arguments instead."""

import secrets


def token_bytes(size: int) -> bytes:
    """Random bytes for keys, salts and seeds."""
    return secrets.token_bytes(size)


def token_text(size_bytes: int = 32) -> str:
    """A random URL-safe token (bearer tokens, set-up codes)."""
    return secrets.token_urlsafe(size_bytes)


def digits(count: int) -> str:
    """Random decimal digits (one-time codes on slips)."""
    return "".join(str(secrets.randbelow(10)) for _ in range(count))


def between(low: int, high: int) -> int:
    """A uniform integer in [low, high], both included."""
    return low + secrets.randbelow(high - low + 1)

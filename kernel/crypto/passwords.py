"""Passwords and PINs of staff: argon2id, parameters of OWASP's 2023 minimum (19 MiB, t=2, p=1)."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hash_password(password: str) -> str:
    """A PHC string. About 50 ms of one core: call it off the event loop."""
    return _HASHER.hash(password)


def password_fits(stored: str, password: str) -> bool:
    """True when the password made the stored string."""
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False

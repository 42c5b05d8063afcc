"""Attempts at a secret, and what a secret must be: pure decisions.

Rules kept here: so many failures within the window lock for the window (the trade's 等保三级
practice: lock after 5 failures); an attempt is counted before it is checked, so that parallel
attempts gain nothing; the words of a refusal never tell whether the account exists.
"""

from dataclasses import dataclass

from kernel.errors import Kind, Refusal

FAILURES_MAX = 5
LOCK_S = 900
PASSWORD_MIN = 8
PIN_MIN = 6
ACCOUNT_MAX = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures in a row lock for so long, which is also how long they are remembered."""

    failures: int = FAILURES_MAX
    lock_s: int = LOCK_S


STANDARD = Limit()
"""Where the settings name no other: passphrases, the portal's tickets."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failures counted so far at one secret."""

    failures: int = 0
    last_at_ms: int = 0
    locked_until_ms: int = 0


def counted(before: Attempts, now_ms: int, limit: Limit = STANDARD) -> Attempts:
    """The count with one more attempt. Raises ``accounts.locked`` while the lock holds."""
    if before.locked_until_ms > now_ms:
        wait_s = -(-(before.locked_until_ms - now_ms) // 1_000)
        raise Refusal(
            "accounts.locked", Kind.TOO_MANY, until_ms=before.locked_until_ms, wait_s=wait_s
        )
    fresh = before.locked_until_ms > 0 or now_ms - before.last_at_ms > limit.lock_s * 1_000
    failures = 1 if fresh else before.failures + 1
    locked = now_ms + limit.lock_s * 1_000 if failures >= limit.failures else 0
    return Attempts(failures, now_ms, locked)


def account_name(text: str) -> str:
    """The name as it is stored and compared: trimmed, case folded."""
    return text.strip().casefold()[:ACCOUNT_MAX]


def check_account(account: str) -> str:
    """A new account's name. Raises ``accounts.bad_name``."""
    name = account_name(account)
    if len(name) < 2 or len(account.strip()) > ACCOUNT_MAX or any(c.isspace() for c in name):
        raise Refusal("accounts.bad_name", limit=ACCOUNT_MAX)
    return name


def check_password(password: str) -> None:
    """Raises ``accounts.password_weak``: 8 characters with letters and something else."""
    mixed = any(c.isalpha() for c in password) and any(not c.isalpha() for c in password)
    if len(password) < PASSWORD_MIN or not mixed:
        raise Refusal("accounts.password_weak", needed=PASSWORD_MIN)


def check_pin(pin: str) -> None:
    """Raises ``accounts.pin_weak``: at least 6 digits, not all the same."""
    plain = pin.isascii() and pin.isdigit()
    if not plain or len(pin) < PIN_MIN or len(set(pin)) == 1:
        raise Refusal("accounts.pin_weak", needed=PIN_MIN)

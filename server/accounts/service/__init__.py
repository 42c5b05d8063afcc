"""Accounts of staff: sign-in, creation, and the second person at the desk."""

from server.accounts.service.attempts import Counted, begin_attempt, clear_attempts
from server.accounts.service.people import Account, account_of, accounts_named, accounts_with
from server.accounts.service.signing_in import AccountsService, SecondPerson, SignedIn

__all__ = [
    "Account",
    "AccountsService",
    "Counted",
    "SecondPerson",
    "SignedIn",
    "account_of",
    "accounts_named",
    "accounts_with",
    "begin_attempt",
    "clear_attempts",
]

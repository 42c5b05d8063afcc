"""Crypto-erasure: a session's keys are destroyed, its chain stays verifiable.

Rules kept here: holds and approvals first, the order in the log and covered before any key goes,
then every copy we make, then a destruction record; what was destroyed is never taken back.
"""

from ledger.erasure.destroying import Destroying, KeyOwner
from ledger.erasure.orders import Erasure, Hold, Orders, State, lifters_among
from ledger.erasure.statement import Statement, read_statement
from ledger.erasure.withdrawing import withdraw

__all__ = [
    "Destroying",
    "Erasure",
    "Hold",
    "KeyOwner",
    "Orders",
    "State",
    "Statement",
    "lifters_among",
    "read_statement",
    "withdraw",
]

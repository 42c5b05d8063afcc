"""``gongyuan verify PATH``: prove an archive, or a data directory, with nothing but its path."""

from ledger.chain import Damage, Finding
from ledger.report import Report
from ledger.verify.checking import verify

__all__ = ["Damage", "Finding", "Report", "verify"]

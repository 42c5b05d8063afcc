"""Every table of every context, by the context's name; for making and checking revisions only.

Rules kept here: every module that declares tables is imported below, once; the test beside the
revisions fails when one is forgotten.
"""

from typing import Any

from sqlalchemy import MetaData

import ledger.tables
import practice.tables
import proctor.tables
from kernel.access import KernelTable
from kernel.db import Table

DECLARING: tuple[Any, ...] = (ledger.tables, proctor.tables, practice.tables)
"""One line per module that declares tables (the kernel's come with ``KernelTable``)."""

BASES: dict[str, type[Table]] = {
    "kernel": KernelTable,
    "ledger": ledger.tables.LedgerTable,
    "proctor": proctor.tables.ProctorTable,
    "practice": practice.tables.PracticeTable,
}


def metadata_of(context: str) -> MetaData:
    """The tables that the context's code declares."""
    return BASES[context].metadata

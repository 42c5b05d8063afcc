"""Every table of every context, by the context's name; for making and checking revisions only.

Rules kept here: every module that declares tables is imported below, once; the test beside the
revisions fails when one is forgotten.
"""

from typing import Any

from sqlalchemy import MetaData

import item_bank.tables
import kernel.access
import ledger.tables
import ledger.tree.tables
import practice.tables
import proctor.tables
import server.accounts.tables
import server.archive.tables
import server.bodies.tables
import server.checkin.tables
import server.invigilation.tables
import server.marking.tables
import server.papers.tables
import server.registration.tables
import server.results.tables
import server.seating.tables
import server.sessions.tables
import server.sittings.tables
import server.supervision.tables
from kernel.db import Table

DECLARING: tuple[Any, ...] = (
    item_bank.tables,
    kernel.access,
    ledger.tables,
    ledger.tree.tables,
    practice.tables,
    proctor.tables,
    server.accounts.tables,
    server.archive.tables,
    server.bodies.tables,
    server.checkin.tables,
    server.invigilation.tables,
    server.marking.tables,
    server.papers.tables,
    server.registration.tables,
    server.results.tables,
    server.seating.tables,
    server.sessions.tables,
    server.sittings.tables,
    server.supervision.tables,
)
"""One line per module that declares tables."""

BASES: dict[str, type[Table]] = {
    "kernel": kernel.access.KernelTable,
    "ledger": ledger.tables.LedgerTable,
    "item_bank": item_bank.tables.BankTable,
    "proctor": proctor.tables.ProctorTable,
    "server": server.accounts.tables.ServerTable,
    "practice": practice.tables.PracticeTable,
}


def metadata_of(context: str) -> MetaData:
    """The tables that the context's code declares."""
    return BASES[context].metadata

"""A batch on its way into the log: what it asks, and what was found out about it beforehand.

Rules kept here: what is found out before the transaction are facts that never change once they are
committed (whose key a device epoch has, what stands in the log under a client number); everything
that can change is asked in the transaction itself.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.db import WriteSession
from kernel.errors import Refusal
from ledger.client import ClientBatch, ClientEvent


@dataclass(frozen=True, slots=True)
class Terms:
    """A guard lets a batch in; ``late`` marks every record of it."""

    late: bool = False


@dataclass(slots=True)
class Asked:
    """A batch with its guard; ``claim`` is the guard's own and the ledger does not look at it.

    ``content`` is the hash of the events that is signed, ``proved`` the origin and the key under
    which the signature was found good; ``held`` are events of the same device that were found in
    the log.
    """

    batch: ClientBatch
    content: bytes
    guard: "Guard"
    claim: Any = None
    proved: tuple[str, bytes] | None = None
    held: dict[int, ClientEvent] = field(default_factory=dict)


Guard = Callable[[WriteSession, Sequence[Asked]], Awaitable[Sequence[Terms | Refusal]]]
"""Asks, in the ledger's transaction and once for all batches of a group that name it, whether they
may come in: it reads and locks rows in the order of the batches, which is by stream name, and
writes nothing. One answer per batch.
"""

"""What a batch came to inside the transaction."""

from dataclasses import dataclass

from kernel.errors import Refusal
from ledger.append import Appended


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the stream stands and what is acknowledged; or a conflict, recorded, to refuse."""

    origin: str
    appended: Appended
    acked_through: int
    refused: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """Nothing was written: the batch repeats events that have to be looked up in the log first."""


Result = Outcome | Refusal | Deferred

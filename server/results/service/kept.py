"""Receipts as they are kept with their sitting: asked for by code in public, and read.

Rules kept here: the code is a locator and never a proof; asking is paced per address and over all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import select

from kernel.clock import Clock
from kernel.db import ReadSession
from kernel.errors import Refusal
from kernel.ids import is_short_code, normalise_code
from kernel.pacing import Pace
from ledger.receipts import Stated, read_receipt_frame
from server.sittings.tables import SittingRow

PER_ADDRESS_AND_MINUTE = 20
PER_MINUTE = 600


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """What was signed at submission, the signature, and the code it is found by."""

    code: str
    frame: bytes
    signature: bytes
    stated: Stated

    @classmethod
    def of(cls, receipt: Mapping[str, Any]) -> Self:
        """From the sitting's row."""
        frame, signature = (bytes.fromhex(receipt[key]) for key in ("frame_hex", "signature_hex"))
        return cls(receipt["receipt_code"], frame, signature, read_receipt_frame(frame))


class Asking:
    """Where receipts are asked for in public."""

    def __init__(self, clock: Clock) -> None:
        self._pace = Pace(clock, "receipt.too_many", PER_ADDRESS_AND_MINUTE, PER_MINUTE)

    def take(self, code: str, *, address: str) -> str:
        """The code as it is kept. Raises ``receipt.too_many``, ``receipt.code_bad`` for a mistyped
        one.
        """
        self._pace.take(address)
        if not is_short_code(code):
            raise Refusal("receipt.code_bad")
        return normalise_code(code)


async def sitting_with(session: ReadSession, code: str) -> SittingRow | None:
    """The sitting that was handed in under the code."""
    found = await session.execute(
        select(SittingRow).where(SittingRow.receipt["receipt_code"].as_string() == code)
    )
    return found.scalars().first()

"""Public receipts: a code in, what it proves and what not out, and nobody's name.

Rules kept here: the code is a locator and never a proof; the answer says whether the signed head of
the receipt still stands in the log; asking is paced per address and over all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kernel.clock import Clock, as_datetime
from kernel.codec import decode
from kernel.crypto.suite import suite_named
from kernel.db import Database, ReadSession
from kernel.errors import Refusal
from kernel.ids import is_short_code, normalise_code
from kernel.words import Sentence, sentence
from ledger.book import Ledger
from ledger.record import ZERO_HASH, Header, record_hash
from ledger.stored import stored_head, stored_records
from server.checkin.service import sitting_stream
from server.results.service.pacing import Pace
from server.sittings.tables import SittingRow

PER_ADDRESS_AND_MINUTE = 20
PER_MINUTE = 600


@dataclass(frozen=True, slots=True)
class ReceiptWords:
    """What the public page shows. ``count`` is the number of records in the log."""

    found: bool
    holds: bool
    origin: str | None
    submitted_at_ms: int | None
    count: int | None
    head_hex: str | None
    words: Sentence


@dataclass(frozen=True, slots=True)
class _Said:
    """What was signed at submission, and the signature."""

    frame: bytes
    signature: bytes
    stream_id: str
    count: int
    head: bytes
    at_ms: int


class Receipts:
    """Looks receipts up."""

    def __init__(self, database: Database, clock: Clock, ledger: Ledger) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._pace = Pace(clock, "receipt.too_many", PER_ADDRESS_AND_MINUTE, PER_MINUTE)

    async def look_up(self, code: str, *, address: str) -> ReceiptWords:
        """Raises ``receipt.too_many``, ``receipt.code_bad`` for a mistyped code."""
        self._pace.take(address)
        if not is_short_code(code):
            raise Refusal("receipt.code_bad")
        plain = normalise_code(code)
        async with self._db.read() as session:
            found = await session.execute(
                select(SittingRow).where(SittingRow.receipt["receipt_code"].as_string() == plain)
            )
            row = found.scalars().first()
            if row is None or row.receipt is None:
                words = sentence("receipt.says_unknown", {})
                return ReceiptWords(False, False, None, None, None, None, words)
            said = _said(row.receipt)
            holds = await self._holds(session, sitting_stream(row.id), said)
        params = {
            "time": as_datetime(said.at_ms).strftime("%Y-%m-%d %H:%M:%S UTC"),
            "answered": row.receipt["answered"],
            "count": said.count,
        }
        verdict = "receipt.says_holds" if holds else "receipt.says_broken"
        return ReceiptWords(
            found=True,
            holds=holds,
            origin=self._ledger.origin,
            submitted_at_ms=said.at_ms,
            count=said.count,
            head_hex=said.head.hex(),
            words=sentence(verdict, params),
        )

    async def _holds(self, session: ReadSession, stream_id: str, said: _Said) -> bool:
        """Signature, and the chain from the first record to the head that was signed."""
        if said.stream_id != stream_id or not self._ledger.holds(said.frame, said.signature):
            return False
        stream = await stored_head(session, stream_id)
        if stream is None:
            return False
        head, seen = ZERO_HASH, 0
        for one in await stored_records(session, stream, last=said.count):
            header = Header.from_bytes(one.header)
            seen += 1
            if (header.stream_id, header.seq, header.previous) != (stream_id, seen, head):
                return False
            head = record_hash(suite_named(header.suite), one.header, one.ciphertext)
        return (seen, head) == (said.count, said.head)


def _said(receipt: Mapping[str, Any]) -> _Said:
    frame, signature = (bytes.fromhex(receipt[key]) for key in ("frame_hex", "signature_hex"))
    _, stream_id, count, head, at_ms = decode("receipt", 1, frame)
    return _Said(frame, signature, stream_id, count, head, at_ms)

"""Public receipts: a code in, what it proves and what not out, and nobody's name.

Rules kept here: the answer says whether the signed head of the receipt still stands in the log.
"""

from dataclasses import dataclass

from kernel.clock import Clock, as_text
from kernel.db import Database, ReadSession
from kernel.words import Sentence, sentence
from ledger.book import Ledger
from ledger.chain import Stored
from ledger.comparing import begins_as
from ledger.stored import stored_head, stored_records
from server.checkin.service import sitting_stream
from server.results.service.kept import Asking, KeptReceipt, sitting_with


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


class Receipts:
    """Looks receipts up."""

    def __init__(self, database: Database, clock: Clock, ledger: Ledger) -> None:
        self._db = database
        self._ledger = ledger
        self._asking = Asking(clock)

    async def look_up(self, code: str, *, address: str) -> ReceiptWords:
        """Raises ``receipt.too_many``, ``receipt.code_bad`` for a mistyped code."""
        plain = self._asking.take(code, address=address)
        async with self._db.read() as session:
            row = await sitting_with(session, plain)
            if row is None or row.receipt is None:
                words = sentence("receipt.says_unknown", {})
                return ReceiptWords(False, False, None, None, None, None, words)
            kept = KeptReceipt.of(row.receipt)
            holds = await self._holds(session, sitting_stream(row.id), kept)
        said = kept.stated
        params = {
            "time": as_text(said.at_ms),
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

    async def _holds(self, session: ReadSession, stream_id: str, receipt: KeptReceipt) -> bool:
        """Signature, and the chain from the first record to the head that was signed."""
        stated = receipt.stated
        signed = self._ledger.holds(receipt.frame, receipt.signature)
        if stated.stream_id != stream_id or not signed:
            return False
        stream = await stored_head(session, stream_id)
        if stream is None:
            return False
        kept = await stored_records(session, stream, last=stated.count)
        records = [Stored.of(one.header, one.ciphertext) for one in kept]
        return begins_as(stated, stream.origin, records)

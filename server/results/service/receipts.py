"""Public receipts: a code in, what it proves and what not out, and nobody's name.

Rules kept here: the code is a locator and never a proof; the answer says whether the signed head of
the receipt still stands in the log; asking is paced per address and over all.
"""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select

from kernel.clock import Clock, as_datetime
from kernel.crypto.signing import server_signature_holds
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal
from kernel.ids import is_short_code, normalise_code
from kernel.words import LANGUAGES, say
from ledger.book import Ledger
from server.checkin.service import sitting_stream
from server.sittings.tables import SittingRow

PER_ADDRESS_AND_MINUTE = 20
PER_MINUTE = 600


@dataclass(frozen=True, slots=True)
class ReceiptWords:
    """What the public page shows. ``count`` is the number of items answered."""

    found: bool
    holds: bool
    origin: str | None
    submitted_at_ms: int | None
    count: int | None
    head_hex: str | None
    words: dict[str, str]


class Receipts:
    """Looks receipts up."""

    def __init__(self, database: Database, clock: Clock, ledger: Ledger) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._minute = 0
        self._asked: Counter[str] = Counter()

    async def look_up(self, code: str, *, address: str) -> ReceiptWords:
        """Raises ``receipt.too_many``, ``receipt.code_bad`` for a mistyped code."""
        self._pace(address)
        if not is_short_code(code):
            raise Refusal("receipt.code_bad")
        plain = normalise_code(code)
        async with self._db.read() as session:
            found = await session.execute(
                select(SittingRow).where(SittingRow.receipt["receipt_code"].as_string() == plain)
            )
            row = found.scalars().first()
            if row is None or row.receipt is None:
                words = {
                    language: say("receipt.says_unknown", {}, language) for language in LANGUAGES
                }
                return ReceiptWords(False, False, None, None, None, None, words)
            holds = await self._holds(session, row)
        receipt = row.receipt
        at_ms: int = receipt["submitted_at_ms"]
        params = {
            "time": as_datetime(at_ms).strftime("%Y-%m-%d %H:%M:%S UTC"),
            "count": receipt["answered"],
        }
        sentence = "receipt.says_holds" if holds else "receipt.says_broken"
        return ReceiptWords(
            found=True,
            holds=holds,
            origin=self._ledger.origin,
            submitted_at_ms=at_ms,
            count=receipt["answered"],
            head_hex=receipt["head_hex"],
            words={language: say(sentence, params, language) for language in LANGUAGES},
        )

    async def _holds(self, session: ReadSession, row: SittingRow) -> bool:
        receipt = row.receipt or {}
        frame, signature = (bytes.fromhex(receipt[key]) for key in ("frame_hex", "signature_hex"))
        if not server_signature_holds(self._ledger.server_public, frame, signature):
            return False
        head = bytes.fromhex(receipt["head_hex"])
        return head in frame and await self._ledger.holds(session, sitting_stream(row.id), head)

    def _pace(self, address: str) -> None:
        minute = self._clock.now_ms() // 60_000
        if minute != self._minute:
            self._minute = minute
            self._asked.clear()
        self._asked[address] += 1
        over_all = self._asked.total() > PER_MINUTE
        if over_all or self._asked[address] > PER_ADDRESS_AND_MINUTE:
            raise Refusal("receipt.too_many", Kind.TOO_MANY)

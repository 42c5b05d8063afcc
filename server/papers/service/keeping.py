"""Keys that enough holders opened: kept wrapped, and what they open kept in memory.

Rules kept here: what is kept is wrapped by the key ring for this session and package alone, and
only after it opened what was signed; the shares go in the same transaction; of two servers that
open at once one writes.
"""

from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.crypto import holders
from kernel.crypto.keyring import KeyRing
from kernel.db import Database
from kernel.errors import Kind, Refusal
from ledger.book import Ledger
from paper.package import Content, Scoring, unpack
from server.papers.rules import Part, check_scoring
from server.papers.service.given import Ask, GivenShares
from server.papers.service.opening import open_content, open_scoring, wrap_purpose
from server.papers.service.receiving import package_row
from server.papers.tables import PackageRow
from server.sessions.rules import SessionState
from server.sessions.service import locked_session, move_session, need_reached, note


class Kept:
    """The opened keys of all sessions."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        blobs: BlobStore,
        keyring: KeyRing,
        given: GivenShares,
    ) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._blobs = blobs
        self._keyring = keyring
        self._given = given
        self._content: dict[str, Content] = {}
        self._scoring: dict[str, Scoring] = {}

    async def content(self, session_id: str) -> Content:
        """The opened paper, in memory; after a restart from the wrapped key.

        Raises ``papers.not_released``.
        """
        if session_id not in self._content:
            row, key = await self._kept_key(session_id, Part.CONTENT)
            package = unpack(await self._blobs.get(row.blob))
            self._content[session_id] = open_content(package, key)
        return self._content[session_id]

    async def scoring(self, session_id: str) -> Scoring:
        """The opened keys. Raises ``papers.scoring_closed`` until the holders opened them."""
        if session_id not in self._scoring:
            row, key = await self._kept_key(session_id, Part.SCORING)
            package = unpack(await self._blobs.get(row.blob))
            self._scoring[session_id] = open_scoring(package, key)
        return self._scoring[session_id]

    async def open(self, row: PackageRow, ask: Ask, shares: dict[str, bytes]) -> None:
        """Joins and keeps. Shares whose key does not open what was signed are forgotten."""
        key = holders.join(list(shares.values()))
        package = unpack(await self._blobs.get(row.blob))
        try:
            if ask.part is Part.CONTENT:
                content = open_content(package, key)
                await self._keep(row, ask, key, sorted(shares))
                self._content[ask.session_id] = content
            else:
                scoring = open_scoring(package, key)
                check_scoring(await self.content(ask.session_id), scoring)
                await self._keep(row, ask, key, sorted(shares))
                self._scoring[ask.session_id] = scoring
        except Refusal:
            async with self._db.write() as tx:
                await locked_session(tx, ask.session_id)
                await self._given.drop(tx, ask)
            raise

    async def _keep(self, row: PackageRow, ask: Ask, key: bytes, holder_ids: list[str]) -> None:
        """Wrapped, recorded, and the shares gone, in one transaction; nothing when another server
        was first.
        """
        wrapped = self._keyring.wrap(key, wrap_purpose(ask.session_id, row.package_id, ask.part))
        act = {"package_id": row.package_id, "holders": holder_ids, "sha256": row.sha256}
        async with self._db.write() as tx:
            plan = await locked_session(tx, ask.session_id)
            kept = await package_row(tx, ask.session_id)
            if wrapped_of(kept, ask.part) is not None:
                return
            await self._given.drop(tx, ask)
            if ask.part is Part.CONTENT:
                kept.content_key_wrapped = wrapped
                kept.content_released_at_ms = self._clock.now_ms()
                await move_session(tx, ask.session_id, SessionState.RELEASED)
                await note(tx, self._ledger, ask.session_id, "key_released", act)
            else:
                need_reached(plan, SessionState.CLOSED)
                kept.scoring_key_wrapped = wrapped
                kept.scoring_opened_at_ms = self._clock.now_ms()
                await note(tx, self._ledger, ask.session_id, "scoring_opened", act)

    async def _kept_key(self, session_id: str, part: Part) -> tuple[PackageRow, bytes]:
        async with self._db.read() as session:
            row = await package_row(session, session_id)
        wrapped = wrapped_of(row, part)
        if wrapped is None:
            code = "papers.not_released" if part is Part.CONTENT else "papers.scoring_closed"
            raise Refusal(code, Kind.CONFLICT)
        purpose = wrap_purpose(session_id, row.package_id, part)
        return row, self._keyring.unwrap(wrapped, purpose)


def wrapped_of(row: PackageRow, part: Part) -> bytes | None:
    """The key as it is kept, when it was opened."""
    return row.content_key_wrapped if part is Part.CONTENT else row.scoring_key_wrapped

"""Release: the content key by two holders, the scoring key after the session closed.

Rules kept here: shares are opened and joined in memory only and forgotten after half an hour; a
joined key must open its ciphertext and show the signed forms before anything is kept; what is kept
is wrapped by the key ring for this session and package alone.
"""

from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from kernel.access import Principal, Role
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.crypto import holders
from kernel.crypto.keyring import KeyRing
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger
from paper.package import Content, Manifest, Scoring, share_info, unpack
from server.papers.ports import PackageSource
from server.papers.rules import Part, check_release_time, check_scoring
from server.papers.service.holders import Holders
from server.papers.service.opening import open_content, open_scoring, wrap_purpose
from server.papers.service.receiving import Receiving, package_row
from server.papers.tables import PackageRow
from server.sessions.rules import Duty, SessionState
from server.sessions.service import (
    locked_session,
    move_session,
    need_duty,
    need_reached,
    note,
    policy_of,
    session_row,
)

SHARE_KEPT_S = 1_800


@dataclass(frozen=True, slots=True)
class Release:
    """How far a release has come."""

    part: Part
    given: tuple[str, ...]
    needed: int
    open: bool


@dataclass(slots=True)
class _Given:
    """Shares in memory: holder id → (name, share), since when."""

    since_ms: int
    shares: dict[str, tuple[str, bytes]]


class PapersService:
    """Sealed papers of this installation. ``own_signers`` are public keys (hex) of its own bank."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        blobs: BlobStore,
        keyring: KeyRing,
        source: PackageSource,
        own_signers: Collection[str] = (),
    ) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._blobs = blobs
        self._keyring = keyring
        self._given: dict[tuple[str, Part], _Given] = {}
        self._content: dict[str, Content] = {}
        self._scoring: dict[str, Scoring] = {}
        self.holders = Holders(database, clock)
        self.receiving = Receiving(database, clock, ledger, blobs, source, own_signers)

    async def release(self, principal: Principal, session_id: str, passphrase: str) -> Release:
        """One holder gives a share of the content key; the last one needed opens the paper.

        Raises ``papers.too_early``, ``papers.signer_unknown``, ``papers.passphrase_wrong``,
        ``papers.already_given``, ``papers.already_open``, ``papers.not_a_holder`` and others.
        """
        return await self._give(principal, session_id, passphrase, Part.CONTENT)

    async def open_scoring(self, principal: Principal, session_id: str, passphrase: str) -> Release:
        """The same for the scoring key, only when the session is closed."""
        return await self._give(principal, session_id, passphrase, Part.SCORING)

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

    async def _give(
        self, principal: Principal, session_id: str, passphrase: str, part: Part
    ) -> Release:
        principal.need(Role.KEY_HOLDER)
        async with self._db.read() as session:
            row = await package_row(session, session_id)
            await need_duty(session, principal, session_id, duties=(Duty.KEY_HOLDER,))
            await self._check_open(session, row, part)
        holder = await self.holders.row_of(principal)
        manifest = msgspec.json.decode(row.manifest, type=Manifest)
        shares = manifest.content_shares if part is Part.CONTENT else manifest.scoring_shares
        sealed = {share.holder_id: share.sealed for share in shares}.get(holder.id)
        if sealed is None:
            raise Refusal("papers.not_a_holder", Kind.FORBIDDEN)
        info = share_info(manifest.package_id, part.value, holder.id)
        share = await self.holders.open_share(holder, passphrase, sealed, info)
        given = self._collected(row.sha256, part)
        if holder.id in given.shares:
            raise Refusal("papers.already_given", Kind.CONFLICT, name=holder.name)
        given.shares[holder.id] = (holder.name, share)
        names = tuple(name for name, _ in given.shares.values())
        if len(given.shares) < manifest.shares_needed:
            return Release(part, names, manifest.shares_needed, open=False)
        try:
            await self._open(session_id, row, part, given)
        finally:
            self._given.pop((row.sha256, part), None)
        return Release(part, names, manifest.shares_needed, open=True)

    def _collected(self, package_sha256: str, part: Part) -> _Given:
        now_ms = self._clock.now_ms()
        given = self._given.get((package_sha256, part))
        if given is None or now_ms - given.since_ms > SHARE_KEPT_S * 1_000:
            given = self._given[package_sha256, part] = _Given(now_ms, {})
        return given

    async def _check_open(self, session: ReadSession, row: PackageRow, part: Part) -> None:
        plan = await session_row(session, row.session_id)
        if part is Part.SCORING:
            need_reached(plan, SessionState.CLOSED)
            opened = row.scoring_key_wrapped
        else:
            need_reached(plan, SessionState.ARRANGED)
            opened = row.content_key_wrapped
            policy = policy_of(plan)
            check_release_time(self._clock.now_ms(), plan.starts_at_ms, policy.release_opens_s)
        if opened is not None:
            raise Refusal("papers.already_open", Kind.CONFLICT)
        if not await self.receiving.is_trusted(session, row.signer_public):
            raise Refusal("papers.signer_unknown", Kind.FORBIDDEN, signer=row.signer_public[:16])

    async def _open(self, session_id: str, row: PackageRow, part: Part, given: _Given) -> None:
        key = holders.join([share for _, share in given.shares.values()])
        package = unpack(await self._blobs.get(row.blob))
        purpose = wrap_purpose(session_id, row.package_id, part)
        act = {
            "package_id": row.package_id,
            "holders": sorted(given.shares),
            "sha256": row.sha256,
        }
        if part is Part.CONTENT:
            content = open_content(package, key)
            async with self._db.write() as tx:
                kept = await package_row(tx, session_id)
                kept.content_key_wrapped = self._keyring.wrap(key, purpose)
                kept.content_released_at_ms = self._clock.now_ms()
                await move_session(tx, session_id, SessionState.RELEASED)
                await note(tx, self._ledger, session_id, "key_released", act)
            self._content[session_id] = content
            return
        scoring = open_scoring(package, key)
        check_scoring(await self.content(session_id), scoring)
        async with self._db.write() as tx:
            need_reached(await locked_session(tx, session_id), SessionState.CLOSED)
            kept = await package_row(tx, session_id)
            kept.scoring_key_wrapped = self._keyring.wrap(key, purpose)
            kept.scoring_opened_at_ms = self._clock.now_ms()
            await note(tx, self._ledger, session_id, "scoring_opened", act)
        self._scoring[session_id] = scoring

    async def _kept_key(self, session_id: str, part: Part) -> tuple[PackageRow, bytes]:
        async with self._db.read() as session:
            row = await package_row(session, session_id)
        content = part is Part.CONTENT
        wrapped = row.content_key_wrapped if content else row.scoring_key_wrapped
        if wrapped is None:
            code = "papers.not_released" if content else "papers.scoring_closed"
            raise Refusal(code, Kind.CONFLICT)
        purpose = wrap_purpose(session_id, row.package_id, part)
        return row, self._keyring.unwrap(wrapped, purpose)

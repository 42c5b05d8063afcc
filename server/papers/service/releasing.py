"""Release: the content key by two holders, the scoring key after the session closed.

Rules kept here: shares are opened and joined in memory only and forgotten after half an hour, by
every server of the database alike (docs/adr/0034); who may give and when is asked again under the
session's row lock.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace

import msgspec

from kernel.access import Principal, Role
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.crypto.keyring import KeyRing
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger
from paper.package import Content, Manifest, Scoring, share_info
from server.papers.ports import PackageSource
from server.papers.rules import Part, check_release_time
from server.papers.service.given import Ask, Gathered, GivenShares, names_of
from server.papers.service.holders import Holders
from server.papers.service.keeping import Kept, wrapped_of
from server.papers.service.receiving import Receiving, package_row
from server.papers.service.sharekeys import ShareKeys
from server.papers.tables import PackageRow
from server.sessions.rules import Duty, SessionState
from server.sessions.service import (
    locked_session,
    need_duty,
    need_reached,
    need_seen,
    policy_of,
    session_row,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Release:
    """How far a release has come, in holders' names: whose share some running server has, and
    whose went with a server and must be given again.
    """

    part: Part
    given: tuple[str, ...]
    lost: tuple[str, ...]
    needed: int
    open: bool


class PapersService:
    """Sealed papers of this installation. ``own_signers`` are public keys (hex) of its own bank;
    ``alone``: no other server can be on this database.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        blobs: BlobStore,
        keyring: KeyRing,
        source: PackageSource,
        own_signers: Collection[str] = (),
        *,
        alone: bool = False,
    ) -> None:
        self._db = database
        self._clock = clock
        self._given = GivenShares(ShareKeys(keyring, alone=alone))
        self._kept = Kept(database, clock, ledger, blobs, keyring, self._given)
        self.holders = Holders(database, clock)
        self.receiving = Receiving(database, clock, ledger, blobs, source, own_signers)

    async def release(self, principal: Principal, session_id: str, passphrase: str) -> Release:
        """One holder gives a share of the content key; the last one needed opens the paper. The
        same holder again is still one.

        Raises ``papers.too_early``, ``papers.signer_unknown``, ``papers.passphrase_wrong``,
        ``papers.already_open``, ``papers.not_a_holder`` and others.
        """
        return await self._give(principal, session_id, passphrase, Part.CONTENT)

    async def open_scoring(self, principal: Principal, session_id: str, passphrase: str) -> Release:
        """The same for the scoring key, only when the session is closed."""
        return await self._give(principal, session_id, passphrase, Part.SCORING)

    async def releases(self, principal: Principal, session_id: str) -> list[Release]:
        """How far both keys have come, for whoever may see the session."""
        async with self._db.read() as session:
            await need_seen(session, principal, session_id)
            row = await package_row(session, session_id)
            needed = msgspec.json.decode(row.manifest, type=Manifest).shares_needed
            done = []
            for part in Part:
                ask = Ask(session_id, row.sha256, part)
                got = await self._given.gathered(session, ask, self._clock.now_ms())
                is_open = wrapped_of(row, part) is not None
                done.append(await _release(session, part, needed, got, is_open=is_open))
        return done

    async def round(self) -> None:
        """A server's word to the others: its key, and the shares that it can pass on. What cannot
        be opened is logged and must be given again.
        """
        now_ms = self._clock.now_ms()
        self._given.keys.expire(now_ms)
        async with self._db.read() as session:
            asked, wanted = await self._given.waiting(session)
        self._given.keys.forget(wanted)
        if not self._given.keys.alone:
            async with self._db.write() as tx:
                await self._given.keys.publish(tx, now_ms)
                await self._given.keys.tidy(tx, now_ms)
        for session_id, part in asked:
            try:
                await self._go_on(session_id, part)
            except Refusal as refused:
                _log.warning("given shares of %s (%s): %s", session_id, part, refused.code)

    async def leave(self) -> None:
        """The server ends: what only it could read is lost, and is said to be."""
        async with self._db.write() as tx:
            await self._given.keys.leave(tx)

    async def content(self, session_id: str) -> Content:
        """The opened paper. Raises ``papers.not_released``."""
        return await self._kept.content(session_id)

    async def scoring(self, session_id: str) -> Scoring:
        """The opened keys. Raises ``papers.scoring_closed`` until the holders opened them."""
        return await self._kept.scoring(session_id)

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
        ask = Ask(session_id, row.sha256, part)
        async with self._db.write() as tx:
            await locked_session(tx, session_id)
            await self._check_open(tx, await package_row(tx, session_id), part)
            now_ms = self._clock.now_ms()
            await self._given.put(tx, ask, holder.id, share, now_ms)
            got = await self._given.gathered(tx, ask, now_ms)
            so_far = await _release(tx, part, manifest.shares_needed, got)
        if len(got.shares) < manifest.shares_needed:
            return so_far
        await self._kept.open(row, ask, got.shares)
        return replace(so_far, open=True)

    async def _go_on(self, session_id: str, part: Part) -> None:
        """What other servers' holders gave: pass ours on, open when enough are here."""
        async with self._db.write() as tx:
            await locked_session(tx, session_id)
            row = await package_row(tx, session_id)
            ask = Ask(session_id, row.sha256, part)
            if wrapped_of(row, part) is not None:
                await self._given.drop(tx, ask)
                return
            got = await self._given.hand_over(tx, ask, self._clock.now_ms())
        if len(got.shares) >= msgspec.json.decode(row.manifest, type=Manifest).shares_needed:
            await self._kept.open(row, ask, got.shares)

    async def _check_open(self, session: ReadSession, row: PackageRow, part: Part) -> None:
        plan = await session_row(session, row.session_id)
        if part is Part.SCORING:
            need_reached(plan, SessionState.CLOSED)
        else:
            need_reached(plan, SessionState.ARRANGED)
            policy = policy_of(plan)
            check_release_time(self._clock.now_ms(), plan.starts_at_ms, policy.release_opens_s)
        if wrapped_of(row, part) is not None:
            raise Refusal("papers.already_open", Kind.CONFLICT)
        if not await self.receiving.is_trusted(session, row.signer_public):
            raise Refusal("papers.signer_unknown", Kind.FORBIDDEN, signer=row.signer_public[:16])


async def _release(
    session: ReadSession, part: Part, needed: int, got: Gathered, *, is_open: bool = False
) -> Release:
    given, lost = await names_of(session, got.held), await names_of(session, got.lost)
    return Release(part, given, lost, needed, is_open)

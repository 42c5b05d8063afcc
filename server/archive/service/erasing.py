"""Holds on a session and the destruction of its keys, as the officer, the supervisors and the named
approvers do it.

Rules kept here: whoever orders does not agree; who is to agree has an account and a role to do it
with; any officer withdraws an order that is not yet carried out; the order stands in the log, under
a checkpoint where there is a tree, before a key goes; the archive's own key and the keys of
pictures go with those of the log.
"""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select, update

from kernel.access import Principal, Role
from kernel.clock import Clock
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Refusal
from kernel.rounds import rounds
from kernel.settings import ErasureSettings
from ledger.book import Ledger
from ledger.erasure import Destroying, Erasure, Hold, Orders, Statement, withdraw
from server.accounts.service import accounts_named
from server.archive.ports import PictureKeys
from server.archive.service.recorded import PrintedDestruction, printed_destruction
from server.archive.service.standing import (
    APPROVERS,
    HOLDERS,
    Names,
    Standing,
    Told,
    names_in_hold,
    naming,
    standing_of,
    told,
)
from server.archive.tables import ArchiveRow
from server.registration.service import candidates_of
from server.sessions.service import session_row

_log = logging.getLogger(__name__)


class _ArchiveKeys:
    """The keys of a session's archives."""

    name = "archive"
    tables: Sequence[str] = (ArchiveRow.__tablename__,)

    async def wrapped_keys(self, session: ReadSession, session_id: str) -> Sequence[bytes]:
        mine = ArchiveRow.session_id == session_id
        return list(
            await session.scalars(
                select(ArchiveRow.key_wrapped).where(mine, ArchiveRow.key_wrapped != b"")
            )
        )

    async def destroy(self, tx: WriteSession, session_id: str) -> None:
        await tx.execute(
            update(ArchiveRow).where(ArchiveRow.session_id == session_id).values(key_wrapped=b"")
        )


class _Pictures:
    """The keys of a session's pictures and recordings, by candidate and sitting."""

    name = "pictures"

    def __init__(self, keys: PictureKeys) -> None:
        self._keys = keys
        self.tables = keys.shredded_tables

    async def wrapped_keys(self, session: ReadSession, session_id: str) -> Sequence[bytes]:
        return await self._keys.keys_of(session, session_id, await _owners(session, session_id))

    async def destroy(self, tx: WriteSession, session_id: str) -> None:
        await self._keys.destroy_keys(tx, session_id, await _owners(tx, session_id))


async def _owners(session: ReadSession, session_id: str) -> set[str]:
    people = await candidates_of(session, session_id)
    return {one.id for one in people} | {one.sitting_id for one in people}


class Erasing:
    """``database_file`` is SQLite's own file, looked into afterwards; None elsewhere. ``font_path``
    as in ``kernel.printing``.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        pictures: PictureKeys,
        settings: ErasureSettings,
        database_file: Path | None,
        font_path: Path | None = None,
    ) -> None:
        self.font_path = font_path
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._orders = Orders(ledger, clock, needed=settings.needed, approvers=settings.approvers)
        self._destroying = Destroying(
            database,
            ledger,
            clock,
            self._orders,
            owners=[_ArchiveKeys(), _Pictures(pictures)],
            covered=self._covered,
            database_file=database_file,
        )

    async def hold(self, principal: Principal, session_id: str, reason: str) -> Hold:
        """Raises ``sessions.unknown``, ``erasure.reason``, ``erasure.erased``."""
        principal.need(*HOLDERS)
        async with naming(self._db), self._db.write() as tx:
            await session_row(tx, session_id)
            return await self._orders.hold(tx, session_id, reason=reason, by=principal.subject)

    async def lift(self, principal: Principal, hold_id: str, reason: str) -> Hold:
        """Raises what ``Orders.lift`` raises."""
        principal.need(*HOLDERS)
        async with naming(self._db), self._db.write() as tx:
            return await self._orders.lift(tx, hold_id, reason=reason, by=principal.subject)

    async def standing(self, principal: Principal, session_id: str) -> Standing:
        """Holds, order, and who can decide. Raises ``sessions.unknown``."""
        principal.need(*APPROVERS)
        async with self._db.read() as session:
            await session_row(session, session_id)
            return await standing_of(session, self._ledger, self._orders, session_id)

    async def told(self, erasure: Erasure) -> Told:
        """With names and leaves, for whoever was just given the order."""
        async with self._db.read() as session:
            return await told(session, self._ledger, erasure)

    async def names_in_hold(self, hold: Hold) -> Names:
        """For whoever was just given the hold."""
        async with self._db.read() as session:
            return await names_in_hold(session, hold)

    async def order(
        self, principal: Principal, session_id: str, reason: str, approvers: Sequence[str]
    ) -> Erasure:
        """Raises ``sessions.unknown``, ``erasure.approver_unfit``, what ``Orders.order`` raises."""
        principal.need(Role.OFFICER)
        async with naming(self._db), self._db.write() as tx:
            await session_row(tx, session_id)
            await _need_fit(tx, approvers)
            return await self._orders.order(
                tx, session_id, reason=reason, by=principal.subject, approvers=approvers
            )

    async def agree(self, principal: Principal, erasure_id: str) -> Erasure:
        """Raises what ``Orders.agree`` raises."""
        principal.need(*APPROVERS)
        async with naming(self._db), self._db.write() as tx:
            return await self._orders.agree(tx, erasure_id, by=principal.subject)

    async def withdraw(self, principal: Principal, erasure_id: str, reason: str) -> Erasure:
        """Raises what ``withdraw`` raises."""
        principal.need(Role.OFFICER)
        async with naming(self._db), self._db.write() as tx:
            return await withdraw(
                tx, self._ledger, self._clock, erasure_id, reason=reason, by=principal.subject
            )

    async def sequence(self, principal: Principal, erasure_id: str) -> Erasure:
        """Raises what ``Destroying.sequence`` raises."""
        principal.need(Role.OFFICER)
        async with naming(self._db):
            return await self._destroying.sequence(erasure_id)

    async def run(self, principal: Principal, erasure_id: str) -> Erasure:
        """Raises what ``Destroying.run`` raises."""
        principal.need(Role.OFFICER)
        async with naming(self._db):
            return await self._destroying.run(erasure_id)

    async def statement(self, principal: Principal, erasure_id: str) -> Statement:
        """The signed destruction record. Raises ``erasure.unknown``, ``erasure.not_erased``."""
        principal.need(*APPROVERS)
        return await self._destroying.statement(erasure_id)

    async def printed(self, principal: Principal, erasure_id: str) -> PrintedDestruction:
        """The record with names and the verifier's word, for paper. Raises what ``statement``
        raises.
        """
        found = await self.statement(principal, erasure_id)
        async with self._db.read() as session:
            return await printed_destruction(session, self._ledger, self._orders, found)

    async def forget_elsewhere(self) -> None:
        """Drop keys from this process's memory that another process erased."""
        async with self._db.read() as session:
            await self._ledger.keys.forget_erased(session)

    async def watch(self, stop: asyncio.Event, period_s: float) -> None:
        """``forget_elsewhere`` until ``stop`` is set; a look that fails is tried again."""
        failed = "erased keys were not looked for; tried again"
        await rounds(self.forget_elsewhere, stop, period_s, _log, failed)

    async def _covered(self, stream_id: str, seq: int) -> bool:
        """Under a signed checkpoint; where there is no tree, committed is all there is."""
        async with self._db.read() as session:
            tree = self._ledger.tree
            if await tree.newest(session) is None:
                return True
            return await tree.proof(session, stream_id, seq) is not None


async def _need_fit(session: ReadSession, approvers: Sequence[str]) -> None:
    """Raises ``erasure.approver_unfit``: an order that nobody can agree to would stand for ever."""
    found = await accounts_named(session, approvers)
    unfit = [
        one for one in approvers
        if one not in found or found[one].roles.isdisjoint(APPROVERS)
    ]  # fmt: skip
    if unfit:
        raise Refusal("erasure.approver_unfit", people=", ".join(one[:80] for one in unfit))

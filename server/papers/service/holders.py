"""Key holders and the banks whose signature counts.

Rules kept here: a person enrols only themselves and once; argon2 runs off the loop and outside
every transaction; a wrong passphrase is counted before it is checked.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from kernel.access import Principal, Role
from kernel.clock import Clock
from kernel.crypto import holders
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from server.accounts.service import Counted, account_of, begin_attempt, clear_attempts
from server.papers.tables import HolderRow, TrustedSignerRow

PASSPHRASE_MIN = 12


@dataclass(frozen=True, slots=True)
class Holder:
    """A key holder; ``public`` is an X25519 key of 32 bytes."""

    holder_id: str
    account_id: str
    name: str
    public: bytes


class Holders:
    """Enrolment and unlocking."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def enrol(self, principal: Principal, passphrase: str) -> Holder:
        """Raises ``papers.passphrase_short``, ``papers.holder_exists``."""
        principal.need(Role.KEY_HOLDER)
        if len(passphrase) < PASSPHRASE_MIN:
            raise Refusal("papers.passphrase_short", needed=PASSPHRASE_MIN)
        key = await asyncio.to_thread(holders.make_holder, passphrase)
        try:
            async with self._db.write() as tx:
                person = await account_of(tx, principal.subject)
                row = HolderRow(
                    id=mint("holder"),
                    account_id=principal.subject,
                    name=person.name,
                    public=key.public,
                    locked=key.locked,
                    created_at_ms=self._clock.now_ms(),
                )
                tx.add(row)
                await tx.flush()
        except IntegrityError as taken:
            raise Refusal("papers.holder_exists", Kind.CONFLICT) from taken
        return _holder(row)

    async def all(self) -> list[Holder]:
        """Every holder in order of enrolment."""
        async with self._db.read() as session:
            rows = await session.execute(select(HolderRow).order_by(HolderRow.id))
            return [_holder(row) for row in rows.scalars()]

    async def public_keys(self, holder_ids: Sequence[str]) -> dict[str, bytes]:
        """Public keys for sealing shares. Raises ``papers.holder_unknown``."""
        async with self._db.read() as session:
            found = {
                row.id: row.public
                for row in (
                    await session.execute(select(HolderRow).where(HolderRow.id.in_(holder_ids)))
                ).scalars()
            }
        missing = [one for one in holder_ids if one not in found]
        if missing:
            raise Refusal("papers.holder_unknown", Kind.NOT_FOUND, id=missing[0])
        return found

    async def row_of(self, principal: Principal) -> HolderRow:
        """The caller's own holder row. Raises ``papers.not_a_holder``."""
        async with self._db.read() as session:
            found = await session.execute(
                select(HolderRow).where(HolderRow.account_id == principal.subject)
            )
            row = found.scalar_one_or_none()
        if row is None:
            raise Refusal("papers.not_a_holder", Kind.FORBIDDEN)
        return row

    async def open_share(
        self, row: HolderRow, passphrase: str, sealed_hex: str, info: bytes
    ) -> bytes:
        """The holder's share of a key. Raises ``papers.passphrase_wrong``, ``accounts.locked``,
        ``papers.share_bad`` when the passphrase is right but the share is not for this holder.
        """
        attempt = Counted("passphrase", row.id)
        await begin_attempt(self._db, self._clock, attempt)
        try:
            private = await asyncio.to_thread(holders.unlock, row.locked, passphrase)
        except ValueError as wrong:
            raise Refusal("papers.passphrase_wrong", Kind.FORBIDDEN) from wrong
        async with self._db.write() as tx:
            await clear_attempts(tx, attempt)
        try:
            return holders.open_sealed(private, bytes.fromhex(sealed_hex), info)
        except ValueError as wrong:
            raise Refusal("papers.share_bad", Kind.CONFLICT) from wrong

    async def trust(self, principal: Principal, *, public_hex: str, name: str) -> None:
        """A bank's key is accepted from now on. Raises ``papers.signer_bad``."""
        principal.need(Role.ADMINISTRATOR)
        if len(public_hex) != 64 or any(c not in "0123456789abcdef" for c in public_hex):
            raise Refusal("papers.signer_bad")
        async with self._db.write() as tx:
            await tx.merge(
                TrustedSignerRow(
                    public_hex=public_hex,
                    name=name,
                    added_by=principal.subject,
                    added_at_ms=self._clock.now_ms(),
                )
            )

    async def signers(self) -> list[TrustedSignerRow]:
        """The banks trusted by decision (the installation's own bank is not among them)."""
        async with self._db.read() as session:
            rows = await session.execute(
                select(TrustedSignerRow).order_by(TrustedSignerRow.added_at_ms)
            )
            return list(rows.scalars())


async def is_trusted(session: ReadSession, public_hex: str) -> bool:
    """True for a signer that an administrator accepted."""
    return await session.get(TrustedSignerRow, public_hex) is not None


def _holder(row: HolderRow) -> Holder:
    return Holder(row.id, row.account_id, row.name, row.public)

"""The accounts' use cases.

Rules kept here: argon2 runs off the event loop and outside every transaction; a name without an
account costs the same time and locks the same way; who guesses at a name locks it for the place the
guesses come from (for a PIN: for whoever is signed in there), and for all places only after many
more; the second person is another person.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from kernel.access import Principal, Role, issue_token, revoke_tokens
from kernel.clock import Clock
from kernel.crypto.passwords import hash_password, password_fits
from kernel.db import Database
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from kernel.settings import SignInSettings
from server.accounts.rules import Limit, account_name, check_account, check_password, check_pin
from server.accounts.service.attempts import Counted, begin_attempt, clear_attempts
from server.accounts.service.people import Account, account_of, shown
from server.accounts.tables import AccountRow

DESK_ROLES = frozenset({Role.INVIGILATOR, Role.CHIEF, Role.OFFICER})

# Nobody's password, of the same cost: what a name without an account is checked against.
NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$1KuDftkUa"
    "FfgZLuOVzqHtQ$NrlrF0JBwdIfL1Unj9hTK/97hbVCZj2BTe3hsJhDK4o"
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh token and whose it is."""

    token: str
    account: Account
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class SecondPerson:
    """The other person who confirmed with a PIN."""

    account_id: str
    name: str
    roles: frozenset[Role]


class AccountsService:
    """Staff of this installation."""

    def __init__(
        self, database: Database, clock: Clock, settings: SignInSettings | None = None
    ) -> None:
        self._db = database
        self._clock = clock
        self._settings = settings or SignInSettings()

    async def ensure_administrator(self, *, account: str, name: str, password: str) -> str | None:
        """The first administrator of an empty installation; None when there is staff already."""
        async with self._db.read() as session:
            if (await session.execute(select(func.count(AccountRow.id)))).scalar_one():
                return None
        made = await self.create(
            by=None, account=account, name=name, roles=[Role.ADMINISTRATOR], password=password
        )
        return made.account_id

    async def create(
        self,
        *,
        by: Principal | None,
        account: str,
        name: str,
        roles: Collection[Role],
        password: str,
        pin: str | None = None,
        language: str = "zh",
    ) -> Account:
        """A new account. Raises ``accounts.bad_name``, ``.password_weak``, ``.pin_weak``,
        ``.taken``, ``.roles_clash`` (三员分立: administrator and auditor hold nothing else).
        """
        wanted = check_account(account)
        check_password(password)
        apart = {Role.ADMINISTRATOR, Role.AUDITOR}
        if not roles or (apart.intersection(roles) and len(set(roles)) > 1):
            raise Refusal("accounts.roles_clash", Kind.INVALID)
        if pin is not None:
            check_pin(pin)
        password_hash = await asyncio.to_thread(hash_password, password)
        pin_hash = await asyncio.to_thread(hash_password, pin) if pin is not None else None
        row = AccountRow(
            id=mint("acct"),
            account=wanted,
            name=name.strip() or wanted,
            roles=sorted(set(roles)),
            language=language,
            password_hash=password_hash,
            pin_hash=pin_hash,
            created_by=by.subject if by else None,
            created_at_ms=self._clock.now_ms(),
        )
        try:
            async with self._db.write() as tx:
                tx.add(row)
        except IntegrityError as taken:
            raise Refusal("accounts.taken", Kind.CONFLICT, account=wanted) from taken
        return shown(row)

    async def accounts(self) -> list[Account]:
        """All staff by account name."""
        async with self._db.read() as session:
            rows = await session.execute(select(AccountRow).order_by(AccountRow.account))
            return [shown(row) for row in rows.scalars()]

    async def me(self, principal: Principal) -> Account:
        """The caller. Raises ``accounts.unknown``."""
        async with self._db.read() as session:
            return await account_of(session, principal.subject)

    async def sign_in(self, account: str, password: str, *, place: str) -> SignedIn:
        """A token for the right password. Raises ``accounts.wrong``, ``accounts.locked``."""
        row = await self._checked(account, password, purpose="password", place=place)
        async with self._db.write() as tx:
            token = await issue_token(
                tx,
                self._clock,
                subject=row.id,
                kind="staff",
                claims={"roles": row.roles, "name": row.name, "account": row.account},
                valid_s=self._settings.token_s,
            )
        expires_at_ms = self._clock.now_ms() + self._settings.token_s * 1_000
        return SignedIn(token, shown(row), expires_at_ms)

    async def sign_out(self, principal: Principal) -> None:
        """Ends every token of the caller."""
        async with self._db.write() as tx:
            await revoke_tokens(tx, subject=principal.subject, kind="staff")

    async def second_person(
        self,
        *,
        first: Principal,
        account: str,
        pin: str,
        roles: Collection[Role] = DESK_ROLES,
    ) -> SecondPerson:
        """Another person with one of the roles confirms with the PIN.

        Call it before the transaction of the act: the failed attempt is counted in its own one,
        which a refusal must not undo. Raises ``accounts.same_person``, ``accounts.pin_wrong``,
        ``accounts.locked``, ``access.role_missing``.
        """
        row = await self._checked(account, pin, purpose="pin", place=first.subject)
        if row.id == first.subject:
            raise Refusal("accounts.same_person", Kind.FORBIDDEN)
        held = shown(row).roles
        if not held.intersection(roles):
            raise Refusal("access.role_missing", Kind.FORBIDDEN, needed=", ".join(sorted(roles)))
        return SecondPerson(row.id, row.name, held)

    async def _checked(self, account: str, secret: str, *, purpose: str, place: str) -> AccountRow:
        subject, known = account_name(account), self._settings
        attempts = (
            Counted(
                f"{purpose}/place", f"{subject} @ {place}", Limit(known.failures, known.lock_s)
            ),
            Counted(purpose, subject, Limit(known.failures_anywhere, known.lock_s)),
        )
        await begin_attempt(self._db, self._clock, *attempts)
        async with self._db.read() as session:
            found = await session.execute(select(AccountRow).where(AccountRow.account == subject))
            row = found.scalar_one_or_none()
        stored = (
            None if row is None else row.password_hash if purpose == "password" else row.pin_hash
        )
        fits = await asyncio.to_thread(password_fits, stored or NOBODY, secret)
        if row is None or stored is None or not fits:
            code = "accounts.wrong" if purpose == "password" else "accounts.pin_wrong"
            raise Refusal(code, Kind.UNAUTHENTICATED if purpose == "password" else Kind.FORBIDDEN)
        async with self._db.write() as tx:
            await clear_attempts(tx, *attempts)
        return row

"""Reading accounts, for this room and later ones."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select

from kernel.access import Role
from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from server.accounts.tables import AccountRow


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff as others may see them."""

    account_id: str
    account: str
    name: str
    roles: frozenset[Role]
    language: str


def shown(row: AccountRow) -> Account:
    """The row without its secrets."""
    roles = frozenset(Role(name) for name in row.roles)
    return Account(row.id, row.account, row.name, roles, row.language)


async def account_of(session: ReadSession, account_id: str) -> Account:
    """Raises ``accounts.unknown``."""
    row = await session.get(AccountRow, account_id)
    if row is None:
        raise Refusal("accounts.unknown", Kind.NOT_FOUND, id=account_id)
    return shown(row)


async def accounts_named(session: ReadSession, ids: Iterable[str]) -> dict[str, Account]:
    """The accounts by id; ids without an account are left out."""
    found = await session.execute(select(AccountRow).where(AccountRow.id.in_(set(ids))))
    return {row.id: shown(row) for row in found.scalars()}


async def accounts_with(session: ReadSession, roles: Collection[Role]) -> list[Account]:
    """Everybody who has one of the roles, by name."""
    found = await session.scalars(select(AccountRow).order_by(AccountRow.name, AccountRow.id))
    return [one for one in map(shown, found) if not one.roles.isdisjoint(roles)]

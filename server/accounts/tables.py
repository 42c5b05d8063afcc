"""Tables of the accounts room, and the base of every server room's tables.

Rules kept here: passwords and PINs only as argon2id strings; failed attempts are counted by name,
so that a name without an account locks exactly like one with an account.
"""

from sqlalchemy import JSON, MetaData
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Table

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class ServerTable(Table):
    """Base of the tables of all server rooms; table names are ``<room>_<noun>``."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class AccountRow(ServerTable):
    """A member of staff."""

    __tablename__ = "accounts_account"
    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(JSON)
    language: Mapped[str]
    password_hash: Mapped[str]
    pin_hash: Mapped[str | None]
    created_by: Mapped[str | None]
    created_at_ms: Mapped[int]


class AttemptRow(ServerTable):
    """Failed attempts at one secret: ``purpose`` is password, pin or passphrase."""

    __tablename__ = "accounts_attempt"
    purpose: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at_ms: Mapped[int] = mapped_column(index=True)
    locked_until_ms: Mapped[int]

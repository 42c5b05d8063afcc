"""Tables of the ledger.

Rules kept here: a head row per stream is the only thing that is updated; records are only inserted,
UNIQUE(stream, seq); what all records of a stream share stands in its row, so a record's row is its
body and little beside it; wrapped data keys live in one small table. Records are read through
``ledger.stored`` and nowhere else.
"""

from typing import Any

from sqlalchemy import JSON, Integer, MetaData, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Table


class LedgerTable(Table):
    """Base of the ledger's tables."""

    __abstract__ = True
    metadata = MetaData()


class StreamRow(LedgerTable):
    """Head of one stream. ``number`` keeps record rows short; ``origin`` and ``suite`` are those of
    every record of the stream, whatever the server writes into its newer ones; ``key_version`` is
    the version of its scope's data key that the next record is under.
    """

    __tablename__ = "ledger_stream"
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    stream_id: Mapped[str] = mapped_column(unique=True)
    session_id: Mapped[str] = mapped_column(index=True)
    origin: Mapped[str]
    suite: Mapped[str]
    next_seq: Mapped[int]
    head: Mapped[bytes]
    closed: Mapped[bool]
    key_version: Mapped[int] = mapped_column(default=1)


class RecordRow(LedgerTable):
    """One record: what of its header is its own, its hash, its ciphertext.

    The order of the columns and the short integers are for PostgreSQL: twelve rows to a page.
    """

    __tablename__ = "ledger_record"
    server_ms: Mapped[int]
    stream: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    epoch: Mapped[int] = mapped_column(SmallInteger)
    key_version: Mapped[int] = mapped_column(SmallInteger)
    salt: Mapped[bytes]
    body_commit: Mapped[bytes]
    hash: Mapped[bytes]
    ciphertext: Mapped[bytes]


class KeyRow(LedgerTable):
    """A wrapped key: of a session (under the key ring) or of a sitting (under its session's
    key).
    """

    __tablename__ = "ledger_key"
    scope: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    parent: Mapped[str]
    wrapped: Mapped[bytes]


class DeviceRow(LedgerTable):
    """A device epoch of a stream: its public key and the last acknowledged client number."""

    __tablename__ = "ledger_device"
    stream: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_key: Mapped[bytes]
    acked_through: Mapped[int]


class SealRow(LedgerTable):
    """The seal of a session, as signed."""

    __tablename__ = "ledger_seal"
    session_id: Mapped[str] = mapped_column(primary_key=True)
    frame: Mapped[bytes]
    signature: Mapped[bytes]
    sealed_at_ms: Mapped[int]


class HoldRow(LedgerTable):
    """A legal hold: while it stands, no key of the session is destroyed."""

    __tablename__ = "ledger_hold"
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    issued_by: Mapped[str]
    issued_at_ms: Mapped[int]
    lifted_by: Mapped[str | None]
    lifted_at_ms: Mapped[int | None]


class ErasureRow(LedgerTable):
    """An order to destroy a session's keys. ``approvers`` are those who may agree; ``agreed`` who
    did and when; ``done`` holds what was destroyed and how the copies were cleaned, or who withdrew
    the order.
    """

    __tablename__ = "ledger_erasure"
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    ordered_by: Mapped[str]
    ordered_at_ms: Mapped[int]
    needed: Mapped[int]
    approvers: Mapped[list[str]] = mapped_column(JSON)
    agreed: Mapped[dict[str, int]] = mapped_column(JSON)
    state: Mapped[str]
    order_seq: Mapped[int | None]
    order_hash: Mapped[bytes | None]
    erased_at_ms: Mapped[int | None]
    done: Mapped[dict[str, Any]] = mapped_column(JSON)


class TombstoneRow(LedgerTable):
    """A session whose keys were destroyed: they are never taken back."""

    __tablename__ = "ledger_tombstone"
    session_id: Mapped[str] = mapped_column(primary_key=True)
    erasure_id: Mapped[str]
    erased_at_ms: Mapped[int]

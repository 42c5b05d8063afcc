"""Tables of the ledger.

Rules kept here: a head row per stream is the only thing that is updated; records are only inserted,
UNIQUE(stream, seq); wrapped data keys live in one small table; ``leaf_index`` waits for the tree.
"""

from sqlalchemy import Integer, MetaData
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Table


class LedgerTable(Table):
    """Base of the ledger's tables."""

    __abstract__ = True
    metadata = MetaData()


class StreamRow(LedgerTable):
    """Head of one stream. ``number`` keeps record rows short; ``key_version`` is the version of
    its scope's data key that the next record is under.
    """

    __tablename__ = "ledger_stream"
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    stream_id: Mapped[str] = mapped_column(unique=True)
    session_id: Mapped[str] = mapped_column(index=True)
    next_seq: Mapped[int]
    head: Mapped[bytes]
    closed: Mapped[bool]
    key_version: Mapped[int] = mapped_column(default=1)


class RecordRow(LedgerTable):
    """One record; header and ciphertext exactly as hashed."""

    __tablename__ = "ledger_record"
    stream: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    header: Mapped[bytes]
    ciphertext: Mapped[bytes]
    hash: Mapped[bytes]
    leaf_index: Mapped[int | None]


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


class SeenRow(LedgerTable):
    """A client event that is in the log, by a keyed digest of its content."""

    __tablename__ = "ledger_seen"
    stream: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    client_seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content_mac: Mapped[bytes]


class SealRow(LedgerTable):
    """The seal of a session, as signed."""

    __tablename__ = "ledger_seal"
    session_id: Mapped[str] = mapped_column(primary_key=True)
    frame: Mapped[bytes]
    signature: Mapped[bytes]
    sealed_at_ms: Mapped[int]

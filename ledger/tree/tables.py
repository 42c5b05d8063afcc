"""Tables of the tree.

Rules kept here: leaves and checkpoints are only inserted; the tree's row is moved by comparing what
was read; a stream stands in ``ledger_growing`` until it is closed and all of it is in the tree, so
a round never looks at what is finished.
"""

from sqlalchemy import Index, Integer, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from ledger.tables import LedgerTable


class TreeRow(LedgerTable):
    """The head of an origin's tree. ``term`` counts the sequencers that held office."""

    __tablename__ = "ledger_tree"
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(unique=True)
    term: Mapped[int]
    size: Mapped[int]
    root: Mapped[bytes]


class GrowingRow(LedgerTable):
    """A stream that may still grow; its records up to ``through`` are in the tree."""

    __tablename__ = "ledger_growing"
    stream: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    through: Mapped[int] = mapped_column(Integer)


class LeafRow(LedgerTable):
    """Which record is which leaf. Leaves that are no record (a seal, a link) have ``stream`` 0."""

    __tablename__ = "ledger_leaf"
    __table_args__ = (Index("ledger_leaf_record", "stream", "seq"),)
    index: Mapped[int] = mapped_column("leaf_index", primary_key=True, autoincrement=False)
    tree: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    stream: Mapped[int] = mapped_column(Integer)
    seq: Mapped[int] = mapped_column(Integer)


class OtherLeafRow(LedgerTable):
    """A leaf that is no record: a session's seal, or the link to an older origin."""

    __tablename__ = "ledger_other_leaf"
    name: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[bytes]
    tree: Mapped[int | None] = mapped_column(SmallInteger)
    index: Mapped[int | None] = mapped_column("leaf_index", index=True)


class TileRow(LedgerTable):
    """A tile as far as it is filled."""

    __tablename__ = "ledger_tile"
    tree: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hashes: Mapped[bytes]


class CheckpointRow(LedgerTable):
    """A head of the tree; ``note`` is empty until it is signed."""

    __tablename__ = "ledger_checkpoint"
    tree: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes]
    term: Mapped[int]
    at_ms: Mapped[int]
    note: Mapped[str]


class CosignatureRow(LedgerTable):
    """A witness's line under a checkpoint."""

    __tablename__ = "ledger_cosignature"
    tree: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[str]
    at_s: Mapped[int]

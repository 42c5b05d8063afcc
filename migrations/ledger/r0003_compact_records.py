"""Compact records: a row holds what is its own, the stream's row what all its records share; the
table of seen events goes, a repetition is compared with the record itself.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from kernel.codec import decode, encode

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None

PIECE = 500
ZERO_HASH = bytes(32)


def upgrade() -> None:
    op.create_table(
        "ledger_record_compact",
        sa.Column("server_ms", sa.BigInteger(), nullable=False),
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.SmallInteger(), nullable=False),
        sa.Column("key_version", sa.SmallInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("body_commit", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq"),
    )
    op.add_column("ledger_stream", sa.Column("origin", sa.String(), nullable=True))
    op.add_column("ledger_stream", sa.Column("suite", sa.String(), nullable=True))
    _copy(op.get_bind())
    with op.batch_alter_table("ledger_stream", schema=None) as batch_op:
        batch_op.alter_column("origin", existing_type=sa.String(), nullable=False)
        batch_op.alter_column("suite", existing_type=sa.String(), nullable=False)
    op.drop_table("ledger_record")
    op.rename_table("ledger_record_compact", "ledger_record")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX ledger_record_compact_pkey RENAME TO ledger_record_pkey")
    op.drop_table("ledger_seen")


def _copy(connection: sa.Connection) -> None:
    """Every record, and every header compared with what will be built again from its row."""
    names = sa.text("SELECT number, stream_id FROM ledger_stream ORDER BY number")
    for number, stream_id in connection.execute(names).all():
        before, seq, shared = ZERO_HASH, 0, ("", "")
        while rows := _piece(connection, number, seq):
            made = []
            for old in rows:
                header = decode("record-header", 1, old.header)
                if seq == 0:
                    shared = header[0], header[7]
                row = _row(number, header, old.hash, old.ciphertext)
                seq += 1
                if _header(stream_id, shared, row, seq, before) != old.header:
                    raise RuntimeError(
                        f"{stream_id}, record {old.seq}: its header does not follow from the"
                        " record before it. The database was damaged or changed; compare it with"
                        " a backup before upgrading. Nothing was changed."
                    )
                made.append(row)
                before = old.hash
            connection.execute(_INSERT, made)
        connection.execute(
            sa.text("UPDATE ledger_stream SET origin = :origin, suite = :suite WHERE number = :n"),
            {"origin": shared[0], "suite": shared[1], "n": number},
        )


def _piece(connection: sa.Connection, number: int, after: int) -> list[Any]:
    return list(
        connection.execute(
            sa.text(
                "SELECT seq, header, ciphertext, hash FROM ledger_record"
                " WHERE stream = :stream AND seq > :after ORDER BY seq LIMIT :piece"
            ),
            {"stream": number, "after": after, "piece": PIECE},
        ).all()
    )


def _row(number: int, header: list[Any], record_hash: bytes, ciphertext: bytes) -> dict[str, Any]:
    _, _, seq, _, server_ms, epoch, key_version, _, salt, body_commit = header
    return {
        "server_ms": server_ms,
        "stream": number,
        "seq": seq,
        "epoch": epoch,
        "key_version": key_version,
        "salt": salt,
        "body_commit": body_commit,
        "hash": record_hash,
        "ciphertext": ciphertext,
    }


def _header(
    stream_id: str, shared: tuple[str, str], row: dict[str, Any], seq: int, before: bytes
) -> bytes:
    origin, suite = shared
    own = [row["server_ms"], row["epoch"], row["key_version"]]
    fields = [origin, stream_id, seq, before, *own, suite, row["salt"], row["body_commit"]]
    return encode("record-header", 1, fields)


_INSERT = sa.text(
    "INSERT INTO ledger_record_compact"
    " (server_ms, stream, seq, epoch, key_version, salt, body_commit, hash, ciphertext) VALUES"
    " (:server_ms, :stream, :seq, :epoch, :key_version, :salt, :body_commit, :hash, :ciphertext)"
)


def downgrade() -> None:
    raise NotImplementedError("a database with compact records goes back by its backup")

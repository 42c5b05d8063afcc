"""Tables of the papers room.

Rules kept here: a holder's private key only under the passphrase; a package's keys only wrapped by
the key ring, and the scoring key only after the session closed; a given share only sealed to keys
that servers hold in memory.
"""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.tables import ServerTable


class HolderRow(ServerTable):
    """A key holder. ``locked`` is salt ‖ envelope of the private key (kernel.crypto.holders)."""

    __tablename__ = "papers_holder"
    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    public: Mapped[bytes]
    locked: Mapped[bytes]
    created_at_ms: Mapped[int]


class TrustedSignerRow(ServerTable):
    """A bank whose packages are accepted, by its Ed25519 public key in hex."""

    __tablename__ = "papers_trusted_signer"
    public_hex: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    added_by: Mapped[str]
    added_at_ms: Mapped[int]


class PackageRow(ServerTable):
    """The package of a session; the file itself is a blob."""

    __tablename__ = "papers_package"
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), primary_key=True)
    package_id: Mapped[str] = mapped_column(index=True)
    blob: Mapped[str]
    sha256: Mapped[str]
    manifest: Mapped[bytes]
    signer_public: Mapped[str]
    received_by: Mapped[str]
    received_at_ms: Mapped[int]
    content_key_wrapped: Mapped[bytes | None]
    content_released_at_ms: Mapped[int | None]
    scoring_key_wrapped: Mapped[bytes | None]
    scoring_opened_at_ms: Mapped[int | None]


class ShareKeyRow(ServerTable):
    """A server's public key (X25519) for shares that holders gave; its private half is in that
    server's memory alone. ``tag`` is the key ring's word that a server of ours wrote it;
    ``heard_at_ms`` moves while the server runs.
    """

    __tablename__ = "papers_share_key"
    id: Mapped[str] = mapped_column(primary_key=True)
    public: Mapped[bytes]
    made_at_ms: Mapped[int]
    tag: Mapped[bytes]
    heard_at_ms: Mapped[int]


class GivenShareRow(ServerTable):
    """A holder's share until enough are there, HPKE-sealed to one server's key."""

    __tablename__ = "papers_given_share"
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    holder_id: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(primary_key=True)
    package_sha256: Mapped[str]
    given_at_ms: Mapped[int]
    sealed: Mapped[bytes]
    tag: Mapped[bytes]

"""Tables of the archive room.

Rules kept here: an archive's key is here, wrapped by the key ring, and nowhere in the archive, so
that erasing it makes every copy's personal files unreadable and leaves the chain verifiable.
"""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.tables import ServerTable


class ArchiveRow(ServerTable):
    """One export. Size and SHA-256 (hex) of the file are known once it is whole; a folder written
    from the command line has the manifest's SHA-256 instead.
    """

    __tablename__ = "archive_archive"
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions_session.id"), index=True)
    key_wrapped: Mapped[bytes]
    path: Mapped[str]
    made_by: Mapped[str]
    made_at_ms: Mapped[int]
    size_bytes: Mapped[int | None]
    sha256: Mapped[str | None]
    files: Mapped[int | None]

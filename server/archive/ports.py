"""What the archive asks of the proctor: which sealed pictures and recordings belong to a
session.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from kernel.db import ReadSession, WriteSession


class StoredBlob(Protocol):
    """A sealed blob as it lies in the store; ``sha256`` (hexadecimal) is of those bytes."""

    @property
    def name(self) -> str: ...
    @property
    def data_class(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...


class ArchiveBlobs(Protocol):
    """Opens its own transactions, so it is asked outside ours."""

    async def archive_blobs(
        self, *, session_id: str, sitting_ids: Collection[str] = ()
    ) -> Sequence[StoredBlob]:
        """What is still there, by name: portraits, frames, segments."""
        ...


class PictureKeys(Protocol):
    """Whoever keeps the keys of pictures and recordings, in tables of the same database."""

    shredded_tables: Sequence[str]

    async def keys_of(
        self, session: ReadSession, session_id: str, owner_ids: Collection[str]
    ) -> list[bytes]:
        """The wrapped keys of candidates, sittings and their references."""
        ...

    async def destroy_keys(
        self, tx: WriteSession, session_id: str, owner_ids: Collection[str]
    ) -> None:
        """Delete exactly those."""
        ...

"""What the archive asks of the proctor: which sealed pictures and recordings belong to a
session.
"""

from collections.abc import Collection, Sequence
from typing import Protocol


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

"""What the bank asks of others; wired in the composition root."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class HolderDirectory(Protocol):
    """Key holders by id, each with an X25519 public key of 32 bytes."""

    async def public_keys(self, holder_ids: Sequence[str]) -> Mapping[str, bytes]:
        """A key for every id. Raises a Refusal when one is unknown."""
        ...

"""What this room asks of the bank; wired in the composition root."""

from typing import Protocol

from kernel.access import Principal


class PackageSource(Protocol):
    """Sealed packages that the bank of this installation has made."""

    async def package_file(self, principal: Principal, package_id: str) -> bytes:
        """The file as ``paper.package.pack`` made it. Raises a Refusal for an unknown id."""
        ...

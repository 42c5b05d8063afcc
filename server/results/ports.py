"""What the results room asks of the log's tree: a proof for one record."""

from typing import Protocol

from kernel.db import ReadSession
from ledger.tree.proof import TlogProof


class Proof(Protocol):
    """A proof without the extra line, and how many witnesses signed its checkpoint."""

    @property
    def proof(self) -> TlogProof: ...
    @property
    def cosigned(self) -> int: ...


class Proofs(Protocol):
    """The log's tree."""

    async def proof(self, session: ReadSession, stream_id: str, seq: int) -> Proof | None:
        """None while no checkpoint covers the record; a cosigned one is taken where one does."""
        ...

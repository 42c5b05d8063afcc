"""Signatures, away from the event loop: devices' before the transaction, ours after the commit.

Rules kept here: a batch is proved under a key that this process has seen committed for the device,
and the transaction compares that key with the device's row; a batch whose device is not known yet
is proved in the transaction. The library lets go of the interpreter while it computes, so two
threads prove and sign on two cores.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeVar

from kernel.crypto.signing import DevicePublicKey
from ledger.asked import Asked
from ledger.client import ClientBatch, batch_frame

T = TypeVar("T")
R = TypeVar("R")

DEVICES_KEPT = 20_000
INLINE = 3
"""So few are quicker done at once than handed to a thread."""
PARTS = 2


class Proving:
    """Device keys that were seen, and the checks under them."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, int], tuple[str, DevicePublicKey]] = OrderedDict()

    async def prove(self, group: Sequence[Asked]) -> None:
        """Marks what is good under a key that was seen."""
        await in_parts(self._prove, [one for one in group if one.proved is None])

    def holds(self, batch: ClientBatch, content: bytes, origin: str, public: bytes) -> bool:
        """Whether the signature is good under the key in the device's row; remembers the key."""
        place = batch.stream_id, batch.epoch
        known = self._seen.get(place)
        if known is None or (known[0], known[1].public) != (origin, public):
            try:
                known = origin, DevicePublicKey(public)
            except ValueError:
                return False
            self._seen[place] = known
            while len(self._seen) > DEVICES_KEPT:
                self._seen.popitem(last=False)
        return known[1].holds(_message(batch, content, origin), batch.signature)

    def _prove(self, one: Asked) -> None:
        known = self._seen.get((one.batch.stream_id, one.batch.epoch))
        if known is None:
            return
        message = _message(one.batch, one.content, known[0])
        if known[1].holds(message, one.batch.signature):
            one.proved = known[0], known[1].public


async def in_parts(work: Callable[[T], R], things: Sequence[T]) -> list[R]:
    """The work on each, in order; in threads when they are many."""
    if len(things) <= INLINE:
        return [work(one) for one in things]
    size = -(-len(things) // PARTS)
    pieces = [things[at : at + size] for at in range(0, len(things), size)]

    def some(piece: Sequence[T]) -> list[R]:
        return [work(one) for one in piece]

    done = await asyncio.gather(*(asyncio.to_thread(some, piece) for piece in pieces))
    return [one for piece in done for one in piece]


def _message(batch: ClientBatch, content: bytes, origin: str) -> bytes:
    first, last = batch.events[0].seq, batch.events[-1].seq
    return batch_frame(origin, batch.stream_id, batch.epoch, first, last, content)

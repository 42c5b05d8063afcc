"""Devices' signatures, away from the event loop and before the transaction.

Rules kept here: a batch is proved under a key that this process has seen committed for the device,
and the transaction compares that key with the device's row; a batch whose device is not known yet
is proved in the transaction.
"""

from collections import OrderedDict
from collections.abc import Sequence

from kernel.crypto.aside import ChecksAside
from kernel.crypto.signing import DevicePublicKey
from ledger.asked import Asked
from ledger.client import ClientBatch, batch_frame

DEVICES_KEPT = 20_000
INLINE = 3
"""So few are quicker checked at once than asked for elsewhere."""


class Proving:
    """Device keys that were seen, and the checks under them."""

    def __init__(self) -> None:
        self._aside = ChecksAside()
        self._seen: OrderedDict[tuple[str, int], tuple[str, DevicePublicKey]] = OrderedDict()

    async def prove(self, group: Sequence[Asked]) -> None:
        """Marks what is good under a key that was seen."""
        known = [
            (one, *seen)
            for one in group
            if one.proved is None
            and (seen := self._seen.get((one.batch.stream_id, one.batch.epoch))) is not None
        ]
        messages = [_message(one.batch, one.content, origin) for one, origin, _ in known]
        if len(known) <= INLINE:
            good = [
                key.holds(message, one.batch.signature)
                for (one, _, key), message in zip(known, messages, strict=True)
            ]
        else:
            good = await self._aside.hold(
                [
                    (key.public, message, one.batch.signature)
                    for (one, _, key), message in zip(known, messages, strict=True)
                ]
            )
        for (one, origin, key), holds in zip(known, good, strict=True):
            if holds:
                one.proved = origin, key.public

    async def stop(self) -> None:
        """Ends what was started for it."""
        await self._aside.stop()

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


def _message(batch: ClientBatch, content: bytes, origin: str) -> bytes:
    first, last = batch.events[0].seq, batch.events[-1].seq
    return batch_frame(origin, batch.stream_id, batch.epoch, first, last, content)

"""What is known in memory only: who was heard when, how far each sitting is, the wall's small
pictures.

Rules kept here: nothing here is durable and nothing durable depends on it; progress can be rebuilt
from the ledger, and marking, archive and receipts never read it; a sitting unheard since the
program started counts as heard at the start.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

THUMBNAILS_KEPT = 2_000
GAP_MS = 5_000  # longer than a heartbeat: the first word after it ends an outage


@dataclass(slots=True)
class Progress:
    """Folded from the ledger: items with an answer, and the last client record that is durable."""

    answered: set[str] = field(default_factory=set)
    epoch: int = 0
    acked_through: int = 0

    @property
    def far(self) -> tuple[int, int]:
        """Comparable: epochs only rise."""
        return self.epoch, self.acked_through

    def apply(self, epoch: int, events: list[tuple[int, str, str | None, bool]]) -> None:
        """Events ``(seq, kind, item_id, blank)`` in order; what was counted before is skipped."""
        if epoch < self.epoch:
            return
        if epoch > self.epoch:
            self.epoch, self.acked_through = epoch, 0
        for seq, kind, item_id, blank in events:
            if seq <= self.acked_through:
                continue
            self.acked_through = seq
            if item_id is not None and kind == "answer_set" and not blank:
                self.answered.add(item_id)
            elif item_id is not None and kind in ("answer_set", "answer_cleared"):
                self.answered.discard(item_id)


@dataclass(slots=True)
class Thumbnail:
    """The newest small picture of a seat."""

    image: bytes
    at_ms: int


class Presence:
    """One process's knowledge of the sittings connected to it."""

    def __init__(self, started_at_ms: int) -> None:
        self._started_at_ms = started_at_ms
        self._seen: dict[str, int] = {}
        self._elsewhere: dict[str, int] = {}
        self._back: dict[str, int] = {}
        self._progress: dict[str, Progress] = {}
        self._through: dict[str, tuple[int, int]] = {}
        self._thumbnails: OrderedDict[str, Thumbnail] = OrderedDict()

    def touch(self, sitting_id: str, now_ms: int) -> int:
        """Heard now; returns when it was heard before."""
        return self._hear(self._seen, sitting_id, now_ms)

    def heard_elsewhere(self, sitting_id: str, at_ms: int) -> None:
        """Another server heard it then; what is told is not told on."""
        self._hear(self._elsewhere, sitting_id, at_ms)

    def _hear(self, heard: dict[str, int], sitting_id: str, at_ms: int) -> int:
        before = self.last_seen_ms(sitting_id)
        if at_ms - before > GAP_MS:
            self._back[sitting_id] = at_ms
        heard[sitting_id] = max(heard.get(sitting_id, at_ms), at_ms)
        return before

    def heard_after(self, moment_ms: int) -> dict[str, list[int]]:
        """Who was heard here later than that: when, and how far (epoch, last durable client record;
        zeros where nobody has asked).
        """
        found = {}
        for sitting_id, at_ms in self._seen.items():
            if at_ms > moment_ms:
                known = self._progress.get(sitting_id) or Progress()
                found[sitting_id] = [at_ms, known.epoch, known.acked_through]
        return found

    def has_spoken(self, sitting_id: str, since_ms: int) -> bool:
        """Whether it was truly heard later than that; the start of the program does not count."""
        heard = (self._seen.get(sitting_id, 0), self._elsewhere.get(sitting_id, 0))
        return max(heard) > since_ms

    def back_ms(self, sitting_id: str) -> int | None:
        """When it was heard again after the last gap."""
        return self._back.get(sitting_id)

    def last_seen_ms(self, sitting_id: str) -> int:
        """When it was last heard, here or elsewhere."""
        here = self._seen.get(sitting_id, self._started_at_ms)
        return max(here, self._elsewhere.get(sitting_id, here))

    def offline_since(self, sitting_id: str, now_ms: int, offline_after_s: int) -> int | None:
        """Since when nothing was heard, once that is longer than the policy allows."""
        last = self.last_seen_ms(sitting_id)
        return last if now_ms - last > offline_after_s * 1_000 else None

    def progress(self, sitting_id: str) -> Progress | None:
        """None until it was built from the ledger."""
        return self._progress.get(sitting_id)

    def outdated(self, sitting_id: str, epoch: int, acked_through: int) -> None:
        """The log is as far as that, here or by another server; if what is known here is not, the
        next reader rebuilds.
        """
        self._through[sitting_id] = max(self._far(sitting_id), (epoch, acked_through))
        known = self._progress.get(sitting_id)
        if known is not None and known.far < self._through[sitting_id]:
            del self._progress[sitting_id]

    def counted(
        self, sitting_id: str, epoch: int, events: list[tuple[int, str, str | None, bool]]
    ) -> None:
        """Events as ``Progress.apply`` takes them, now durable; where others before them are not
        known here, the next reader rebuilds.
        """
        self.outdated(sitting_id, epoch, events[0][0] - 1)
        known = self._progress.get(sitting_id)
        if known is not None:
            known.apply(epoch, events)
        self.outdated(sitting_id, epoch, events[-1][0])

    def keep_progress(self, sitting_id: str, progress: Progress) -> None:
        """After a rebuild, unless the log went on while it was read."""
        known = self._progress.get(sitting_id) or Progress()
        if progress.far >= max(known.far, self._far(sitting_id)):
            self._progress[sitting_id] = progress

    def _far(self, sitting_id: str) -> tuple[int, int]:
        return self._through.get(sitting_id, (0, 0))

    def forget(self, sitting_id: str) -> None:
        """Drops everything about the sitting; the next reader rebuilds."""
        self._progress.pop(sitting_id, None)
        self._thumbnails.pop(sitting_id, None)

    def keep_thumbnail(self, sitting_id: str, image: bytes, now_ms: int) -> None:
        """Replaces the last one; the oldest of too many is dropped."""
        self._thumbnails[sitting_id] = Thumbnail(image, now_ms)
        self._thumbnails.move_to_end(sitting_id)
        while len(self._thumbnails) > THUMBNAILS_KEPT:
            self._thumbnails.popitem(last=False)

    def thumbnail(self, sitting_id: str) -> Thumbnail | None:
        """The newest picture."""
        return self._thumbnails.get(sitting_id)

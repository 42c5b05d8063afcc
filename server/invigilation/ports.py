"""What invigilation asks of the proctor: judge a capture, keep a segment, show a picture."""

from collections.abc import Collection
from typing import Protocol

from server.checkin.ports import Comparison, KeptFrame


class CaptureVerdict(Comparison, KeptFrame, Protocol):
    """``advice`` is what it shows: ok, low, no_face, several_faces, mismatch, blocked, lost."""


class EpisodeChange(Protocol):
    """Signals that belong together; an empty ``episode_id`` means that none is open."""

    @property
    def change(self) -> str: ...
    @property
    def episode_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def opened_at_ms(self) -> int: ...
    @property
    def last_at_ms(self) -> int: ...


class CaptureResult(Protocol):
    """A verdict and what it did to the episode."""

    @property
    def verdict(self) -> CaptureVerdict: ...
    @property
    def episode(self) -> EpisodeChange: ...


class StoredSegment(Protocol):
    """A segment that is durable."""

    @property
    def index(self) -> int: ...
    @property
    def sha256(self) -> str: ...


class Proctor(Protocol):
    """Opens its own transactions, so it is asked outside ours; repeating a request is harmless."""

    async def capture(
        self, *, sitting_id: str, subject_id: str, image: bytes | None, taken_at_ms: int,
        accommodations: Collection[str] = (), window: int | None = None,
        misses: int | None = None,
    ) -> CaptureResult: ...  # fmt: skip

    async def add_segment(
        self, *, sitting_id: str, index: int, t0_ms: int, t1_ms: int, sha256: str, data: bytes
    ) -> StoredSegment: ...

    async def frame(self, blob: str) -> bytes: ...

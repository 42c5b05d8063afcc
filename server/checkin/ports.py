"""What the desk asks of others: a matcher of faces."""

from typing import Protocol


class Comparison(Protocol):
    """A frame held against another; the score is a similarity, ``advice`` what the machine makes
    of it.
    """

    @property
    def match_id(self) -> str: ...
    @property
    def advice(self) -> str: ...
    @property
    def score(self) -> float | None: ...
    @property
    def threshold(self) -> float: ...
    @property
    def model(self) -> str: ...
    @property
    def frame_sha256(self) -> str: ...


class KeptFrame(Protocol):
    """The frame itself, as it is kept."""

    @property
    def faces(self) -> int: ...
    @property
    def frame_blob(self) -> str: ...
    @property
    def taken_at_ms(self) -> int: ...


class Verdict(Comparison, KeptFrame, Protocol):
    """``advice``: same, review, different, unusable."""

    @property
    def reason(self) -> str | None: ...


class FaceMatcher(Protocol):
    """Call port: the answer is needed now. It opens its own transactions, so it is asked outside
    ours.
    """

    async def verify(self, *, subject_id: str, image: bytes, against: str, purpose: str) -> Verdict:
        """Against ``portrait`` or ``door``. Raises what cannot be read as a picture."""
        ...

    async def set_door_frame(self, *, subject_id: str, match_id: str) -> None:
        """The frame of this match becomes the reference for the seat and the exam."""
        ...

    async def frame(self, blob: str) -> bytes:
        """The picture (JPEG)."""
        ...

"""The port that every face engine fills."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""Height x width x 3, 8 bits, blue-green-red (OpenCV's order)."""


@dataclass(frozen=True, slots=True)
class Found:
    """A detected face: box in pixels of the image, confidence 0..1, the engine's own marks."""

    x: float
    y: float
    width: float
    height: float
    confidence: float
    marks: Any


class FaceEngine(Protocol):
    """Finds faces and says how alike two of them are.

    Contract: the same image gives the same result on the same machine, bit for bit; calls are not
    thread-safe (one engine per process); nothing is fetched and nothing is written. ``template`` is
    little-endian float32, meaningful only to the same ``model``. ``similarity`` grows with
    likeness; its thresholds belong to the model (``proctor.engines.catalogue``).
    """

    @property
    def model(self) -> str:
        """Name and version of detector and embedder, with the digest of the weights."""
        ...

    def detect(self, image: Image) -> list[Found]:
        """Every face, in no particular order; an empty list when there is none."""
        ...

    def template(self, image: Image, face: Found) -> bytes:
        """The face's template, from the same image that ``detect`` saw."""
        ...

    def similarity(self, left: bytes, right: bytes) -> float:
        """How alike two templates are. Raises ValueError when they are not of this model."""
        ...

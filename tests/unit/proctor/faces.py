"""The public-domain pictures (tests/data/faces/README.md) and pictures made on the spot."""

from pathlib import Path

import cv2
import numpy as np

HOME = Path(__file__).parents[2] / "data" / "faces"


def portrait(name: str) -> bytes:
    return (HOME / "id" / f"{name}_id.jpg").read_bytes()


def frame(name: str) -> bytes:
    return (HOME / "capture" / f"{name}.jpg").read_bytes()


def drawn(width: int, height: int, kind: str = ".png") -> bytes:
    """A grey picture of a given size."""
    picture = np.full((height, width, 3), 128, np.uint8)
    return cv2.imencode(kind, picture)[1].tobytes()

"""The default engine: YuNet finds faces, SFace describes them, both run by OpenCV on one thread.

Rules kept here: weights are checked by SHA-256 before they are loaded; one OpenCV thread per
process, because the pool runs one process per core. Similarity is the cosine, -1..1. Source: OpenCV
model zoo.
"""

from typing import Any

import cv2
import numpy as np

from kernel.settings import FaceSettings
from proctor.engines import catalogue, images
from proctor.engines.port import Found, Image

_CONFIDENCE_MIN = 0.7
_OVERLAP_MAX = 0.3
_CANDIDATES = 200
_DETECT_SIDE_PX = 640
_VALUES = 128


class SFaceEngine:
    """See the port's contract."""

    model = catalogue.SFACE_MODEL

    def __init__(self, settings: FaceSettings) -> None:
        detector = catalogue.YUNET.checked(settings.models_dir)
        recogniser = catalogue.SFACE.checked(settings.models_dir)
        cv2.setNumThreads(1)
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        self._detector = cv2.FaceDetectorYN.create(
            str(detector), "", (320, 320), _CONFIDENCE_MIN, _OVERLAP_MAX, _CANDIDATES
        )
        self._recogniser = cv2.FaceRecognizerSF.create(str(recogniser), "")

    def detect(self, image: Image) -> list[Found]:
        small, scale = images.downscale(image, _DETECT_SIDE_PX)
        self._detector.setInputSize((small.shape[1], small.shape[0]))
        rows: Any = self._detector.detect(small)[1]
        if rows is None:
            return []
        found = []
        for row in np.asarray(rows, np.float32):
            marks = row.copy()
            marks[:14] *= scale
            x, y, width, height = (float(value) for value in marks[:4])
            found.append(Found(x, y, width, height, float(row[14]), marks))
        return found

    def template(self, image: Image, face: Found) -> bytes:
        aligned = self._recogniser.alignCrop(image, face.marks)
        vector = np.asarray(self._recogniser.feature(aligned), np.float64).ravel()
        length = float(np.linalg.norm(vector)) or 1.0
        return (vector / length).astype("<f4").tobytes()

    def similarity(self, left: bytes, right: bytes) -> float:
        if len(left) != _VALUES * 4 or len(right) != _VALUES * 4:
            raise ValueError("not templates of this model")
        a, b = np.frombuffer(left, "<f4"), np.frombuffer(right, "<f4")
        return min(1.0, float(np.dot(a.astype(np.float64), b.astype(np.float64))))

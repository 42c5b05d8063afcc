"""The second engine: dlib's HOG detector, 5-point landmarks and ResNet (optional extra ``dlib``).

Rules kept here: dlib is imported only when this engine is made, and its absence is a refusal that
says what to install. Similarity is 1 - Euclidean distance. The 5-point landmark file is used,
because the 68-point file's training data may not be used commercially.
"""

from importlib import resources
from typing import Any

import numpy as np

from kernel.errors import Kind, Refusal
from kernel.settings import FaceSettings
from proctor.engines import catalogue, images
from proctor.engines.port import Found, Image

_DETECT_SIDE_PX = 640
_VALUES = 128
_WEIGHTS = "face_recognition_models"
_LANDMARKS = "models/shape_predictor_5_face_landmarks.dat"
_EMBEDDER = "models/dlib_face_recognition_resnet_model_v1.dat"


class DlibEngine:
    """See the port's contract."""

    model = catalogue.DLIB_MODEL

    def __init__(self, settings: FaceSettings) -> None:
        catalogue.check(settings)
        try:
            import dlib  # noqa: PLC0415 - an optional extra
        except ImportError as missing:
            raise Refusal(
                "face.engine_missing", Kind.UNAVAILABLE, engine="dlib", extra="dlib"
            ) from missing
        self._dlib: Any = dlib
        self._detector = self._dlib.get_frontal_face_detector()
        folder = resources.files(_WEIGHTS)
        with resources.as_file(folder / _LANDMARKS) as path:
            self._landmarks = self._dlib.shape_predictor(str(path))
        with resources.as_file(folder / _EMBEDDER) as path:
            self._embedder = self._dlib.face_recognition_model_v1(str(path))

    def detect(self, image: Image) -> list[Found]:
        small, scale = images.downscale(image, _DETECT_SIDE_PX)
        rgb = np.ascontiguousarray(small[:, :, ::-1])
        boxes, scores, _ = self._detector.run(rgb, 1, 0.0)
        return [
            Found(
                box.left() * scale, box.top() * scale, box.width() * scale, box.height() * scale,
                min(1.0, max(0.0, float(score))), None,
            )
            for box, score in zip(boxes, scores, strict=True)
        ]  # fmt: skip

    def template(self, image: Image, face: Found) -> bytes:
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        left, top = round(face.x), round(face.y)
        box = self._dlib.rectangle(left, top, left + round(face.width), top + round(face.height))
        vector = self._embedder.compute_face_descriptor(rgb, self._landmarks(rgb, box))
        return np.asarray(vector, "<f4").tobytes()

    def similarity(self, left: bytes, right: bytes) -> float:
        if len(left) != _VALUES * 4 or len(right) != _VALUES * 4:
            raise ValueError("not templates of this model")
        a, b = np.frombuffer(left, "<f4"), np.frombuffer(right, "<f4")
        return 1.0 - float(np.linalg.norm(a.astype(np.float64) - b.astype(np.float64)))

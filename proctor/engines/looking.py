"""One look at one frame: decode, count the faces, describe them, compare them with the references."""

from dataclasses import dataclass

from kernel.settings import FaceSettings
from proctor.engines import images
from proctor.engines.port import FaceEngine, Found, Image
from proctor.sight import SeenFace, Sight

_DESCRIBED_MAX = 6


@dataclass(frozen=True, slots=True)
class Look:
    """What to do with a frame. ``references`` are templates of the engine's model."""

    frame: bytes
    references: tuple[bytes, ...] = ()
    keep_templates: bool = False


def open_engine(settings: FaceSettings) -> FaceEngine:
    """The configured engine with its models loaded. Raises what ``catalogue.check`` raises."""
    if settings.engine == "dlib":
        from proctor.engines.dlib import DlibEngine  # noqa: PLC0415 - loads numpy only if asked

        return DlibEngine(settings)
    from proctor.engines.sface import SFaceEngine  # noqa: PLC0415 - loads OpenCV's models

    return SFaceEngine(settings)


def look(engine: FaceEngine, settings: FaceSettings, task: Look) -> Sight:
    """What is seen. Every face is counted; the six largest are described and compared.

    Raises ``image.unreadable``, ``image.too_large``, ``image.too_many_pixels``.
    """
    full = images.decode(
        task.frame, limit_bytes=settings.frame_limit_bytes, limit_px=settings.frame_limit_px
    )
    image, scale = images.downscale(full)
    found = sorted(engine.detect(image), key=lambda f: f.width * f.height, reverse=True)
    brightness, contrast = images.light(image)
    described = task.references or task.keep_templates
    faces = tuple(
        _face(engine, image, scale, face, task if described and rank < _DESCRIBED_MAX else None)
        for rank, face in enumerate(found)
    )
    return Sight(
        width=full.shape[1], height=full.shape[0], brightness=brightness, contrast=contrast,
        faces=faces, luma=images.luma_print(image),
    )  # fmt: skip


def _face(
    engine: FaceEngine, image: Image, scale: float, face: Found, task: Look | None
) -> SeenFace:
    brightness, sharpness = images.face_quality(image, face)
    scores: tuple[float, ...] = ()
    template = b""
    if task is not None:
        template = engine.template(image, face)
        scores = tuple(engine.similarity(template, known) for known in task.references)
    return SeenFace(
        x=round(face.x * scale), y=round(face.y * scale),
        width=round(face.width * scale), height=round(face.height * scale),
        confidence=face.confidence, brightness=brightness, sharpness=sharpness, scores=scores,
        template=template if task is not None and task.keep_templates else b"",
    )  # fmt: skip


def thumbnail(settings: FaceSettings, frame: bytes, side_px: int) -> bytes:
    """A small JPEG of the frame, for the wall and for lists."""
    image = images.decode(
        frame, limit_bytes=settings.frame_limit_bytes, limit_px=settings.frame_limit_px
    )
    return images.thumbnail(image, side_px)

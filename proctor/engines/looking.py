"""One look at one frame: decode, count faces, describe them, compare with the references."""

from kernel.settings import FaceSettings
from proctor.engines import images
from proctor.engines.port import FaceEngine, Found, Image
from proctor.sight import Look, SeenFace, Sight

# More faces than these are counted but not described: describing costs as much as detecting all.
_DESCRIBED_MAX = 6


def open_engine(settings: FaceSettings) -> FaceEngine:
    """The configured engine with its models loaded. Raises what ``catalogue.check`` raises."""
    if settings.engine == "dlib":
        from proctor.engines.dlib import DlibEngine  # noqa: PLC0415 - an optional extra

        return DlibEngine(settings)
    from proctor.engines.sface import SFaceEngine  # noqa: PLC0415 - only one engine is loaded

    return SFaceEngine(settings)


class Looker:
    """An engine and the limits of what it looks at."""

    def __init__(self, settings: FaceSettings) -> None:
        self._settings = settings
        self.engine = open_engine(settings)

    def decode(self, frame: bytes) -> Image:
        """Raises ``image.unreadable``, ``image.too_large``, ``image.too_many_pixels``."""
        settings = self._settings
        return images.decode(
            frame, limit_bytes=settings.frame_limit_bytes, limit_px=settings.frame_limit_px
        )

    def look(self, task: Look) -> Sight:
        """What is seen. Every face is counted; the six largest are described and compared.

        Raises as ``decode`` does.
        """
        full = self.decode(task.frame)
        image, scale = images.downscale(full)
        found = sorted(
            self.engine.detect(image), key=lambda face: face.width * face.height, reverse=True
        )
        brightness, contrast = images.light(image)
        return Sight(
            width=full.shape[1],
            height=full.shape[0],
            brightness=brightness,
            contrast=contrast,
            faces=tuple(
                self._face(image, scale, face, task, described=rank < _DESCRIBED_MAX)
                for rank, face in enumerate(found)
            ),
            luma=images.luma_print(image),
        )

    def thumbnail(self, frame: bytes, side_px: int) -> bytes:
        """A small JPEG of the frame, for the wall and for lists. Raises as ``decode`` does."""
        return images.thumbnail(self.decode(frame), side_px)

    def _face(
        self, image: Image, scale: float, face: Found, task: Look, *, described: bool
    ) -> SeenFace:
        brightness, sharpness = images.face_quality(image, face)
        template = b""
        scores: tuple[float, ...] = ()
        if described and (task.references or task.keep_templates):
            template = self.engine.template(image, face)
            scores = tuple(self.engine.similarity(template, known) for known in task.references)
        return SeenFace(
            x=round(face.x * scale),
            y=round(face.y * scale),
            width=round(face.width * scale),
            height=round(face.height * scale),
            confidence=face.confidence,
            brightness=brightness,
            sharpness=sharpness,
            scores=scores,
            template=template if task.keep_templates else b"",
        )

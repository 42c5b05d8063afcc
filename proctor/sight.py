"""What a face engine saw in one frame, as plain values that travel between processes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """What to do with a frame. ``references`` are templates of the engine's model."""

    frame: bytes
    references: tuple[bytes, ...] = ()
    keep_templates: bool = False


@dataclass(frozen=True, slots=True)
class SeenFace:
    """One face. The box is in pixels of the frame as it arrived.

    ``brightness`` is the mean grey level (0..255) of the face, ``sharpness`` is what
    ``proctor.engines.images.sharpness`` defines. ``scores`` holds one similarity per reference
    asked about; it is empty for a face that was only counted. ``template`` is filled only when
    asked for.
    """

    x: int
    y: int
    width: int
    height: int
    confidence: float
    brightness: float
    sharpness: float
    scores: tuple[float, ...] = ()
    template: bytes = b""

    @property
    def score(self) -> float:
        """The best similarity to any reference, -1 when there was none."""
        return max(self.scores, default=-1.0)


@dataclass(frozen=True, slots=True)
class Sight:
    """One frame: size in pixels, mean and deviation of grey, faces (largest first).

    ``luma`` is 16 x 12 mean grey levels, row by row: enough to tell a frozen picture from a live
    one.
    """

    width: int
    height: int
    brightness: float
    contrast: float
    faces: tuple[SeenFace, ...]
    luma: bytes

    def best(self) -> SeenFace | None:
        """The face that fits best, not the largest: a bystander may stand nearer to the camera."""
        return max(self.faces, key=lambda face: face.score, default=None)

    def central(self) -> SeenFace | None:
        """The face nearest to the middle: whom a picture of one person, with bystanders, is of."""
        return min(
            self.faces,
            key=lambda face: (
                (face.x + face.width / 2 - self.width / 2) ** 2
                + (face.y + face.height / 2 - self.height / 2) ** 2
            ),
            default=None,
        )

"""Pictures in, numbers out: safe decoding, light, sharpness, thumbnails.

Rules kept here: size is read from the file's header and refused before a pixel is decoded; only
JPEG and PNG are read; a damaged picture is a refusal, never a crash.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from kernel.errors import Kind, Refusal
from proctor.engines.port import Found, Image

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_SIDE_PX = 1280
_FACE_PX = 112


def size_px(data: bytes) -> tuple[int, int]:
    """Width and height from the header. Raises ``image.unreadable``."""
    if data.startswith(_PNG) and data[12:16] == b"IHDR" and len(data) > 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data.startswith(_JPEG):
        found = _jpeg_size_px(data)
        if found is not None:
            return found
    raise Refusal("image.unreadable")


def _jpeg_size_px(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in (0xFF, 0x01) or 0xD0 <= marker <= 0xD7:
            at += 1 if marker == 0xFF else 2
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height = int.from_bytes(data[at + 5 : at + 7], "big")
            return int.from_bytes(data[at + 7 : at + 9], "big"), height
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def decode(data: bytes, *, limit_bytes: int, limit_px: int) -> Image:
    """The picture, turned as its EXIF says. Raises ``image.too_large``, ``image.unreadable``."""
    if len(data) > limit_bytes:
        raise Refusal("image.too_large", Kind.TOO_LARGE, limit_mb=limit_bytes >> 20)
    width, height = size_px(data)
    if width * height > limit_px:
        raise Refusal("image.too_many_pixels", Kind.TOO_LARGE, width=width, height=height)
    if min(width, height) < 16:
        raise Refusal("image.unreadable")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as damaged:
        raise Refusal("image.unreadable") from damaged
    if image is None:
        raise Refusal("image.unreadable")
    return np.asarray(image, np.uint8)


def downscale(image: Image, side_px: int = _SIDE_PX) -> tuple[Image, float]:
    """The picture with no side over ``side_px``, and what its coordinates were divided by."""
    longest = max(image.shape[:2])
    if longest <= side_px:
        return image, 1.0
    scale = longest / side_px
    size = (round(image.shape[1] / scale), round(image.shape[0] / scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def grey(image: Image) -> NDArray[np.uint8]:
    """Luma, 0..255."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def light(image: Image) -> tuple[float, float]:
    """Mean and standard deviation of luma. A covered lens has both near zero."""
    luma = grey(image)
    return float(luma.mean()), float(luma.std())


def face_quality(image: Image, face: Found) -> tuple[float, float]:
    """Brightness and sharpness of the face, measured on its box brought to 112 x 112."""
    rows, columns = image.shape[:2]
    left, top = max(0, int(face.x)), max(0, int(face.y))
    right = min(columns, int(face.x + face.width) + 1)
    bottom = min(rows, int(face.y + face.height) + 1)
    if right - left < 4 or bottom - top < 4:
        return 0.0, 0.0
    box = image[top:bottom, left:right]
    square = cv2.resize(box, (_FACE_PX, _FACE_PX), interpolation=cv2.INTER_AREA)
    luma = grey(np.asarray(square, np.uint8))
    return float(luma.mean()), sharpness(luma)


def sharpness(luma: NDArray[np.uint8]) -> float:
    """How much fine detail there is, free of lighting: the weaker half of the Laplacian's variance.

    1000 x min(var d2/dx2, var d2/dy2) / var(luma), after a 3 x 3 Gaussian that takes sensor noise
    away. The two directions are taken apart because motion blurs only one of them.
    """
    smooth = cv2.GaussianBlur(luma, (3, 3), 0).astype(np.float64)
    across = float(np.diff(smooth, 2, axis=1).var())
    down = float(np.diff(smooth, 2, axis=0).var())
    return 1000.0 * min(across, down) / (float(smooth.var()) + 1.0)


def luma_print(image: Image) -> bytes:
    """16 x 12 mean grey levels."""
    return np.asarray(cv2.resize(grey(image), (16, 12), interpolation=cv2.INTER_AREA)).tobytes()


def thumbnail(image: Image, side_px: int, quality: int = 70) -> bytes:
    """A JPEG with no side over ``side_px``."""
    small, _ = downscale(image, side_px)
    done, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise Refusal("image.unreadable")
    return bytes(data)

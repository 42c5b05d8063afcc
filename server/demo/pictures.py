"""Pictures of the simulated candidates, each marked 模拟画面 where no face is.

Rules kept here: the mark is drawn into the bytes themselves, so that no copy of a picture loses it.
"""

import io
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from kernel.printing import regular_file
from server.rehearsal.faces import OWN, FaceSet, load_faces

MARK = "模拟画面"
THUMBNAIL = (320, 240)


def marked(jpeg: bytes) -> bytes:
    """The picture as JPEG, marked at its upper right, where a cropped tile still shows it."""
    picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
    draw = ImageDraw.Draw(picture)
    height = max(12, picture.height // 16)
    font = ImageFont.truetype(str(regular_file()), height)
    width = draw.textlength(MARK, font=font)
    left, top = picture.width - width - height // 2, picture.height * 0.19
    draw.rectangle((left - 4, top - 2, left + width + 4, top + 1.3 * height), fill=(20, 26, 34))
    draw.text((left, top), MARK, font=font, fill=(255, 255, 255))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82)
    return out.getvalue()


@cache
def cast_faces() -> dict[str, FaceSet]:
    """The stand-ins with marked camera frames; portraits stay as they are."""
    return {
        name: FaceSet(name, face.portrait, tuple(marked(frame) for frame in face.frames))
        for name, face in load_faces().items()
    }


@cache
def thumbnail(frame: bytes) -> bytes:
    """A marked frame as the wall shows it."""
    picture = Image.open(io.BytesIO(frame)).resize(THUMBNAIL)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82)
    return out.getvalue()


@cache
def scene(name: str) -> bytes:
    """``empty_chair`` or ``two_people``, marked."""
    return marked((OWN / "capture" / f"{name}.jpg").read_bytes())

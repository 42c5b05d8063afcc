"""Reading pictures safely, and measuring them."""

import zlib

import pytest

from kernel.errors import Refusal
from proctor.engines import images
from tests.unit.proctor import faces

LIMITS = {"limit_bytes": 1 << 20, "limit_px": 1_000_000}


@pytest.mark.parametrize("kind", [".png", ".jpg"])
def test_size_is_read_from_the_header(kind: str) -> None:
    assert images.size_px(faces.drawn(70, 50, kind)) == (70, 50)


@pytest.mark.parametrize("name", ["obama_640", "black", "two_people"])
def test_a_jpeg_header_agrees_with_its_pixels(name: str) -> None:
    data = faces.frame(name)
    rows, columns = images.decode(data, **LIMITS).shape[:2]
    assert images.size_px(data) == (columns, rows)


def bomb() -> bytes:
    """A PNG of a few bytes that claims a billion pixels."""
    header = b"IHDR" + (40_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    chunk = (13).to_bytes(4, "big") + header + zlib.crc32(header).to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n" + chunk


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "image.unreadable"),
        (b"GIF89a" + bytes(40), "image.unreadable"),
        (b"\xff\xd8\xff\xe0junk", "image.unreadable"),
        (faces.frame("obama_640")[:300], "image.unreadable"),
        (faces.drawn(8, 8), "image.unreadable"),
        (faces.drawn(1200, 1200), "image.too_many_pixels"),
        (bomb(), "image.too_many_pixels"),
        (b"\xff\xd8" + bytes(1 << 20), "image.too_large"),
    ],
    ids=["empty", "gif", "junk", "cut", "tiny", "pixels", "bomb", "bytes"],
)
def test_a_bad_picture_is_refused_with_its_code(data: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        images.decode(data, **LIMITS)
    assert refused.value.code == code


def test_downscaling_keeps_the_shape_and_says_the_scale() -> None:
    image = images.decode(faces.drawn(900, 600), **LIMITS)
    small, scale = images.downscale(image, 300)
    assert small.shape[:2] == (200, 300)
    assert scale == 3.0
    assert images.downscale(small, 300) == (small, 1.0)


def test_blur_and_motion_lower_sharpness_and_darkness_does_not() -> None:
    def sharpness(name: str) -> float:
        luma = images.grey(images.decode(faces.frame(name), **LIMITS))
        return images.sharpness(luma[100:340, 220:420])

    plain, dark = sharpness("obama_640"), sharpness("obama_backlit")
    assert sharpness("obama_blur") < plain / 4
    assert sharpness("obama_motion") < plain / 4
    assert dark > plain / 2


def test_a_thumbnail_is_a_small_jpeg() -> None:
    data = images.thumbnail(images.decode(faces.frame("obama_640"), **LIMITS), 160)
    assert images.size_px(data) == (160, 120)
    assert len(data) < 10_000


def test_prints_tell_two_captures_apart() -> None:
    prints = {
        images.luma_print(images.decode(faces.frame(name), **LIMITS))
        for name in ("obama_640", "obama_b_640")
    }
    assert {len(one) for one in prints} == {192}
    assert len(prints) == 2

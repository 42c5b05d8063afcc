"""Printing: the Chinese font of every PDF, registered once with reportlab, and its QR codes.

Rules kept here: a PDF embeds its own TrueType font, so paper looks the same everywhere; a missing
font is an error that says how to get it, never a page of empty boxes;
a QR code holds the text and nothing else, and one too long for a symbol that cameras read well is
spread over a structured sequence of them.
"""

import io
from functools import cache
from pathlib import Path

import segno
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from kernel.errors import Kind, Refusal

REGULAR = "GongyuanSans"
BOLD = "GongyuanSans-Bold"
ONE_SYMBOL_BYTES = 1_732
"""Version 30 at level L (ISO/IEC 18004): 137 modules, 0.8 mm each at 116 mm."""
SEQUENCE_VERSION = 25

_REGULAR_FILE = "NotoSansSC-Regular.ttf"
_BOLD_FILE = "NotoSansSC-Bold.ttf"
_PIXELS_PER_MODULE = 8


def known_places() -> list[Path]:
    """Folders that are searched, in order: beside the program, then the system's own."""
    beside = Path(__file__).resolve().parent.parent / ".fonts"
    return [
        Path(".fonts"),
        beside,
        Path("/usr/share/fonts/truetype/noto"),
        Path("/usr/share/fonts"),
    ]


@cache
def use_fonts(font_path: Path | None = None) -> None:
    """Registers ``REGULAR`` and ``BOLD``. ``font_path`` names one TrueType file for both weights.

    Raises ``printing.no_font``.
    """
    regular, bold = (font_path, font_path) if font_path else _search()
    try:
        pdfmetrics.registerFont(TTFont(REGULAR, str(regular)))
        pdfmetrics.registerFont(TTFont(BOLD, str(bold)))
    except (TTFError, OSError) as wrong:
        raise Refusal(
            "printing.no_font", Kind.UNAVAILABLE, path=str(regular), detail=str(wrong)[:120]
        ) from wrong
    pdfmetrics.registerFontFamily(REGULAR, REGULAR, BOLD, REGULAR, BOLD)


def regular_file() -> Path:
    """The regular cut, for pictures. Raises ``printing.no_font``."""
    return _search()[0]


def symbols(text: str) -> list[bytes]:
    """The text as PNG images: one QR code, or a structured sequence of up to 16."""
    raw = text.encode()
    if len(raw) <= ONE_SYMBOL_BYTES:
        made = [segno.make(raw, error="l", mode="byte", boost_error=True, micro=False)]
    else:
        made = list(segno.make_sequence(raw, version=SEQUENCE_VERSION, error="l", mode="byte"))
    images = []
    for code in made:
        out = io.BytesIO()
        code.save(out, kind="png", scale=_PIXELS_PER_MODULE, border=4)
        images.append(out.getvalue())
    return images


def _search() -> tuple[Path, Path]:
    for folder in known_places():
        regular = folder / _REGULAR_FILE
        if regular.is_file():
            bold = folder / _BOLD_FILE
            return regular, bold if bold.is_file() else regular
    raise Refusal("printing.no_font", Kind.UNAVAILABLE, path=_REGULAR_FILE, detail="make setup")

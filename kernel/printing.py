"""Printing: the Chinese font of every PDF, registered once with reportlab.

Rules kept here: a PDF embeds its own TrueType font, so paper looks the same everywhere; a missing
font is an error that says how to get it, never a page of empty boxes.
"""

from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from kernel.errors import Kind, Refusal

REGULAR = "GongyuanSans"
BOLD = "GongyuanSans-Bold"

_REGULAR_FILE = "NotoSansSC-Regular.ttf"
_BOLD_FILE = "NotoSansSC-Bold.ttf"


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


def _search() -> tuple[Path, Path]:
    for folder in known_places():
        regular = folder / _REGULAR_FILE
        if regular.is_file():
            bold = folder / _BOLD_FILE
            return regular, bold if bold.is_file() else regular
    raise Refusal("printing.no_font", Kind.UNAVAILABLE, path=_REGULAR_FILE, detail="make setup")

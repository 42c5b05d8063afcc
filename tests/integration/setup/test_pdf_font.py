"""The font that set-up brings is embedded in a PDF, so that Chinese prints everywhere."""

import io
from typing import Any

import pypdf
import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from setup.fonts import WEIGHTS
from setup.places import FONTS

WORDS = "准考证 贡院 人工智能训练师 三级 Abc 123"


@pytest.mark.parametrize("name", WEIGHTS)
def test_chinese_text_is_embedded_and_can_be_read_back(name: str) -> None:
    pdfmetrics.registerFont(TTFont(name, str(FONTS / name)))
    printed = io.BytesIO()
    canvas = Canvas(printed, initialFontName=name)  # type: ignore[arg-type]
    canvas.drawString(72, 700, WORDS)
    canvas.save()
    page = pypdf.PdfReader(printed).pages[0]
    assert page.extract_text().strip() == WORDS
    resources: Any = page["/Resources"]
    fonts = [entry.get_object() for entry in resources["/Font"].values()]
    assert fonts
    assert all("/FontFile2" in font["/FontDescriptor"].get_object() for font in fonts)

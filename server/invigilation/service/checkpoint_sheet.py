"""The log's head on paper (日志检查点, A4), to be signed by two people and taken away.

Rules kept here: size and root stand in groups that can be read aloud; the QR code is the signed
note itself; the sheet says what it proves and what not, in both languages.
"""

import io
from collections.abc import Sequence
from datetime import timedelta, timezone
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from kernel.clock import as_datetime
from kernel.printing import BOLD, REGULAR, symbols, use_fonts
from kernel.words import LANGUAGES, say
from server.invigilation.service.checkpoints import Occasion, PrintedHead

CHINA = timezone(timedelta(hours=8))
TITLES = {
    Occasion.START: "日志检查点(开考) Log checkpoint at the start",
    Occasion.END: "日志检查点(结束) Log checkpoint at the end",
}
SIGNERS = ("主考 Chief", "在场见证人 Witness present")
_MARGIN, _LABEL, _LINE, _LEADING = 18 * mm, 46 * mm, 6.2 * mm, 3.9 * mm
_FOOT, _LARGEST = 62 * mm, 100 * mm
_GROUP, _GROUPS_EACH_LINE = 4, 8


def checkpoint_pdf(head: PrintedHead, font_path: Path | None = None) -> bytes:
    """One page; ``font_path`` as in ``kernel.printing``."""
    use_fonts(font_path)
    out = io.BytesIO()
    page = Canvas(out, pagesize=A4)
    page.setTitle("日志检查点")
    width, height = A4
    page.setFont(BOLD, 16)
    page.drawCentredString(width / 2, height - 22 * mm, TITLES[head.occasion])
    top = _facts(page, head, height - 34 * mm)
    top = _words(page, top - 2 * mm)
    _codes(page, symbols(head.note_text), top)
    _signatures(page)
    page.showPage()
    page.save()
    return out.getvalue()


def root_lines(root: bytes) -> list[str]:
    """The root in hexadecimal, in groups of four."""
    text = root.hex()
    groups = [text[at : at + _GROUP] for at in range(0, len(text), _GROUP)]
    return [
        " ".join(groups[at : at + _GROUPS_EACH_LINE])
        for at in range(0, len(groups), _GROUPS_EACH_LINE)
    ]


def _facts(page: Canvas, head: PrintedHead, top: float) -> float:
    facts = [
        ("场次 Session", [head.session_name[:40]]),
        ("职业 Occupation", [head.subject[:40]]),
        ("日志 Origin", [head.checkpoint.origin]),
        ("树的大小 Size", [f"{head.checkpoint.size:,}"]),
        ("树根 Root", root_lines(head.checkpoint.root)),
        ("检查点时间 Signed", [_when(head.signed_at_ms)]),
        ("打印时间 Printed", [_when(head.printed_at_ms)]),
        ("日志公钥 Log key", [head.log_key]),
        ("见证人 Cosigners", ["、".join(head.cosigners) or "无 none"]),
    ]
    for label, values in facts:
        page.setFont(REGULAR, 9)
        page.drawString(_MARGIN, top, label)
        for value in values:
            top -= _LINE * _paragraph(page, value, (BOLD, 10), _MARGIN + _LABEL, top + 10)
    return top


def _words(page: Canvas, top: float) -> float:
    for language in LANGUAGES:
        for code in ("checkpoint_sheet.proves", "checkpoint_sheet.how", "checkpoint_sheet.not"):
            top -= _LEADING * _paragraph(page, say(code, {}, language), (REGULAR, 8), _MARGIN, top)
        top -= 1 * mm
    return top


def _paragraph(page: Canvas, text: str, font: tuple[str, int], left: float, top: float) -> int:
    """Draws the text, broken anywhere, to the right margin; how many lines it took."""
    width, _ = A4
    name, size = font
    leading = _LINE if size > 8 else _LEADING
    style = ParagraphStyle("t", fontName=name, fontSize=size, leading=leading, wordWrap="CJK")
    whole = Paragraph(escape(text), style)
    _, taken = whole.wrap(width - left - _MARGIN, top)
    whole.drawOn(page, left, top - taken)
    return round(taken / leading)


def _codes(page: Canvas, images: Sequence[bytes], top: float) -> None:
    width, _ = A4
    across = 1 if len(images) == 1 else 2
    down = -(-len(images) // across)
    room = min((width - 2 * _MARGIN) / across, (top - _FOOT) / down, _LARGEST)
    left = (width - across * room) / 2
    for number, image in enumerate(images):
        row, column = divmod(number, across)
        page.drawImage(
            ImageReader(io.BytesIO(image)), left + column * room, top - (row + 1) * room, room, room
        )


def _signatures(page: Canvas) -> None:
    width, _ = A4
    half = (width - 2 * _MARGIN) / len(SIGNERS)
    for at, who in enumerate(SIGNERS):
        left = _MARGIN + at * half
        page.setFont(REGULAR, 9)
        page.drawString(left, 48 * mm, f"{who} · 签名、日期 Signature, date")
        page.line(left, 28 * mm, left + half - 10 * mm, 28 * mm)


def _when(instant_ms: int) -> str:
    return f"{as_datetime(instant_ms).astimezone(CHINA):%Y-%m-%d %H:%M:%S} (UTC+8)"

"""The receipt on paper (回执单, A4): what was handed in, the code, and the proof as QR code.

Rules kept here: the QR code holds the proof file's text and nothing else; the sheet says what it
proves and what not, in both languages, and names the person masked.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfgen.canvas import Canvas

from kernel.clock import as_datetime
from kernel.printing import BOLD, REGULAR, symbols, use_fonts
from kernel.words import LANGUAGES, say
from server.results.service.proving import Printed, ProofFile
from server.sittings.service.shapes import masked

CHINA = timezone(timedelta(hours=8))
_MARGIN, _LINE = 18 * mm, 6.2 * mm


def receipt_pdf(sheets: Sequence[Printed], font_path: Path | None = None) -> bytes:
    """A page for each; ``font_path`` as in ``kernel.printing``."""
    use_fonts(font_path)
    out = io.BytesIO()
    page = Canvas(out, pagesize=A4)
    page.setTitle("交卷回执单")
    for one in sheets:
        _page(page, one)
        page.showPage()
    page.save()
    return out.getvalue()


def _page(page: Canvas, one: Printed) -> None:
    width, height = A4
    page.setFont(BOLD, 18)
    page.drawCentredString(width / 2, height - 22 * mm, "交卷回执单 Receipt")
    top = height - 34 * mm
    for label, value in _facts(one):
        page.setFont(REGULAR, 9)
        page.drawString(_MARGIN, top, label)
        page.setFont(BOLD, 10)
        page.drawString(_MARGIN + 46 * mm, top, value)
        top -= _LINE
    top = _words(page, one.proof, top - 2 * mm)
    if one.proof is not None:
        _codes(page, symbols(one.proof.text), top)


def _facts(one: Printed) -> list[tuple[str, str]]:
    submitted = as_datetime(one.sitting.submitted_at_ms or 0).astimezone(CHINA)
    return [
        ("考生 Candidate", masked(one.candidate.name)),
        ("准考证号 Ticket", one.candidate.ticket_no),
        ("场次 Session", one.exam.name[:40]),
        ("职业 Occupation", f"{one.exam.occupation_name} · {one.exam.subject}"[:40]),
        ("交卷时间 Handed in", f"{submitted:%Y-%m-%d %H:%M:%S} (UTC+8)"),
        *([] if one.proof is None else _stated(one.sitting.receipt or {}, one.proof.code)),
    ]


def _stated(receipt: Mapping[str, Any], code: str) -> list[tuple[str, str]]:
    return [
        ("作答 Answered", f"{receipt.get('answered', 0)} / {receipt.get('item_count', 0)}"),
        ("回执码 Code", "-".join(code[at : at + 4] for at in range(0, len(code), 4))),
    ]


def _words(page: Canvas, proof: ProofFile | None, top: float) -> float:
    width, _ = A4
    cosigned = 0 if proof is None else proof.cosigned
    state = "cosigned" if cosigned else "not_cosigned"
    said = ["receipt_sheet.proves", f"receipt_sheet.{state}", "receipt_sheet.not"]
    for language in LANGUAGES:
        for code in said if proof is not None else ["receipt_sheet.not_made"]:
            text = say(code, {"n": cosigned}, language)
            page.setFont(REGULAR, 8)
            for line in simpleSplit(text, REGULAR, 8, width - 2 * _MARGIN):
                page.drawString(_MARGIN, top, line)
                top -= 3.9 * mm
        top -= 1 * mm
    return top


def _codes(page: Canvas, images: Sequence[bytes], top: float) -> None:
    width, _ = A4
    across = 1 if len(images) == 1 else 2
    down = -(-len(images) // across)
    room = min((width - 2 * _MARGIN) / across, (top - 10 * mm) / down)
    left = (width - across * room) / 2
    for number, image in enumerate(images):
        row, column = divmod(number, across)
        page.drawImage(
            ImageReader(io.BytesIO(image)), left + column * room, top - (row + 1) * room, room, room
        )

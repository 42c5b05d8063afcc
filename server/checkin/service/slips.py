"""The slip that the candidate takes to the seat (A6, black on white)."""

import io
from dataclasses import dataclass
from datetime import timedelta, timezone
from pathlib import Path

from reportlab.lib.pagesizes import A6
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from kernel.clock import as_datetime
from kernel.crypto import digest
from kernel.ids import short_code
from kernel.printing import BOLD, REGULAR, use_fonts

CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Slip:
    """What stands on the slip."""

    exam: str
    starts_at_ms: int
    name: str
    ticket_no: str
    id_number_masked: str
    room_name: str
    seat_no: str
    machine_code: str
    slip_code: str


def new_slip_code(checkin_id: str) -> str:
    """A code to read aloud; it locates the visit and proves nothing."""
    return short_code(digest.sha256(b"slip/" + checkin_id.encode()))


def slip_pdf(slip: Slip, font_path: Path | None = None) -> bytes:
    """One page; ``font_path`` as in ``kernel.printing``."""
    use_fonts(font_path)
    out = io.BytesIO()
    page = Canvas(out, pagesize=A6)
    page.setTitle("考位单")
    width, height = A6
    page.setFont(BOLD, 16)
    page.drawCentredString(width / 2, height - 16 * mm, "考位单")
    page.setFont(REGULAR, 9)
    page.drawCentredString(width / 2, height - 23 * mm, slip.exam[:40])
    page.setFont(BOLD, 44)
    page.drawCentredString(width / 2, height - 48 * mm, slip.seat_no)
    page.setFont(BOLD, 13)
    page.drawCentredString(
        width / 2, height - 58 * mm, f"{slip.room_name}　{slip.machine_code} 号机"
    )
    starts = as_datetime(slip.starts_at_ms).astimezone(CHINA)
    lines = (
        ("姓名", slip.name),
        ("准考证号", slip.ticket_no),
        ("证件号", slip.id_number_masked),
        ("开考时间", f"{starts:%Y-%m-%d %H:%M}"),
        ("核验码", slip.slip_code),
    )
    page.setFont(REGULAR, 10)
    for number, (label, value) in enumerate(lines):
        page.drawString(14 * mm, height - (72 + 7 * number) * mm, label)
        page.drawString(34 * mm, height - (72 + 7 * number) * mm, value)
    page.setFont(REGULAR, 8)
    page.drawCentredString(width / 2, 12 * mm, "请按考位就座;在其他机器上不能登录。")
    page.showPage()
    page.save()
    return out.getvalue()

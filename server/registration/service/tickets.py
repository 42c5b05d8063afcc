"""Admission tickets (准考证) as PDF, one A4 page each, with the font inside.

Rules kept here: no seat stands on a ticket, it is drawn on the spot; the ID number is masked; the
QR code holds the ticket number and nothing else.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import segno
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    Flowable,
    Image,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from kernel.printing import BOLD, REGULAR, use_fonts
from kernel.words import say
from paper.items import LEVEL_TITLES
from server.registration.rules import Route
from server.registration.service.times import exam_time
from server.registration.tables import CandidateRow
from server.sessions.tables import SessionRow

RULES = 7
WIDTH = 174 * mm
INK = colors.HexColor("#1f2933")
LINE = colors.HexColor("#9aa5b1")
SHADE = colors.HexColor("#f0f4f8")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What is printed on one ticket; ``portrait`` is JPEG."""

    candidate: CandidateRow
    portrait: bytes | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the session is held."""

    sites: str
    address: str


def print_tickets(
    plan: SessionRow, place: Place, tickets: Sequence[Ticket], font_path: Path | None
) -> bytes:
    """The PDF. Slow: call it off the event loop. Raises ``printing.no_font``."""
    use_fonts(font_path)
    pages: list[Flowable] = []
    for ticket in tickets:
        pages += [*_page(plan, place, ticket), PageBreak()]
    out = io.BytesIO()
    SimpleDocTemplate(
        out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=16 * mm,
        bottomMargin=14 * mm, title=f"准考证 {plan.name}", author="Gongyuan 贡院",
    ).build(pages[:-1])  # fmt: skip
    return out.getvalue()


def _style(size: int, *, bold: bool = False, centred: bool = False) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size}{bold}{centred}", fontName=BOLD if bold else REGULAR, fontSize=size,
        leading=size * 1.5, textColor=INK, wordWrap="CJK", alignment=1 if centred else 0,
    )  # fmt: skip


def _text(words: str, size: int = 10, *, bold: bool = False, centred: bool = False) -> Paragraph:
    safe = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Paragraph(safe, _style(size, bold=bold, centred=centred))


def _page(plan: SessionRow, place: Place, ticket: Ticket) -> list[Flowable]:
    rules = [
        _text(f"{number}. {say(f'ticket.rule_{number}', {}, 'zh')}", 9)
        for number in range(1, RULES + 1)
    ]
    return [
        _text("职业技能等级认定", 12, centred=True),
        _text("准 考 证", 22, bold=True, centred=True),
        Spacer(1, 8 * mm),
        _facts(plan, place, ticket),
        Spacer(1, 7 * mm),
        _text("考生须知", 11, bold=True),
        Spacer(1, 1.5 * mm),
        *rules,
    ]


def _facts(plan: SessionRow, place: Place, ticket: Ticket) -> Table:
    who = ticket.candidate
    starts, ends = exam_time(plan.starts_at_ms), exam_time(plan.ends_at_ms)
    opens_s = int(plan.policy["check_in_opens_s"])
    desk = exam_time(plan.starts_at_ms - opens_s * 1_000)
    verified = "人脸识别 + 监考确认" if who.route == Route.FACE else "证件人工核验"
    lines = [
        ("姓名", who.name),
        ("性别", who.gender or "—"),
        ("准考证号", who.ticket_no),
        ("证件号码", who.id_number_masked),
        ("职业 / 等级", f"{plan.occupation_name} {LEVEL_TITLES[plan.level]}"),
        ("科目 / 场次", f"{plan.subject}({plan.name})"),
        ("考试时间", f"{starts:%Y年%m月%d日 %H:%M} 至 {ends:%H:%M}(北京时间)"),
        ("签到时间", f"{desk:%H:%M} 起,凭本证和有效证件"),
        ("考点", place.sites),
        ("地址", place.address or "—"),
        ("考场 / 座位", "现场抽签"),
        ("核验方式", verified),
    ]
    facts = Table(
        [[_text(name, 9), _text(value, 11, bold=True)] for name, value in lines],
        colWidths=[24 * mm, 106 * mm],
    )
    facts.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.5, LINE),
                ("BACKGROUND", (0, 0), (0, -1), SHADE),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
            ]
        )
    )
    side = Table(
        [
            [_portrait(ticket.portrait)],
            [_code(who.ticket_no)],
            [_text(who.ticket_no, 8, centred=True)],
        ],
        colWidths=[40 * mm],
    )
    side.setStyle(
        TableStyle([("ALIGN", (0, 0), (-1, -1), "CENTER"), ("TOPPADDING", (0, 0), (-1, 0), 0)])
    )
    both = Table([[facts, side]], colWidths=[132 * mm, 42 * mm])
    both.setStyle(
        TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, 0), 0)])
    )
    return both


def _portrait(picture: bytes | None) -> Flowable:
    if picture is None:
        frame = Table(
            [[_text("照片", 10, centred=True)]], colWidths=[35 * mm], rowHeights=[45 * mm]
        )
        frame.setStyle(
            TableStyle(
                [("BOX", (0, 0), (-1, -1), 0.5, LINE), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")]
            )
        )
        return frame
    return Image(io.BytesIO(picture), 35 * mm, 45 * mm, kind="proportional")


def _code(ticket_no: str) -> Flowable:
    out = io.BytesIO()
    segno.make(ticket_no, error="m", micro=False).save(out, kind="png", scale=8, border=2)
    out.seek(0)
    return Image(out, 32 * mm, 32 * mm)

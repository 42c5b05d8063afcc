"""The room record on paper (A4), to be signed by two invigilators."""

import io
from collections.abc import Sequence
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from kernel.clock import as_datetime
from kernel.printing import BOLD, REGULAR, use_fonts
from paper.items import LEVEL_NAMES
from server.invigilation.service.shapes import RoomRecord

CHINA = timezone(timedelta(hours=8))
ACT_NAMES = {
    "seat_drawn": "入场就座", "late_override": "迟到准入", "warned": "提醒", "extended": "补时",
    "paused": "暂停", "resumed": "恢复", "transferred": "换机", "face_confirmed": "座位核验确认",
    "forced": "强制交卷", "violation": "违纪登记", "absent": "缺考", "incident_decided": "异常处置",
}  # fmt: skip
POINT_NAMES = {
    "not_submitted": "未交卷", "no_answers": "交卷但无作答", "incident_open": "异常未处置",
    "absence_unconfirmed": "缺考未确认",
}  # fmt: skip
# Taking seats is the normal course; the sheet lists what was out of the ordinary.
USUAL = frozenset({"seat_drawn", "absent"})


def room_record_pdf(record: RoomRecord, font_path: Path | None = None) -> bytes:
    """The sheet of what ``Records.room_record`` returned."""
    use_fonts(font_path)
    out = io.BytesIO()
    sheet = SimpleDocTemplate(
        out, pagesize=A4, title="考场情况记录单", leftMargin=18 * mm, rightMargin=18 * mm,
        topMargin=16 * mm, bottomMargin=16 * mm,
    )  # fmt: skip
    sheet.build(_story(record))
    return out.getvalue()


def _story(record: RoomRecord) -> list[Flowable]:
    exam, room, counts = record["session"], record["room"], record["counts"]
    parts: list[Flowable] = [
        _text("考场情况记录单", BOLD, 16, centre=True),
        Spacer(1, 4 * mm),
        _table(
            [
                ["考点", room["site_name"], "考场", room["name"]],
                ["场次", exam["name"], "科目", exam["subject"]],
                ["职业(等级)", f"{exam['occupation_name']}({LEVEL_NAMES[exam['level']]})", "时间",
                 f"{_when(exam['starts_at_ms'])} — {_when(exam['ends_at_ms'])[11:]}"],
                ["应到", counts["expected"], "实到", counts["present"]],
                ["缺考", counts["absent"], "已交卷", counts["submitted"]],
                ["强制交卷", counts["forced"], "违纪", counts["violations"]],
            ],
            [24, 63, 20, 67],
        ),
    ]  # fmt: skip
    points = [[name, seats] for name, seats in _open_points(record).items()]
    parts += _section("尚未了结", ["事项", "考位"], points, [40, 134])
    parts += _section(
        "缺考", ["考位", "准考证号", "姓名", "监考员确认"],
        [[a["seat_no"], a["ticket_no"], a["name"], "是" if a["confirmed"] else "否"]
         for a in record["absent"]],
        [24, 60, 50, 40],
    )  # fmt: skip
    parts += _section(
        "补时", ["考位", "准考证号", "姓名", "分:秒"],
        [[e["seat_no"], e["ticket_no"], e["name"], f"{e['extend_s'] // 60}:{e['extend_s'] % 60:02}"]
         for e in record["extensions"]],
        [24, 60, 50, 40],
    )  # fmt: skip
    parts += _section(
        "违纪登记", ["时间", "姓名", "条款", "情况"],
        [[_when(v["at_ms"])[11:], v["name"], v["article_id"], v["reason_text"]]
         for v in record["violations"]],
        [24, 30, 24, 96],
    )  # fmt: skip
    parts += _section(
        "处置记录", ["时间", "事项", "考生", "原因", "经办人"],
        [[_when(a["at_ms"])[11:], ACT_NAMES.get(a["kind"], a["kind"]), a["name"],
          a.get("reason_text") or a.get("reason_code") or "", a["by_name"]]
         for a in record["acts"] if a["kind"] not in USUAL],
        [24, 30, 30, 60, 30],
    )  # fmt: skip
    made = _text(f"生成时间 {_when(record['made_at_ms'])};记录取自签名日志。", REGULAR, 8)
    signed = _text(
        "监考员(一)____________　　监考员(二)____________　　主考____________", REGULAR, 10
    )
    return [*parts, Spacer(1, 10 * mm), signed, Spacer(1, 4 * mm), made]


def _open_points(record: RoomRecord) -> dict[str, str]:
    """What is open, each with its seats in order; a seat with two of a kind stands there twice."""
    seats: dict[str, list[str]] = {}
    for point in record["open_points"]:
        name = POINT_NAMES.get(point["code"], point["code"])
        seats.setdefault(name, []).append(point.get("seat_no", ""))
    return {name: "、".join(sorted(found)) for name, found in seats.items()}


def _section(
    title: str, head: list[str], rows: Sequence[Sequence[Any]], widths: list[int]
) -> list[Flowable]:
    body: Flowable = _table([head, *rows], widths) if rows else _text("无", REGULAR, 9)
    return [Spacer(1, 5 * mm), _text(title, BOLD, 11), Spacer(1, 1.5 * mm), body]


def _table(rows: Sequence[Sequence[Any]], widths: list[int]) -> Table:
    cells = [[_text(str(cell), REGULAR, 9) for cell in row] for row in rows]
    table = Table(cells, colWidths=[width * mm for width in widths])
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, colors.black),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
    )
    return table


def _text(text: str, font: str, size: int, *, centre: bool = False) -> Paragraph:
    style = ParagraphStyle(
        "text", fontName=font, fontSize=size, leading=size * 1.4, wordWrap="CJK",
        alignment=1 if centre else 0,
    )  # fmt: skip
    return Paragraph(escape(text), style)


def _when(instant_ms: int) -> str:
    return f"{as_datetime(instant_ms).astimezone(CHINA):%Y-%m-%d %H:%M:%S}"

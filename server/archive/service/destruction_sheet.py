"""The destruction record on paper (销毁记录, A4), to be signed by hand and filed.

Rules kept here: the QR code is the signed record itself and nothing else; people stand with name
and id, for only the id is signed; the sheet says what nobody can read any more, what is still
proved and what it does not prove, in both languages.
"""

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
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Image,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from kernel.clock import as_datetime
from kernel.printing import BOLD, REGULAR, symbols, use_fonts
from kernel.words import LANGUAGES, say
from ledger.erasure import Hold
from server.archive.service.recorded import PrintedDestruction

CHINA = timezone(timedelta(hours=8))
SIGNERS = ("经办人 Carried out by", "监督人 Witness", "档案接收人 Archivist")
OWNERS = {
    "ledger": "答题日志 answer log", "archive": "档案密封件 archives",
    "pictures": "照片和录像 pictures and recordings",
}  # fmt: skip
WORDS = ("unreadable", "proves", "how", "not")
_WIDTHS = (44 * mm, 130 * mm)
_LONGEST_BYTES = 16_000
"""What a sequence of 16 symbols holds for certain."""
_ONE_CODE, _EACH_CODE = 100 * mm, 82 * mm


def destruction_pdf(record: PrintedDestruction, font_path: Path | None = None) -> bytes:
    """As many pages as it takes; ``font_path`` as in ``kernel.printing``."""
    use_fonts(font_path)
    out = io.BytesIO()
    sheet = SimpleDocTemplate(
        out, pagesize=A4, title="销毁记录", leftMargin=18 * mm, rightMargin=18 * mm,
        topMargin=16 * mm, bottomMargin=16 * mm,
    )  # fmt: skip

    def numbered(page: Canvas, _: BaseDocTemplate) -> None:
        page.setFont(REGULAR, 8)
        foot = f"{record.told.erasure.erasure_id} · {page.getPageNumber()}"
        page.drawCentredString(A4[0] / 2, 8 * mm, foot)

    sheet.build(_story(record), onFirstPage=numbered, onLaterPages=numbered)
    return out.getvalue()


def _story(record: PrintedDestruction) -> list[Flowable]:
    said = [
        _text(say(f"destruction_sheet.{code}", {}, language), REGULAR, 8)
        for language in LANGUAGES
        for code in WORDS
    ]
    verified = [_text(one, REGULAR, 8) for one in record.verified]
    return [
        _text("销毁记录 Destruction record", BOLD, 16, centre=True),
        Spacer(1, 4 * mm),
        _table([*_order(record), *_destruction(record)]),
        Spacer(1, 3 * mm),
        *said,
        Spacer(1, 3 * mm),
        _text("核验程序的结论 What the verifier says", BOLD, 10),
        *verified,
        Spacer(1, 3 * mm),
        KeepTogether([Spacer(1, 2 * mm), _signatures()]),
        Spacer(1, 6 * mm),
        KeepTogether(_codes(record.statement.to_bytes().decode())),
    ]


def _order(record: PrintedDestruction) -> list[tuple[str, list[str]]]:
    """Who ordered, who agreed, what was on hold."""
    erasure, names = record.told.erasure, record.told.names
    agreed = [
        f"{names[one]}({one}) {_when(at_ms)}" for one, at_ms in sorted(erasure.agreed.items())
    ]
    silent = [f"{names[one]}({one})" for one in erasure.approvers if one not in erasure.agreed]
    ordered_by = f"{names[erasure.ordered_by]}({erasure.ordered_by})"
    return [
        ("场次 Session", [record.session_name, erasure.session_id]),
        ("职业 Occupation", [record.subject]),
        ("销毁令 Order", [erasure.erasure_id]),
        ("销毁理由 Reason", [erasure.reason]),
        ("下令人 Ordered by", [f"{ordered_by} {_when(erasure.ordered_at_ms)}"]),
        (f"同意 Agreed ({len(agreed)}/{erasure.needed})", agreed),
        ("未表态 Said nothing", silent or ["无 none"]),
        *[("保全 Hold", [_hold(one, record)]) for one in record.holds],
        *([] if record.holds else [("保全 Hold", ["无 none"])]),
    ]


def _destruction(record: PrintedDestruction) -> list[tuple[str, list[str]]]:
    """When, what, and where it stands in the log."""
    facts, erasure = record.statement.facts, record.told.erasure
    files: dict[str, Any] = facts["files"]
    looked = (
        f"找到痕迹 traces found: {files['traces']}" if files["looked"] else "未查找 not searched"
    )
    return [
        ("销毁时间 Destroyed", [_when(erasure.erased_at_ms or 0)]),
        ("销毁的密钥 Keys", [f"{OWNERS.get(k, k)}: {n}" for k, n in erasure.keys.items()]),
        ("数据库文件 Files", [f"{files['database']}, {files['method']}, {looked}"]),
        ("销毁令在日志中 Order", [_leaf(record.told.order_leaf, erasure.order_seq)]),
        ("销毁在日志中 Destruction", [_leaf(record.told.record_leaf, erasure.record_seq)]),
        ("封存摘要 Seal", [str(facts["seal_hash"])]),
        ("日志 Origin", [str(facts["origin"])]),
        ("签名公钥 Signed by", [record.statement.signer_public.hex()]),
    ]


def _hold(one: Hold, record: PrintedDestruction) -> str:
    placed = f"{one.reason};提出 placed: {record.names[one.issued_by]} {_when(one.issued_at_ms)}"
    if one.lifted_by is None:
        return placed
    lifted = f"{record.names[one.lifted_by]} {_when(one.lifted_at_ms or 0)}"
    return f"{placed};解除 lifted: {lifted}"


def _leaf(leaf: int | None, seq: int | None) -> str:
    """Where a record stands in the tree, and in its stream."""
    if leaf is None:
        return " ".join(say("verify.erased_uncovered", {}, language) for language in LANGUAGES)
    return f"第 {leaf} 位 leaf {leaf} (destruction #{seq})"


def _table(rows: Sequence[tuple[str, list[str]]]) -> Table:
    cells = [
        [_text(label, REGULAR, 8), [_text(line, REGULAR, 9) for line in lines]]
        for label, lines in rows
    ]
    table = Table(cells, colWidths=_WIDTHS)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, colors.black),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
            ]
        )
    )
    return table


def _codes(text: str) -> list[Flowable]:
    title = _text("签名的销毁记录 The signed record", BOLD, 10)
    if len(text.encode()) > _LONGEST_BYTES:
        return [
            title,
            *(_text(say("destruction_sheet.long", {}, one), REGULAR, 8) for one in LANGUAGES),
        ]
    images = symbols(text)
    side = _ONE_CODE if len(images) == 1 else _EACH_CODE
    drawn = [Image(io.BytesIO(one), side, side) for one in images]
    rows = [[drawn[at : at + 1], drawn[at + 1 : at + 2]] for at in range(0, len(drawn), 2)]
    if len(drawn) == 1:
        return [title, drawn[0]]
    return [title, Table(rows)]


def _signatures() -> Table:
    """A line for each, with a gap to the next."""
    asked: list[Any] = []
    lines = []
    for at, who in enumerate(SIGNERS):
        asked += [[_text(one, REGULAR, 8) for one in (who, "签名、日期 Signature, date")], ""]
        lines.append(("LINEBELOW", (2 * at, 1), (2 * at, 1), 0.6, colors.black))
    widths = [52 * mm, 6 * mm] * len(SIGNERS)
    table = Table([asked, [""] * len(asked)], colWidths=widths, rowHeights=[9 * mm, 12 * mm])
    table.setStyle(TableStyle(lines))
    return table


def _text(text: str, font: str, size: int, *, centre: bool = False) -> Paragraph:
    style = ParagraphStyle(
        "text", fontName=font, fontSize=size, leading=size * 1.35, wordWrap="CJK",
        alignment=1 if centre else 0,
    )  # fmt: skip
    return Paragraph(escape(text), style)


def _when(instant_ms: int) -> str:
    return f"{as_datetime(instant_ms).astimezone(CHINA):%Y-%m-%d %H:%M:%S} (UTC+8)"

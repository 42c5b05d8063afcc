"""The result sheet as the field writes it (xlsx).

Rules kept here: every text cell is a text cell, whatever it begins with, and is marked as quoted
where a program could take it for a formula; ID numbers stay masked; the columns are those in use.
"""

from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from kernel.words import say
from server.results.rules.lines import Part, State, cell_text, may_start_formula, part_of
from server.results.service.listing import Listed, Sheet

_PERSON = ("准考证号", "姓名", "性别", "身份证", "单位", "职业", "等级")
_PARTS = {Part.THEORY: "理论", Part.SKILL: "实操", Part.REVIEW: "综合", Part.RECORD: "业绩"}
_REST = ("满分", "合格线", "结论", "违纪条款", "卷别", "回执码")
COLUMNS = (*_PERSON, *_PARTS.values(), *(f"{name}缺考标志" for name in _PARTS.values()), *_REST)
_WIDTHS = {"准考证号": 20, "身份证": 22, "单位": 28, "职业": 24, "回执码": 18}


def workbook(sheet: Sheet) -> bytes:
    """The xlsx file: one sheet, a heading, a line per candidate by ticket number."""
    book = Workbook()
    page = cast("Worksheet", book.active)
    page.title = "成绩"
    page.freeze_panes = "C2"
    for column, name in enumerate(COLUMNS, 1):
        page.column_dimensions[get_column_letter(column)].width = _WIDTHS.get(name, 12)
        _fill(page.cell(1, column), name)
        page.cell(1, column).font = Font(bold=True)
    part = part_of(sheet.exam.subject)
    for row, listed in enumerate(sheet.lines, 2):
        for column, value in enumerate(_values(sheet, listed, part), 1):
            _fill(page.cell(row, column), value)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _values(sheet: Sheet, listed: Listed, part: Part) -> Iterator[str | Decimal]:
    person, line = listed.candidate, listed.line
    yield from (line.ticket_no, person.name, person.gender, person.id_number_masked)
    yield from (person.employer, sheet.exam.occupation_name, level_name(sheet.exam.level))
    verdict = say(f"results.verdict_{_verdict(listed)}", {})
    for column in _PARTS:
        score = verdict if line.score is None else Decimal(line.score)
        yield score if column is part else ""
    for column in _PARTS:
        absent = "1" if line.state is State.ABSENT else "0"
        yield absent if column is part else ""
    yield "" if line.full is None else Decimal(line.full)
    yield Decimal(sheet.pass_score)
    yield from (verdict, line.article_id or "", line.form_code or "", line.receipt_code or "")


def level_name(level: int) -> str:
    """五级 … 一级."""
    return "一二三四五"[level - 1] + "级" if 1 <= level <= 5 else str(level)


def _verdict(listed: Listed) -> str:
    state = listed.line.state
    if state is State.NUMBER:
        return "passed" if listed.line.passed else "failed"
    return state.value


def _fill(cell: Cell | MergedCell, value: str | Decimal) -> None:
    if not isinstance(cell, Cell):
        raise TypeError("the sheet has no merged cells")
    if isinstance(value, Decimal):
        cell.value, cell.number_format = value, "0.0"
        return
    cell.value = cell_text(value)
    # Said after the value: one that begins with "=" has just become a formula.
    cell.data_type = "s"
    cell.quotePrefix = may_start_formula(value)

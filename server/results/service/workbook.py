"""The result sheet as the field writes it (xlsx).

Rules kept here: every text cell is a text cell, whatever it begins with, and is marked as quoted
where
a program could take it for a formula; ID numbers stay masked; the columns are those in use.
"""

from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from kernel.words import say
from server.results.rules import Part, State, cell_text, may_start_formula, part_of
from server.results.service.listing import Listed, Sheet

_PERSON = ("准考证号", "姓名", "性别", "身份证", "单位", "职业", "等级")
_PARTS = {Part.THEORY: "理论", Part.SKILL: "实操", Part.REVIEW: "综合", Part.RECORD: "业绩"}
_REST = ("满分", "合格线", "结论", "违纪条款", "卷别", "回执码")
COLUMNS = (*_PERSON, *_PARTS.values(), *(f"{name}缺考标志" for name in _PARTS.values()), *_REST)
_WIDTHS = {"准考证号": 20, "身份证": 22, "单位": 28, "职业": 24, "回执码": 18}


def workbook(sheet: Sheet) -> bytes:
    """The xlsx file: one sheet, a heading, a line per candidate by ticket number."""
    book = Workbook(write_only=True)
    page = cast("WriteOnlyWorksheet", book.create_sheet("成绩"))
    page.freeze_panes = "C2"
    for position, name in enumerate(COLUMNS):
        page.column_dimensions[_letter(position)].width = _WIDTHS.get(name, 12)
    page.append([_text(page, name, bold=True) for name in COLUMNS])
    part = part_of(sheet.exam.subject)
    for listed in sheet.lines:
        page.append(list(_cells(page, sheet, listed, part)))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _cells(
    page: WriteOnlyWorksheet, sheet: Sheet, listed: Listed, part: Part
) -> Iterator[WriteOnlyCell]:
    person, line = listed.candidate, listed.line
    for text in (
        line.ticket_no, person.name, person.gender, person.id_number_masked, person.employer,
        sheet.exam.occupation_name, level_name(sheet.exam.level),
    ):  # fmt: skip
        yield _text(page, text)
    for column in _PARTS:
        yield _score(page, listed) if column is part else _text(page, "")
    for column in _PARTS:
        absent = column is part and line.state is State.ABSENT
        yield _text(page, "1" if absent else "0" if column is part else "")
    yield _number(page, line.full)
    yield _number(page, sheet.pass_score)
    for text in (
        say(f"results.verdict_{_verdict(listed)}", {}),
        line.article_id or "",
        line.form_code or "",
        line.receipt_code or "",
    ):
        yield _text(page, text)


def level_name(level: int) -> str:
    """五级 … 一级."""
    return "一二三四五"[level - 1] + "级" if 1 <= level <= 5 else str(level)


def _verdict(listed: Listed) -> str:
    state = listed.line.state
    if state is State.NUMBER:
        return "passed" if listed.line.passed else "failed"
    return state.value


def _score(page: WriteOnlyWorksheet, listed: Listed) -> WriteOnlyCell:
    if listed.line.score is None:
        return _text(page, say(f"results.verdict_{listed.line.state.value}", {}))
    return _number(page, listed.line.score)


def _number(page: WriteOnlyWorksheet, text: str | None) -> WriteOnlyCell:
    if text is None:
        return _text(page, "")
    cell = WriteOnlyCell(page, value=Decimal(text))
    cell.number_format = "0.0"
    return cell


def _text(page: WriteOnlyWorksheet, text: str, *, bold: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, value="")
    # Set apart from the value: a value beginning with "=" would become a formula.
    cell.value = cell_text(text)
    cell.data_type = "s"
    cell.quotePrefix = may_start_formula(text)
    if bold:
        cell.font = Font(bold=True)
    return cell


def _letter(position: int) -> str:
    return chr(ord("A") + position) if position < 26 else "A" + chr(ord("A") + position - 26)

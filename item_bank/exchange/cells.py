"""The cells of an Excel sheet as text, row by row.

Rules kept here: numbers come as people see them (``2``, not ``2.0``); formulas come as their last
value; rows and columns beyond the limits are refused, not cut off.
"""

import io
from dataclasses import dataclass
from typing import Any

import openpyxl

from item_bank.exchange.limits import ROWS_LIMIT
from kernel.errors import Refusal

_WIDEST = 64


@dataclass(frozen=True, slots=True)
class Row:
    """A row by its number in the sheet (from 1)."""

    number: int
    cells: tuple[str, ...]

    def cell(self, column: int) -> str:
        """The text of a column counted from 1; empty beyond the end."""
        return self.cells[column - 1] if column <= len(self.cells) else ""


def sheet_rows(data: bytes, source: str) -> list[Row]:
    """Rows of the first sheet. Raises ``bank.file_broken``, ``bank.file_too_long``."""
    try:
        rows = _read(data)
    except Exception as wrong:  # a damaged file makes the parser raise whatever it meets
        raise Refusal("bank.file_broken", file=source, detail=str(wrong)[:120]) from wrong
    if len(rows) > ROWS_LIMIT:
        raise Refusal("bank.file_too_long", file=source, limit=ROWS_LIMIT)
    return rows


def _read(data: bytes) -> list[Row]:
    """At most one row more than the limit."""
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    values = sheet.iter_rows(max_row=ROWS_LIMIT + 1, max_col=_WIDEST, values_only=True)
    rows = [Row(number, tuple(map(_text, cells))) for number, cells in enumerate(values, 1)]
    book.close()
    return rows


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "√" if value else "×"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("\r\n", "\n").strip()

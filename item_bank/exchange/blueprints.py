"""Blueprints (理论知识鉴定要素细目表) from the Excel sheet in use and from CSV.

Sheet: data from row 4; columns 1 code and 2 name of level 1; 3 code, 4 name, 5 weight of level 2;
6 code, 7 name, 8 weight of level 3; 9 code, 10 name, 11 weight of level 4; 12 code, 13 name and
14 importance of the point. CSV: the header names the columns.

Rules kept here: an empty scope cell goes on from the row above (merged cells); a scope that comes
again must say the same; the weight of level 1 is given or is the sum of its level 2.
"""

import csv
import io
import re
from decimal import Decimal

from item_bank.drafts import BlueprintReading, PointDraft, ScopeDraft
from item_bank.exchange.cells import Row, sheet_rows
from item_bank.exchange.limits import ROWS_LIMIT, check_archive, check_size, is_archive
from item_bank.exchange.opening import decode_text
from item_bank.exchange.signs import (
    fold,
    narrow,
    plain,
    read_importance,
    read_number,
    read_point,
)
from kernel.errors import Refusal, RowError

CSV_COLUMNS = (
    "level1_code", "level1_name", "level1_weight", "level2_code", "level2_name", "level2_weight",
    "level3_code", "level3_name", "point_code", "point_name", "importance",
)  # fmt: skip
FIRST_ROW = 4
_SHEET = {
    1: (1, 2, None), 2: (3, 4, 5), 3: (6, 7, 8), 4: (9, 10, 11),
}  # fmt: skip
_CODE = re.compile(r"^([A-Z](?:-[A-Z0-9]+)*|\d{1,4})\s*(?=[\u4e00-\u9fff]|$)")


def read_blueprint(source: str, data: bytes) -> BlueprintReading:
    """Scopes, points and errors. Raises the codes of a file that cannot be read at all."""
    check_size(source, data)
    reader = _Reader(source)
    if is_archive(data):
        check_archive(source, data)
        for row in sheet_rows(data, source)[FIRST_ROW - 1 :]:
            if any(row.cells):
                reader.sheet_row(row)
    else:
        reader.table(decode_text(source, data))
    return reader.reading()


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._scopes: dict[str, ScopeDraft] = {}
        self._points: dict[str, PointDraft] = {}
        self._errors: list[RowError] = []
        self._path: dict[int, str] = {}

    def table(self, text: str) -> None:
        """Rows of the CSV, its header first."""
        rows = csv.DictReader(io.StringIO(text))
        titles = [narrow(title) for title in rows.fieldnames or ()]
        rows.fieldnames = titles
        missing = [name for name in CSV_COLUMNS if name not in titles]
        for name in missing:
            self._wrong(1, name, "bank.column_missing", column=name)
        if missing:
            return
        for record in rows:
            if rows.line_num > ROWS_LIMIT:
                raise Refusal("bank.file_too_long", file=self._source, limit=ROWS_LIMIT)
            words = {name: (record.get(name) or "").strip() for name in CSV_COLUMNS}
            if not any(words.values()):
                continue
            for level in (1, 2, 3):
                self._scope(
                    rows.line_num,
                    level,
                    words[f"level{level}_code"],
                    words[f"level{level}_name"],
                    words.get(f"level{level}_weight", ""),
                )
            self._point(
                rows.line_num, words["point_code"], words["point_name"], words["importance"]
            )

    def sheet_row(self, row: Row) -> None:
        """One row of the Excel sheet."""
        for level, (code, name, weight) in _SHEET.items():
            self._scope(
                row.number,
                level,
                row.cell(code),
                row.cell(name),
                row.cell(weight) if weight else "",
            )
        self._point(row.number, row.cell(12), row.cell(13), row.cell(14))

    def _scope(self, row: int, level: int, code: str, name: str, weight: str) -> None:
        code, name = narrow(code), name.strip()
        if not code and not name:
            return
        if not code and (inside := _CODE.match(fold(name))):
            code, name = inside[1], name[inside.end() :].strip()
        parent = self._path.get(level - 1, "")
        full = _below(parent, read_point(code))
        if full is None or (level > 1 and not parent):
            self._wrong(row, f"{level}级范围", "blueprint.scope_code", text=(code or name)[:30])
            return
        number = read_number(weight.rstrip("%")) if weight.strip() else ""
        if number is None:
            self._wrong(row, f"{level}级比重", "blueprint.weight_unreadable", text=weight[:20])
            number = ""
        for deeper in range(level, 5):
            self._path.pop(deeper, None)
        self._path[level] = full
        known = self._scopes.get(full)
        if known is None:
            self._scopes[full] = ScopeDraft(full, parent, level, name or full, number, row)
        elif (name and known.name != name) or (number and known.weight != number):
            self._wrong(row, f"{level}级范围", "blueprint.scope_differs", scope=full)

    def _point(self, row: int, code: str, name: str, importance: str) -> None:
        if not self._path:
            self._wrong(row, "鉴定点", "blueprint.scope_missing")
            return
        deepest = self._path[max(self._path)]
        short = read_point(code) if code else None
        if short and short.isdigit() and not deepest.isdigit():
            short = short.zfill(3)
        full = _below(deepest, short)
        degree = read_importance(importance)
        if full is None:
            self._wrong(row, "鉴定点代码", "blueprint.point_code", text=code[:30])
        if not name.strip():
            self._wrong(row, "鉴定点名称", "blueprint.point_name")
        if degree is None:
            self._wrong(row, "重要程度", "item.importance_unreadable", text=importance[:20])
        if 2 not in self._path:
            self._wrong(row, "2级范围", "blueprint.scope_missing")
        if full is None or degree is None or not name.strip() or 2 not in self._path:
            return
        if full in self._points:
            self._wrong(row, "鉴定点代码", "blueprint.point_twice", point=full)
            return
        self._points[full] = PointDraft(full, name.strip(), degree, deepest, self._path[2], row)

    def reading(self) -> BlueprintReading:
        """All of it; empty files are an error too."""
        if not self._points and not self._errors:
            self._wrong(FIRST_ROW, "鉴定点代码", "blueprint.empty")
        return BlueprintReading(
            self._source,
            tuple(self._weighed()),
            tuple(self._points.values()),
            tuple(self._errors),
        )

    def _weighed(self) -> list[ScopeDraft]:
        """Scopes, with the weight of level 1 summed up where the file has none."""
        scopes = list(self._scopes.values())
        result = []
        for scope in scopes:
            below = [one.weight for one in scopes if one.parent == scope.code and one.weight]
            if scope.level == 1 and not scope.weight and below:
                total = plain(sum(map(Decimal, below), Decimal(0)))
                result.append(ScopeDraft(scope.code, "", 1, scope.name, total, scope.row))
            else:
                result.append(scope)
        return result

    def _wrong(self, row: int, field: str, code: str, **params: str | int) -> None:
        self._errors.append(RowError(row, field, code, params, self._source))


def _below(parent: str, code: str | None) -> str | None:
    """The whole code: ``B`` under ``A`` is ``A-B``, ``A-B`` stays; ``2`` under ``1`` is ``12``."""
    if code is None or not parent:
        return code
    if parent.isdigit():
        if not code.isdigit():
            return None
        return code if code.startswith(parent) and code != parent else parent + code
    if code.startswith(f"{parent}-"):
        return code
    return None if "-" in code else f"{parent}-{code}"

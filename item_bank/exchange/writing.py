"""Drafts back into files, in every layout that can be read.

Rules kept here: what is written reads back as the same drafts (the published layout has no place
for 重要程度 and 出处; importance comes from the point). The same drafts give the same words.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence

import docx
import openpyxl

from item_bank.drafts import LETTERS, BlueprintReading, Draft
from item_bank.exchange.blueprints import CSV_COLUMNS, FIRST_ROW
from item_bank.exchange.sheets import COLUMNS, KNOWLEDGE, OWN_COLUMNS
from kernel.errors import Refusal
from paper.items import JUDGE_TRUE, TYPE_NAMES, ItemType

_ORDER = (ItemType.JUDGE, ItemType.SINGLE, ItemType.MULTIPLE, ItemType.SHORT)
_NUMERALS = "一二三四"
_SHEET_OPTIONS = 5


def write_items(
    form: str, title: str, drafts: Sequence[Draft], points: BlueprintReading | None = None
) -> bytes:
    """A file of the form ``docx``, ``docx-official``, ``xlsx`` or ``txt``. ``points`` gives the
    sheet the names of scopes and points. Raises ``bank.format_unknown``.
    """
    writers: dict[str, Callable[[], bytes]] = {
        "docx": lambda: _word(title, _marked(drafts)),
        "docx-official": lambda: _word(title, _official(drafts)),
        "xlsx": lambda: _sheet(drafts, points),
        "txt": lambda: "\n".join(_marked(drafts)).encode(),
    }
    if form not in writers:
        raise Refusal("bank.format_unknown", form=form[:20], known=", ".join(writers))
    return writers[form]()


def answer_sign(draft: Draft) -> str:
    """The key as people write it: ``ACD``, ``√`` or the model answer."""
    if draft.type is ItemType.JUDGE:
        return "√" if draft.key == (JUDGE_TRUE,) else "×"
    return draft.model_answer if draft.type is ItemType.SHORT else "".join(draft.key)


def _marked(drafts: Sequence[Draft]) -> Iterator[str]:
    for number, draft in enumerate(drafts, 1):
        yield f"[{TYPE_NAMES[draft.type].removesuffix('题')}] {number}. {draft.stem}"
        for letter, option in zip(LETTERS, draft.options, strict=False):
            yield f"{letter}. {option}"
        fields = {
            "分值": draft.score,
            "难度": str(draft.difficulty),
            "鉴定点": draft.point_code,
            "重要程度": draft.importance.value if draft.importance else "",
        }
        rest = "   ".join(f"{name}: {value}" for name, value in fields.items() if value)
        if draft.type is ItemType.SHORT:
            yield f"答案: {answer_sign(draft)}"
            yield rest
        else:
            yield f"答案: {answer_sign(draft)}   {rest}"
        if draft.origin:
            yield f"出处: {draft.origin}"
        if draft.explanation:
            yield f"解析: {draft.explanation}"
        yield ""


def _official(drafts: Sequence[Draft]) -> Iterator[str]:
    sections = [
        (kind, [draft for draft in drafts if draft.type is kind])
        for kind in _ORDER
        if any(draft.type is kind for draft in drafts)
    ]
    for numeral, (kind, items) in zip(_NUMERALS, sections, strict=False):
        scores = {draft.score for draft in items}
        each = f"(每题{items[0].score}分)" if len(scores) == 1 and items[0].score else ""
        yield f"{numeral}、{TYPE_NAMES[kind]}{each}"
        for number, draft in enumerate(items, 1):
            mark = "(   ) " if kind is ItemType.JUDGE else ""
            yield f"{mark}{number}. {draft.stem}"
            for letter, option in zip(LETTERS, draft.options, strict=False):
                yield f"({letter}){option}"
    yield "理论知识试卷答案"
    for kind, items in sections:
        yield from _answers(TYPE_NAMES[kind], kind, items)


def _answers(name: str, kind: ItemType, items: Sequence[Draft]) -> Iterator[str]:
    if kind is ItemType.JUDGE or kind is ItemType.SINGLE:
        yield f"{name}参考答案: {_fives([answer_sign(draft) for draft in items])}"
    elif kind is ItemType.MULTIPLE:
        yield f"{name}参考答案: {_each([answer_sign(draft) for draft in items])}"
    else:
        yield f"{name}参考答案:"
        yield from (f"{n}) {draft.model_answer}" for n, draft in enumerate(items, 1))
    if any(draft.point_code for draft in items):
        yield f"{name}鉴定点: {_each([draft.point_code for draft in items])}"
    yield f"{name}难度: {_fives([str(draft.difficulty) for draft in items])}"
    if len({draft.score for draft in items}) > 1:
        yield f"{name}分值: {_each([draft.score for draft in items])}"
    if any(draft.explanation for draft in items):
        yield f"{name}解析:"
        yield from (f"{n}) {d.explanation}" for n, d in enumerate(items, 1) if d.explanation)


def _each(values: Sequence[str]) -> str:
    return "  ".join(f"{number}) {value}" for number, value in enumerate(values, 1) if value)


def _fives(signs: Sequence[str]) -> str:
    pieces = []
    for start in range(0, len(signs), 5):
        group = signs[start : start + 5]
        span = f"{start + 1}-{start + len(group)}" if len(group) > 1 else str(start + 1)
        pieces.append(f"{span}) {''.join(group)}")
    return "  ".join(pieces)


def _word(title: str, lines: Iterator[str]) -> bytes:
    document = docx.Document()
    document.add_heading(title, 1)
    for line in lines:
        document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _sheet(drafts: Sequence[Draft], points: BlueprintReading | None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "试题"
    sheet.append([*COLUMNS, *OWN_COLUMNS])
    names = {scope.code: scope.name for scope in points.scopes} if points else {}
    names |= {point.code: point.name for point in points.points} if points else {}
    for number, draft in enumerate(drafts, 1):
        if len(draft.options) > _SHEET_OPTIONS:
            raise Refusal("bank.sheet_options", number=number, limit=_SHEET_OPTIONS)
        options = [*draft.options, *[""] * (_SHEET_OPTIONS - len(draft.options))]
        sheet.append(
            [
                f"GY-{number:06d}", TYPE_NAMES[draft.type], draft.stem, answer_sign(draft),
                *options,
                *_knowledge(draft.point_code, names), draft.difficulty, "", draft.score,
                draft.explanation, draft.origin,
                draft.importance.value if draft.importance else "", "", "", "",
            ]
        )  # fmt: skip
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # a stem that begins with "=" is a stem, not a formula
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _knowledge(code: str, names: dict[str, str]) -> list[str]:
    """``A-B-A-001`` → ``A基本要求``, ``B基础知识``, ``A计算机``, ``001 名称``."""
    pieces = code.split("-") if code else []
    cells = []
    for at, piece in enumerate(pieces, 1):
        name = names.get("-".join(pieces[:at]), "")
        cells.append(f"{piece} {name}" if piece.isdigit() and name else f"{piece}{name}")
    return [*cells, *[""] * (len(KNOWLEDGE) - len(cells))]


def write_blueprint(form: str, title: str, blueprint: BlueprintReading) -> bytes:
    """The blueprint as ``xlsx`` (the sheet in use) or ``csv`` (three levels)."""
    scopes = {scope.code: scope for scope in blueprint.scopes}

    def chain(code: str) -> list[tuple[str, str, str]]:
        found: list[tuple[str, str, str]] = []
        while code:
            scope = scopes[code]
            found.insert(0, (scope.code, scope.name, scope.weight))
            code = scope.parent
        return found

    if form == "csv":
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(CSV_COLUMNS)
        for point in blueprint.points:
            first, second, *third = chain(point.scope_code)
            deep = third[0][:2] if third else ("", "")
            table.writerow([*first, *second, *deep, point.code, point.name, point.importance.value])
        return text.getvalue().encode()
    if form != "xlsx":
        raise Refusal("bank.format_unknown", form=form[:20], known="csv, xlsx")
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append([title])
    sheet.append(["鉴定范围"])
    heads = ["代码", "一级", "代码", "二级", "比重", "代码", "三级", "比重", "代码", "四级", "比重"]
    sheet.append([*heads, "鉴定点代码", "鉴定点", "重要程度"])
    for number, point in enumerate(blueprint.points, FIRST_ROW):
        column = 1
        for level, scope in enumerate(chain(point.scope_code), 1):
            for text_ in scope[: 2 if level == 1 else 3]:
                sheet.cell(number, column, text_)
                column += 1
        for place, text_ in ((12, point.code), (13, point.name), (14, point.importance.value)):
            sheet.cell(number, place, text_)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()

"""Word files: the lines of the body, with the number of their paragraph.

Rules kept here: what would be lost in silence (a picture, a formula, a table) is an error at its
paragraph.
"""

import io

import docx
from docx.document import Document
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

from item_bank.exchange.finishing import STEM
from item_bank.exchange.grammar import Line
from item_bank.exchange.limits import ROWS_LIMIT
from kernel.errors import Refusal, RowError

_OBJECTS = {
    "picture": (qn("w:drawing"), qn("w:pict"), qn("w:object")),
    "formula": ("{http://schemas.openxmlformats.org/officeDocument/2006/math}oMath",),
}


def read_word(data: bytes, source: str) -> tuple[list[Line], list[RowError]]:
    """Lines and the objects that cannot be taken over. Raises ``bank.file_broken``."""
    try:
        return _lines(docx.Document(io.BytesIO(data)), source)
    except Refusal:
        raise
    except Exception as wrong:  # a damaged file makes the parser raise whatever it meets
        raise Refusal("bank.file_broken", file=source, detail=str(wrong)[:120]) from wrong


def _lines(document: Document, source: str) -> tuple[list[Line], list[RowError]]:
    lines: list[Line] = []
    errors: list[RowError] = []
    for row, block in enumerate(document.iter_inner_content(), 1):
        if row > ROWS_LIMIT:
            raise Refusal("bank.file_too_long", file=source, limit=ROWS_LIMIT)
        if isinstance(block, Table):
            errors.append(RowError(row, STEM, "item.object", {"kind": "table"}, source))
            continue
        errors.extend(
            RowError(row, STEM, "item.object", {"kind": kind}, source) for kind in _objects(block)
        )
        lines.extend((row, text) for text in block.text.split("\n"))
    return lines, errors


def _objects(paragraph: Paragraph) -> list[str]:
    element = paragraph._p  # noqa: SLF001 - python-docx gives no other way to the XML
    return [
        kind
        for kind, tags in _OBJECTS.items()
        if any(next(element.iter(tag), None) is not None for tag in tags)
    ]

"""A file of items, whatever it is: Word, Excel or text, found out by its content.

Rules kept here: the name of a file is never trusted; a format is recognised by what lies inside.
"""

from item_bank.drafts import Reading
from item_bank.exchange.grammar import Line, is_marked, read_marked
from item_bank.exchange.limits import ROWS_LIMIT, check_archive, check_size, is_archive
from item_bank.exchange.official import is_official, read_official
from item_bank.exchange.sheets import read_sheet
from item_bank.exchange.word import read_word
from kernel.errors import Refusal, RowError

ITEM_FORMATS = ("docx", "docx-official", "xlsx", "txt")


def read_items(source: str, data: bytes) -> Reading:
    """Drafts and row errors of a file; ``source`` is its name, for messages only.

    Raises ``bank.file_…`` or ``bank.layout_unknown`` when there is nothing to read row by row.
    """
    check_size(source, data)
    faults: list[RowError] = []
    if is_archive(data):
        parts = check_archive(source, data)
        if "xl/workbook.xml" in parts:
            return read_sheet(data, source)
        if "word/document.xml" not in parts:
            raise Refusal("bank.file_unknown", file=source)
        lines, faults = read_word(data, source)
    else:
        lines = _text_lines(source, data)
    if is_marked(lines):
        reading = read_marked(lines, source)
    elif is_official(lines):
        reading = read_official(lines, source)
    else:
        raise Refusal("bank.layout_unknown", file=source)
    every = sorted([*faults, *reading.errors], key=lambda fault: fault.row)
    return Reading(reading.drafts, tuple(every))


def decode_text(source: str, data: bytes) -> str:
    """UTF-8 (with or without mark) or GB 18030. Raises ``bank.file_unknown``."""
    if b"\0" not in data:
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise Refusal("bank.file_unknown", file=source)


def _text_lines(source: str, data: bytes) -> list[Line]:
    lines = list(enumerate(decode_text(source, data).splitlines(), 1))
    if len(lines) > ROWS_LIMIT:
        raise Refusal("bank.file_too_long", file=source, limit=ROWS_LIMIT)
    return lines

"""Candidates' data: what a roster row must be, numbers and their masks. Pure decisions.

Rules kept here: an 18-character ID number checks by GB 11643-1999 and holds a real date; every
fault of a row is named, not only the first; a ticket number says nothing about the person and has
a check digit.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kernel.errors import RowError
from paper.items import LEVEL_TITLES

REQUIRED = ("姓名", "证件号码")
COLUMNS = (
    *REQUIRED, "性别", "证件类型", "出生日期", "文化程度", "考生来源", "工作单位", "职业", "等级",
    "手机", "准考证号", "核验方式", "补时%",
)  # fmt: skip
CHECKED_TYPES = frozenset({"居民身份证", "港澳台居民居住证"})
OTHER_TYPES = frozenset(
    {"护照", "港澳居民来往内地通行证", "台湾居民来往大陆通行证", "外国人永久居留身份证"}
)
EXTRA_TIME_MAX_PCT = 100
NAME_MAX = 50
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_TICKET = re.compile(r"^[0-9A-Z-]{6,24}$")


class Route(StrEnum):
    """How a candidate is verified at the door; both are of equal effect."""

    FACE = "face"
    MANUAL = "manual"


ROUTES = {"": Route.FACE, "人脸": Route.FACE, "人工": Route.MANUAL}


@dataclass(frozen=True, slots=True)
class Entry:
    """A sound roster row. ``row`` is its number in the file; empty texts stand for what was left
    out.
    """

    row: int
    name: str
    gender: str
    id_type: str
    id_number: str
    birth_date: str | None
    education: str
    source: str
    employer: str
    phone: str
    ticket_no: str | None
    route: Route
    extra_time_pct: int


def normal_id_number(text: str) -> str:
    """As it is stored, hashed and compared: no spaces, capital letters."""
    return re.sub(r"\s", "", text).upper()


def id_number_fault(number: str) -> str | None:
    """Code of what is wrong with an 18-character number, or None (GB 11643-1999)."""
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", number):
        return "registration.id_number_shape"
    if born_on(number) is None:
        return "registration.id_number_date"
    total = sum(weight * int(c) for weight, c in zip(_WEIGHTS, number[:17], strict=True))
    return None if _CHECKS[total % 11] == number[17] else "registration.id_number_check"


def born_on(number: str) -> date | None:
    """The date inside an 18-character number; None when it is no date."""
    return parse_date(number[6:14])


def parse_date(text: str) -> date | None:
    """``1990-05-01``, ``1990/5/1``, ``1990.5.1``, ``19900501``, ``1990年5月1日``."""
    plain = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    found = plain or re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text)
    if found is None:
        return None
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def masked(id_number: str) -> str:
    """``3408********1234``: first four and last four; a short number shows its two ends."""
    shown = 4 if len(id_number) >= 12 else 2 if len(id_number) >= 6 else 1
    hidden = max(0, len(id_number) - 2 * shown)
    return id_number[:shown] + "*" * hidden + id_number[len(id_number) - shown :]


def masked_name(name: str) -> str:
    """``张*``, ``欧**``: the family name's first character only."""
    return name[:1] + "*" * (len(name) - 1)


def ticket_number(day: date, session_serial: int, number: int) -> str:
    """yymmdd, session (3+), candidate (4+), Luhn check digit; unique by session and number."""
    body = f"{day:%y%m%d}{session_serial:03d}{number:04d}"
    return body + str(_luhn(body))


def ticket_checks(ticket_no: str) -> bool:
    """True when the check digit of a number made by ``ticket_number`` fits."""
    return ticket_no.isdigit() and str(_luhn(ticket_no[:-1])) == ticket_no[-1]


def _luhn(body: str) -> int:
    total = 0
    for place, char in enumerate(reversed(body)):
        digit = int(char) * (2 if place % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return -total % 10


def parse_level(text: str) -> int | None:
    """``三级``, ``三级/高级工``, ``高级工``, ``3`` → 3."""
    for level, name in LEVEL_TITLES.items():
        if text in {str(level), name, *name.split("/")}:
            return level
    return None


def parse_percent(text: str) -> int | None:
    """``25``, ``25%``, ``0.25`` (a cell in percent format) → 25; blank → 0."""
    if not text:
        return 0
    found = re.fullmatch(r"(\d{1,3})(?:\.0+)?\s*[%%]?", text)
    if found is None and re.fullmatch(r"0?\.\d{1,2}", text):
        return round(float(text) * 100)
    value = int(found.group(1)) if found else -1
    return value if 0 <= value <= EXTRA_TIME_MAX_PCT else None


def parse_row(
    row: int, cells: Mapping[str, str], *, occupation_name: str, level: int
) -> tuple[Entry | None, list[RowError]]:
    """The entry, or every fault of the row. Cells are trimmed texts by column name."""
    cell = _Cells(cells)
    id_type = cell["证件类型"] or "居民身份证"
    number = normal_id_number(cell["证件号码"])
    inside = born_on(number) if id_type in CHECKED_TYPES and len(number) == 18 else None
    route, extra = ROUTES.get(cell["核验方式"]), parse_percent(cell["补时%"])
    found: list[_Fault] = [
        *((field, code, {"given": cell[field]}) for field, code in _id_faults(id_type, number)),
        *_person_faults(cell, inside),
        *_exam_faults(cell, occupation_name, level),
    ]
    if found or route is None or extra is None:
        return None, [RowError(row, field, code, params) for field, code, params in found]
    when = parse_date(cell["出生日期"]) or inside
    return Entry(
        row=row, name=cell["姓名"], gender=cell["性别"], id_type=id_type, id_number=number,
        birth_date=str(when) if when else None, education=cell["文化程度"][:50],
        source=cell["考生来源"][:50], employer=cell["工作单位"][:100], phone=cell["手机"],
        ticket_no=cell["准考证号"] or None, route=route, extra_time_pct=extra,
    ), []  # fmt: skip


class _Cells(dict[str, str]):
    """A column that the file does not have reads as blank."""

    def __missing__(self, key: str) -> str:
        return ""


_Fault = tuple[str, str, Mapping[str, str | int]]


def _person_faults(cell: _Cells, inside: date | None) -> Iterator[_Fault]:
    if not cell["姓名"]:
        yield "姓名", "registration.name_missing", {}
    elif len(cell["姓名"]) > NAME_MAX:
        yield "姓名", "registration.too_long", {"limit": NAME_MAX}
    born, text = parse_date(cell["出生日期"]), cell["出生日期"]
    if text and born is None:
        yield "出生日期", "registration.date_wrong", {"given": text}
    elif born and inside and born != inside:
        yield "出生日期", "registration.date_differs", {"given": str(born), "inside": str(inside)}
    if cell["性别"] not in {"", "男", "女"}:
        yield "性别", "registration.gender_unknown", {"given": cell["性别"]}
    if cell["手机"] and not re.fullmatch(r"\+?[\d -]{5,20}", cell["手机"]):
        yield "手机", "registration.phone_wrong", {"given": cell["手机"]}


def _exam_faults(cell: _Cells, occupation_name: str, level: int) -> Iterator[_Fault]:
    if cell["职业"] not in {"", occupation_name}:
        told = {"given": cell["职业"], "plan": occupation_name}
        yield "职业", "registration.occupation_differs", told
    if cell["等级"] and parse_level(cell["等级"]) != level:
        told = {"given": cell["等级"], "plan": LEVEL_TITLES[level]}
        yield "等级", "registration.level_differs", told
    if cell["准考证号"] and not _TICKET.fullmatch(cell["准考证号"]):
        yield "准考证号", "registration.ticket_wrong", {"given": cell["准考证号"]}
    if cell["核验方式"] not in ROUTES:
        yield "核验方式", "registration.route_unknown", {"given": cell["核验方式"]}
    if parse_percent(cell["补时%"]) is None:
        most: Mapping[str, str | int] = {"given": cell["补时%"], "most": EXTRA_TIME_MAX_PCT}
        yield "补时%", "registration.extra_wrong", most


def _id_faults(id_type: str, number: str) -> list[tuple[str, str]]:
    if id_type not in CHECKED_TYPES | OTHER_TYPES:
        return [("证件类型", "registration.id_type_unknown")]
    if not number:
        return [("证件号码", "registration.id_number_missing")]
    if id_type in CHECKED_TYPES:
        code = id_number_fault(number)
        return [("证件号码", code)] if code else []
    if not re.fullmatch(r"[0-9A-Z()()-]{5,24}", number):
        return [("证件号码", "registration.id_number_shape")]
    return []


def gender_differs(entry: Entry) -> bool:
    """True when the 17th digit says otherwise: worth a second look, no fault."""
    if entry.id_type not in CHECKED_TYPES or not entry.gender:
        return False
    return (int(entry.id_number[16]) % 2 == 1) != (entry.gender == "男")


def doubles(entries: list[Entry]) -> list[RowError]:
    """People and ticket numbers that stand twice in one file."""
    faults = []
    for field, key in (("证件号码", "id_number"), ("准考证号", "ticket_no")):
        first: dict[str, int] = {}
        for entry in entries:
            value = getattr(entry, key)
            if value and first.setdefault(value, entry.row) != entry.row:
                code = "registration.twice_in_file"
                faults.append(RowError(entry.row, field, code, {"first": first[value]}))
    return faults

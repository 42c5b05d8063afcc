"""Invented candidates: names, checksummed ID numbers of nobody, a roster file and a portrait
archive.

Rules kept here: the same seed gives the same people; region code 999999 belongs to no place, so no
number can be a real person's (GB 11643 gives the check character).
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl import Workbook

from kernel.lot import shuffled

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
_GIVEN_WORDS = (
    "明 华 敏 静 磊 洋 艳 勇 军 杰 娟 涛 超 秀英 霞 平 刚 桂英 文 辉 玲 建国 丽 "
    "建华 鑫 雨 子涵 浩然 思远 佳 晨 一诺 欣怡 博文 天宇 若曦 嘉 宁 晓 岚"
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_HEADER = ("姓名", "性别", "证件类型", "证件号码", "文化程度", "考生来源", "工作单位", "手机")
_ROUTES = {"face": "人脸", "manual": "人工"}


@dataclass(frozen=True, slots=True)
class Person:
    """An invented candidate; ``face`` names the picture set that stands in for the face."""

    name: str
    gender: str
    id_number: str
    face: str
    route: str = "face"
    extra_time_pct: int = 0


def id_number(serial: int) -> str:
    """An 18-character number with a right check character that belongs to nobody."""
    born = f"19{80 + serial % 20:02d}{1 + serial % 12:02d}{1 + serial % 28:02d}"
    body = f"999999{born}{serial % 1000:03d}"
    return body + _CHECKS[sum(w * int(c) for w, c in zip(_WEIGHTS, body, strict=True)) % 11]


def people(count: int, faces: Sequence[str], seed: bytes, first_serial: int = 1) -> list[Person]:
    """``count`` different people; the faces are shared among them in turn."""
    names = shuffled(seed, "names", [s + g for s in _SURNAMES for g in _GIVEN_WORDS.split()])
    return [
        Person(
            name=names[n % len(names)],
            gender="男" if n % 2 else "女",
            id_number=id_number(first_serial + n),
            face=faces[n % len(faces)],
        )
        for n in range(count)
    ]


def roster_file(crowd: Sequence[Person], *, occupation_name: str, level_name: str) -> bytes:
    """The xlsx that registration imports."""
    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise ValueError("a new workbook has a sheet")
    sheet.append([*_HEADER, "职业", "等级", "核验方式", "补时%"])
    for person in crowd:
        sheet.append(
            [
                person.name, person.gender, "居民身份证", person.id_number, "大专", "社会",
                "演示单位", "", occupation_name, level_name, _ROUTES[person.route],
                person.extra_time_pct,
            ]
        )  # fmt: skip
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def portraits_file(crowd: Sequence[Person], portraits: dict[str, bytes]) -> bytes:
    """The zip of ``<证件号码>.jpg`` for everybody on the face route."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        for person in crowd:
            if person.route == "face":
                file.writestr(f"{person.id_number}.jpg", portraits[person.face])
    return out.getvalue()

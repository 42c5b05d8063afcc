"""server.registration.service.files: workbooks and archives from outside are bounded and named."""

import io
import struct
import zipfile
from contextlib import suppress
from datetime import date

import pytest
from openpyxl import Workbook
from PIL import Image

from kernel.errors import Refusal, RowRefusal
from server.registration.service.files import as_portrait, read_portraits, read_sheet


def workbook(*lines: list[object]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in lines:
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def archive(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return out.getvalue()


def picture(kind: str = "JPEG", size: tuple[int, int] = (30, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 150, 120)).save(out, kind)
    return out.getvalue()


def test_the_header_may_stand_below_a_title_and_rows_keep_their_numbers() -> None:
    sheet = read_sheet(
        workbook(
            ["某某考点考生名册"],
            ["姓名", "证件号码", "备注", "出生日期"],
            ["赵一", "x1", "左撇子", date(1990, 5, 1)],
            [None, None, None],
            ["钱二", "x2"],
        )
    )
    assert [(number, cells["姓名"]) for number, cells in sheet.rows] == [(3, "赵一"), (5, "钱二")]
    assert sheet.rows[0][1]["出生日期"] == "1990-05-01"
    assert [(w.field, w.code) for w in sheet.warnings] == [("备注", "registration.column_unused")]


def test_an_id_number_that_excel_took_for_a_number_is_named() -> None:
    sheet = read_sheet(workbook(["姓名", "证件号码"], ["赵一", 340802199001011234]))
    assert [(f.row, f.code) for f in sheet.faults] == [(2, "registration.id_number_numeric")]


def test_missing_columns_are_named() -> None:
    with pytest.raises(RowRefusal) as refused:
        read_sheet(workbook(["姓名", "性别"], ["赵一", "男"]))
    assert [row.field for row in refused.value.rows] == ["姓名", "证件号码"]


@pytest.mark.parametrize("data", [b"", b"no zip", archive(x=b"1")])
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal, match=r"registration\.workbook_bad"):
        read_sheet(data)


def test_too_many_rows_are_refused() -> None:
    line: list[object] = ["赵", "x"]
    with pytest.raises(Refusal, match=r"registration\.too_many_rows"):
        read_sheet(workbook(["姓名", "证件号码"], *([line] * 5_001)))


def test_portraits_come_by_the_stem_of_their_name() -> None:
    data = archive(**{"照片/340.JPG": b"1", "赵一.png": b"2", "__MACOSX/._x.jpg": b"", "d/": b""})
    assert read_portraits(data) == {"340": b"1", "赵一": b"2"}


def test_names_written_by_windows_in_gb18030_are_read() -> None:
    """Windows leaves the UTF-8 flag unset; the bytes of the name are GB18030."""
    plain = archive(**{"AAAA.jpg": b"1"}).replace(b"AAAA", "赵一".encode("gb18030"))
    assert read_portraits(plain) == {"赵一": b"1"}


@pytest.mark.parametrize(
    "name", ["../x.jpg", "/etc/x.jpg", "a/../../x.jpg", "..\\x.jpg", "C:x.jpg"]
)
def test_a_name_that_leaves_the_archive_is_refused(name: str) -> None:
    with pytest.raises(RowRefusal) as refused:
        read_portraits(archive(**{"ok.jpg": b"1", name: b"2"}))
    assert [(row.row, row.code) for row in refused.value.rows] == [(2, "registration.name_unsafe")]


def test_other_types_and_doubles_are_named_together() -> None:
    with pytest.raises(RowRefusal) as refused:
        read_portraits(archive(**{"a.gif": b"1", "b.jpg": b"2", "c/b.png": b"3"}))
    assert [(row.row, row.code) for row in refused.value.rows] == [
        (1, "registration.picture_type"),
        (3, "registration.twice_in_file"),
    ]


def test_a_zip_bomb_is_refused_by_its_ratio() -> None:
    with pytest.raises(Refusal) as refused:
        read_portraits(archive(**{"a.jpg": bytes(4 * 1024 * 1024)}))
    assert refused.value.params["what"] == "ratio"


def test_too_many_entries_are_refused() -> None:
    with pytest.raises(Refusal) as refused:
        read_portraits(archive(**{f"{n}.jpg": b"" for n in range(5_001)}))
    assert refused.value.params["what"] == "count"


def test_a_size_that_lies_does_not_get_more_memory() -> None:
    """The directory says 10 bytes, the stream holds two megabytes: reading stops and refuses."""
    honest = bytearray(archive(**{"a.jpg": bytes(2 * 1024 * 1024)}))
    at = honest.rindex(b"PK\x01\x02")
    honest[at + 24 : at + 28] = struct.pack("<I", 10)
    with pytest.raises(Refusal, match=r"registration\.zip_bad"):
        read_portraits(bytes(honest))


@pytest.mark.parametrize("flip", [1, 8, 0xFF])
def test_every_single_damaged_byte_of_an_archive_is_refused_or_harms_nothing(flip: int) -> None:
    whole = archive(**{"a.jpg": b"picture" * 9, "b.jpg": b"other" * 9})
    honest = read_portraits(whole)
    for at in range(len(whole)):
        damaged = whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :]
        with suppress(Refusal):
            assert set(read_portraits(damaged).values()) <= set(honest.values())


def test_a_locked_archive_is_refused() -> None:
    data = bytearray(archive(**{"a.jpg": b"1"}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    with pytest.raises(RowRefusal) as refused:
        read_portraits(bytes(data))
    assert refused.value.rows[0].code == "registration.zip_locked"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_portrait_becomes_a_jpeg_without_metadata(kind: str) -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    exif[0x0112] = 6  # turned by 90°
    Image.new("RGB", (30, 40)).save(out, kind, exif=exif)
    made = Image.open(io.BytesIO(as_portrait(out.getvalue())))
    assert made.format == "JPEG"
    assert made.size == (40, 30)
    assert b"secret place" not in as_portrait(out.getvalue())


def test_a_large_portrait_is_made_smaller() -> None:
    made = Image.open(io.BytesIO(as_portrait(picture(size=(3_000, 2_000)))))
    assert max(made.size) == 1_280


@pytest.mark.parametrize("data", [b"", b"GIF89a", picture()[:60], b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal, match=r"registration\.picture_unreadable"):
        as_portrait(data)


def test_a_picture_with_absurd_dimensions_is_refused_before_it_is_decoded() -> None:
    png = bytearray(picture("PNG"))
    png[16:24] = struct.pack(">II", 50_000, 50_000)
    with pytest.raises(Refusal):
        as_portrait(bytes(png))

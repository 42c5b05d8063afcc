"""Reading what is uploaded: the roster workbook and the archive of portraits.

Rules kept here: both are zip files, so count, size and ratio are bounded before anything is
unpacked; a name that leaves the archive is refused; pictures are decoded, turned upright and
written anew as JPEG without metadata, so that nothing but the picture is kept.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from openpyxl import load_workbook
from PIL import Image, ImageOps, UnidentifiedImageError

from kernel.errors import DAMAGED_ZIP, Refusal, RowError, RowRefusal
from server.registration.rules import COLUMNS, REQUIRED

ROWS_MAX = 5_000
HEADER_WITHIN = 10
ENTRIES_MAX = 5_000
ENTRY_MAX_BYTES = 8 * 1024 * 1024
TOTAL_MAX_BYTES = 512 * 1024 * 1024
WORKBOOK_MAX_BYTES = 64 * 1024 * 1024
RATIO_MAX = 200
RATIO_FREE_BYTES = 1024 * 1024
PIXELS_MAX = 40_000_000
SIDE_MAX_PX = 1_280
TYPES = {".jpg", ".jpeg", ".png"}
ROSTER, PORTRAITS = "roster", "portraits"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows by number with texts by column name; ``warnings`` name columns that are not used."""

    rows: tuple[tuple[int, dict[str, str]], ...]
    faults: tuple[RowError, ...]
    warnings: tuple[RowError, ...]


def read_sheet(data: bytes) -> Sheet:
    """The first sheet. Raises ``registration.workbook_bad``, ``.column_missing``,
    ``.too_many_rows``.
    """
    _bounded(data, WORKBOOK_MAX_BYTES, "registration.workbook_bad")
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        lines = list(book.worksheets[0].iter_rows(max_row=ROWS_MAX + HEADER_WITHIN + 1))
    except Exception as wrong:
        raise Refusal("registration.workbook_bad", detail=str(wrong)[:120]) from wrong
    texts = [[_text(cell.value) for cell in line] for line in lines]
    at = next(
        (n for n, line in enumerate(texts[:HEADER_WITHIN]) if set(REQUIRED) <= set(line)), None
    )
    if at is None:
        missing = [
            RowError(1, name, "registration.column_missing", {"name": name}, ROSTER)
            for name in REQUIRED
        ]
        raise RowRefusal("registration.header_missing", missing)
    header = texts[at]
    body = [
        (n + 1, dict(zip(header, line, strict=False)))
        for n, line in enumerate(texts)
        if n > at and any(line)
    ]
    if len(body) > ROWS_MAX:
        raise Refusal("registration.too_many_rows", limit=ROWS_MAX)
    unused = [name for name in header if name and name not in COLUMNS]
    numeric = [
        RowError(n + 1, "证件号码", "registration.id_number_numeric", {}, ROSTER)
        for n, line in enumerate(lines)
        if n > at and _lost_digits(line[header.index("证件号码")].value)
    ]
    return Sheet(
        tuple(body),
        tuple(numeric),
        tuple(
            RowError(at + 1, name, "registration.column_unused", {"name": name}, ROSTER)
            for name in unused
        ),
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace(" ", " ").strip()


def _lost_digits(value: object) -> bool:
    """Excel keeps 15 digits of a number: an ID number typed as a number is no longer true."""
    return isinstance(value, int | float) and value >= 10**15


def read_portraits(data: bytes) -> dict[str, bytes]:
    """Raw pictures by the file name's stem. Raises ``registration.portraits_bad`` with rows."""
    _bounded(data, TOTAL_MAX_BYTES, "registration.zip_bad")
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        named = [(n, _name(info), info) for n, info in enumerate(file.infolist(), start=1)]
        kept = [entry for entry in named if not _is_noise(entry[1], entry[2])]
        faults = list(_name_faults(kept))
        if faults:
            raise RowRefusal("registration.portraits_bad", faults)
        return {PurePosixPath(name).stem: _read(file, info) for _, name, info in kept}


def _name(info: zipfile.ZipInfo) -> str:
    """Windows writes names in GB18030 without saying so; zipfile then reads them as cp437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.orig_filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return info.filename


def _is_noise(name: str, info: zipfile.ZipInfo) -> bool:
    leaf = PurePosixPath(name).name
    return info.is_dir() or name.startswith("__MACOSX/") or leaf in {".DS_Store", "Thumbs.db"}


def _name_faults(entries: list[tuple[int, str, zipfile.ZipInfo]]) -> Iterator[RowError]:
    stems: dict[str, int] = {}
    for number, name, info in entries:
        path = PurePosixPath(name)
        shown = name[:80]
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name:
            yield RowError(number, shown, "registration.name_unsafe", {}, PORTRAITS)
        elif path.suffix.lower() not in TYPES:
            yield RowError(number, shown, "registration.picture_type", {}, PORTRAITS)
        elif info.file_size > ENTRY_MAX_BYTES:
            limit = {"limit_mb": ENTRY_MAX_BYTES // 1024 // 1024}
            yield RowError(number, shown, "registration.picture_large", limit, PORTRAITS)
        elif info.flag_bits & 0x1:
            yield RowError(number, shown, "registration.zip_locked", {}, PORTRAITS)
        elif stems.setdefault(path.stem, number) != number:
            first = {"first": stems[path.stem]}
            yield RowError(number, shown, "registration.twice_in_file", first, PORTRAITS)


def _read(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with file.open(info) as entry:
            data = entry.read(ENTRY_MAX_BYTES + 1)
    except DAMAGED_ZIP as wrong:
        raise Refusal("registration.zip_bad", detail=str(wrong)[:120]) from wrong
    if len(data) > ENTRY_MAX_BYTES:
        raise Refusal("registration.zip_bad", detail="size")
    return data


def _bounded(data: bytes, total: int, code: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            entries = file.infolist()
    except DAMAGED_ZIP as wrong:
        raise Refusal(code, detail=str(wrong)[:120]) from wrong
    if len(entries) > ENTRIES_MAX:
        raise Refusal("registration.zip_bomb", what="count", limit=ENTRIES_MAX)
    if sum(info.file_size for info in entries) > total:
        raise Refusal("registration.zip_bomb", what="size_bytes", limit=total)
    for info in entries:
        swollen = info.file_size > RATIO_FREE_BYTES
        if swollen and info.file_size > RATIO_MAX * max(1, info.compress_size):
            raise Refusal("registration.zip_bomb", what="ratio", limit=RATIO_MAX)


def as_portrait(data: bytes) -> bytes:
    """The picture as JPEG, upright, at most 1280 px a side, without metadata.

    Raises ``registration.picture_unreadable``, ``registration.picture_large``.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                raise Refusal("registration.picture_large", limit_mb=PIXELS_MAX // 1_000_000)
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as wrong:
        raise Refusal("registration.picture_unreadable") from wrong
    upright.thumbnail((SIDE_MAX_PX, SIDE_MAX_PX))
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=92)
    return out.getvalue()

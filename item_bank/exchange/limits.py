"""What may be opened at all: sizes, zip bombs, encrypted and broken office files.

Rules kept here: nothing is unpacked before the sizes that the archive declares are added up (the
library reads no byte beyond a declared size); a part with a document type is refused, so no entity
can grow.
"""

import io
import zipfile

from kernel.errors import DAMAGED_ZIP, Kind, Refusal

FILE_LIMIT_BYTES = 20 * 1024 * 1024
UNPACKED_LIMIT_BYTES = 40 * 1024 * 1024
PARTS_LIMIT = 2_000
ROWS_LIMIT = 20_000

_COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = 0x1
_DOCTYPES = tuple("<!DOCTYPE".encode(code) for code in ("ascii", "utf-16-le", "utf-16-be"))


def is_archive(data: bytes) -> bool:
    """True for a ZIP, which docx and xlsx are."""
    return data[:4] == b"PK\x03\x04"


def check_size(source: str, data: bytes) -> None:
    """Raises ``bank.file_too_large``, ``bank.file_empty``, ``bank.file_locked`` (an office file
    with a password, and the old binary formats, are compound files).
    """
    if len(data) > FILE_LIMIT_BYTES:
        raise Refusal(
            "bank.file_too_large", Kind.TOO_LARGE, file=source, limit_mb=FILE_LIMIT_BYTES >> 20
        )
    if not data:
        raise Refusal("bank.file_empty", file=source)
    if data.startswith(_COMPOUND_FILE):
        raise Refusal("bank.file_locked", file=source)


def check_archive(source: str, data: bytes) -> frozenset[str]:
    """The names in the archive. Raises ``bank.file_too_large``, ``bank.file_locked``,
    ``bank.file_broken``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > PARTS_LIMIT or unpacked > UNPACKED_LIMIT_BYTES:
                raise Refusal(
                    "bank.file_unpacks_too_large",
                    Kind.TOO_LARGE,
                    file=source,
                    limit_mb=UNPACKED_LIMIT_BYTES >> 20,
                )
            if any(part.flag_bits & _ENCRYPTED for part in parts):
                raise Refusal("bank.file_locked", file=source)
            for part in parts:
                if part.filename.endswith((".xml", ".rels", ".vml")):
                    _check_part(source, archive.read(part))
            return frozenset(part.filename for part in parts)
    except DAMAGED_ZIP as wrong:
        raise Refusal("bank.file_broken", file=source, detail=str(wrong)[:120]) from wrong


def _check_part(source: str, part: bytes) -> None:
    if any(mark in part for mark in _DOCTYPES):
        raise Refusal("bank.file_broken", file=source, detail="DOCTYPE")

"""Refusals: what the program declines to do, as data.

Rules kept here: a refusal has a stable dotted code, a kind and parameters; it carries no HTTP
status (kernel.web maps kinds) and no prose (kernel.words and the client's locale files hold the
words).
"""

import dataclasses
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

DAMAGED_ZIP: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What a damaged, locked or forged ZIP makes ``zipfile`` raise; readers refuse on all of it."""

Param = str | int | float | bool | None


class Kind(StrEnum):
    """Why the request was refused; kernel.web turns each into one HTTP status."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


class Refusal(Exception):
    """A refusal with a code such as ``answer.too_late``; ``params`` fill the catalogue's
    sentence.
    """

    def __init__(self, code: str, kind: Kind = Kind.INVALID, /, **params: Param) -> None:
        super().__init__(code)
        self.code = code
        self.kind = kind
        self.params: Mapping[str, Param] = params

    def __str__(self) -> str:
        return f"{self.code} {dict(self.params)}" if self.params else self.code


@dataclass(frozen=True, slots=True)
class RowError:
    """One fault in an imported file: where (sheet or file, 1-based row, field) and what."""

    row: int
    field: str
    code: str
    params: Mapping[str, Param] = dataclasses.field(default_factory=dict)
    source: str = ""


class RowRefusal(Refusal):
    """A refusal of a whole file, with every faulty row named; nothing was written."""

    def __init__(self, code: str, rows: list[RowError]) -> None:
        super().__init__(code, Kind.INVALID, count=len(rows))
        self.rows = rows

"""The five volumes (五卷) as paths, and who can be recognised in which file.

Rules kept here: everything has one place; what names a person is sealed and its path says so; what
the verifier needs is never sealed.
"""

from enum import StrEnum

from kernel.codec import encode


class Volume(StrEnum):
    """Folders of the archive, numbered as the field numbers its volumes."""

    ELIGIBILITY = "1-eligibility"
    FILING = "2-filing"
    PROCESS = "3-process"
    PAPERS_AND_RESULTS = "4-papers-and-results"
    CERTIFICATES = "5-certificates"


README = "README.md"
SEALED = ".sealed"
LEDGER = f"{Volume.PROCESS}/ledger"
DESTRUCTION = f"{Volume.PROCESS}/destruction.bin"
BLOBS = f"{Volume.PROCESS}/blobs"
SESSION = f"{Volume.ELIGIBILITY}/session.json"
ROSTER = f"{Volume.ELIGIBILITY}/roster.json"
PEOPLE = f"{Volume.ELIGIBILITY}/people.json{SEALED}"
PLAN = f"{Volume.FILING}/plan.json"
STAFFING = f"{Volume.FILING}/staffing.json{SEALED}"
DRAW = f"{Volume.PROCESS}/draw.json"
VISITS = f"{Volume.PROCESS}/check-in.json{SEALED}"
BLOB_LIST = f"{Volume.PROCESS}/blobs.json"
PACKAGE = f"{Volume.PAPERS_AND_RESULTS}/package.zip"
PACKAGE_MANIFEST = f"{Volume.PAPERS_AND_RESULTS}/package-manifest.json"
MARKS = f"{Volume.PAPERS_AND_RESULTS}/marks.json{SEALED}"
RESULTS = f"{Volume.PAPERS_AND_RESULTS}/results.xlsx{SEALED}"
PUBLICATION = f"{Volume.CERTIFICATES}/publication.json"
CERTIFICATES = f"{Volume.CERTIFICATES}/certificates"


def room_record(room_id: str, kind: str) -> str:
    """The record of one room, as ``json`` or ``pdf``."""
    return f"{Volume.PROCESS}/rooms/{room_id}.{kind}{SEALED}"


def blob_path(name: str) -> str:
    """Where a sealed picture or piece of recording lies."""
    return f"{BLOBS}/{name}"


def seal_purpose(archive_id: str, path: str) -> bytes:
    """What a sealed file is bound to: no other place in no other archive."""
    return encode("archive-sealed", 1, [archive_id, path])


def key_purpose(archive_id: str) -> bytes:
    """What the wrapped key of an archive is bound to."""
    return encode("archive-key", 1, [archive_id])


def masked_name(name: str) -> str:
    """张*明: first and last character stay; a name of two keeps the first."""
    if len(name) < 2:
        return "*" * len(name)
    return name[0] + "*" if len(name) == 2 else name[0] + "*" * (len(name) - 2) + name[-1]

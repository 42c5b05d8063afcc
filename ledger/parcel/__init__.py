"""A parcel: files with a signed manifest, as one ZIP or as a folder (docs/formats/archive.md).

Rules kept here: every byte is accounted for, those of the container too; a file that is not in the
manifest is a fault, and so is one that is missing; nothing is read but the path.
"""

from ledger.parcel.checking import (
    Fault,
    Seen,
    check_manifest,
    check_parcel,
    differing,
    is_parcel,
)
from ledger.parcel.manifest import MANIFEST, SIGNATURE, Entry, Manifest, signed_bytes
from ledger.parcel.reading import FolderParcel, Parcel, ZipParcel, is_readable, open_parcel
from ledger.parcel.writing import FolderSink, ParcelWriter, Sink, ZipSink

__all__ = [
    "MANIFEST",
    "SIGNATURE",
    "Entry",
    "Fault",
    "FolderParcel",
    "FolderSink",
    "Manifest",
    "Parcel",
    "ParcelWriter",
    "Seen",
    "Sink",
    "ZipParcel",
    "ZipSink",
    "check_manifest",
    "check_parcel",
    "differing",
    "is_parcel",
    "is_readable",
    "open_parcel",
    "signed_bytes",
]

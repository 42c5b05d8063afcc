"""The manifest: what lies in a parcel, under the signature of the server that made it."""

import re

import msgspec

from kernel.codec import canonical_json, encode

FORMAT = "gongyuan-archive-1"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"

_PATH = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$")


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file. ``sha256`` is hex of the bytes as they lie there; a sealed file is encrypted."""

    path: str
    size_bytes: int
    sha256: str
    sealed: bool = False


class Absent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something a reader would look for and why it is not there."""

    path: str
    reason: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of ``manifest.json``; files by path. ``signer_public`` is hex; ``custody`` says
    how the keys of the log were kept, empty where an older program made the archive.
    """

    format: str
    archive_id: str
    origin: str
    session_id: str
    made_at_ms: int
    signer_public: str
    files: tuple[Entry, ...]
    absent: tuple[Absent, ...] = ()
    custody: str = ""


def is_safe_path(path: str) -> bool:
    """True for a relative path that means the same on every system."""
    return bool(_PATH.match(path)) and ".." not in path and len(path) <= 240


def manifest_bytes(manifest: Manifest) -> bytes:
    """Canonical JSON; a custody that is not known is left out."""
    stated = msgspec.to_builtins(manifest)
    if not manifest.custody:
        del stated["custody"]
    return canonical_json(stated)


def read_manifest(data: bytes) -> Manifest:
    """Raises ValueError for anything but a canonical manifest of this format."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise ValueError(str(wrong)) from wrong
    paths = [entry.path for entry in manifest.files]
    if manifest.format != FORMAT:
        raise ValueError(f"format {manifest.format[:40]}")
    if manifest_bytes(manifest) != data:
        raise ValueError("not in canonical form")
    if paths != sorted(set(paths)) or not all(is_safe_path(path) for path in paths):
        raise ValueError("paths are not unique, sorted and safe")
    return manifest


def signed_bytes(stored_manifest: bytes) -> bytes:
    """The frame under the server's signature."""
    return encode("archive-manifest", 1, [stored_manifest])

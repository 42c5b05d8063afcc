"""Checking a parcel against its manifest: needs the path and nothing else."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kernel.crypto.signing import server_signature_holds
from ledger.parcel.manifest import MANIFEST, SIGNATURE, Manifest, read_manifest, signed_bytes
from ledger.parcel.reading import Parcel, open_parcel


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: ``place`` is a path in the parcel, or the parcel's own name."""

    place: str
    problem: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check saw. ``manifest`` is None when it could not be read."""

    manifest: Manifest | None
    files: int
    faults: tuple[Fault, ...]


def is_parcel(path: Path) -> bool:
    """True for a folder with a manifest, and for any file."""
    return path.is_file() or (path / MANIFEST).is_file()


def check_parcel(path: Path, *, step: Callable[[int], None] = lambda _size: None) -> Seen:
    """Every file's size and SHA-256, nothing missing, nothing added, and the signature.

    ``step`` is told the bytes read, for a progress bar. Whether ``signer_public`` is the key that
    one trusts is the caller's question.
    """
    parcel = open_parcel(path)
    stated = check_manifest(parcel)
    faults = list(stated.faults)
    if stated.manifest is not None:
        present = set(parcel.paths())
        measured = {
            entry.path: _measured(parcel, entry.path, step)
            for entry in stated.manifest.files
            if entry.path in present
        }
        faults += differing(stated.manifest, measured)
    faults += [Fault(place, problem) for place, problem in parcel.faults]
    return Seen(stated.manifest, stated.files, tuple(faults))


def check_manifest(parcel: Parcel) -> Seen:
    """The manifest, its signature, and that exactly its files are there; no file is read."""
    present = set(parcel.paths())
    if MANIFEST not in present or SIGNATURE not in present:
        return Seen(None, len(present), (Fault(MANIFEST, "is missing, or its signature is"),))
    try:
        stored, signature = parcel.read(MANIFEST), parcel.read(SIGNATURE)
        manifest = read_manifest(stored)
    except ValueError as wrong:
        return Seen(None, len(present), (Fault(MANIFEST, str(wrong)),))
    faults = []
    if not server_signature_holds(_public(manifest), signed_bytes(stored), signature):
        faults.append(Fault(MANIFEST, "its signature does not hold"))
    named = {entry.path for entry in manifest.files}
    faults += [Fault(path, "is missing") for path in sorted(named - present)]
    added = present - named - {MANIFEST, SIGNATURE}
    faults += [Fault(path, "is not in the manifest") for path in sorted(added)]
    return Seen(manifest, len(named), tuple(faults))


def differing(manifest: Manifest, measured: Mapping[str, tuple[int, str]]) -> list[Fault]:
    """Files that are not as the manifest says; ``measured`` is path → (bytes, SHA-256 in hex)."""
    return [
        Fault(entry.path, "was changed: its SHA-256 is not the manifest's")
        for entry in manifest.files
        if entry.path in measured and measured[entry.path] != (entry.size_bytes, entry.sha256)
    ]


def _measured(parcel: Parcel, path: str, step: Callable[[int], None]) -> tuple[int, str]:
    state, size = hashlib.sha256(), 0
    for piece in parcel.pieces(path):
        state.update(piece)
        size += len(piece)
        step(len(piece))
    return size, state.hexdigest()


def _public(manifest: Manifest) -> bytes:
    try:
        return bytes.fromhex(manifest.signer_public)
    except ValueError:
        return b""

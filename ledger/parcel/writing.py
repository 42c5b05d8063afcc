"""Writing a parcel, one file after another: nothing is held in memory but the list of files.

Rules kept here: what is written is durable and complete before it has its name; a path is written
once; the manifest and its signature come last.
"""

import hashlib
import os
import shutil
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

from kernel.files import FRESH, settle_folder
from ledger.parcel.container import Member, local_header, tail
from ledger.parcel.manifest import (
    FORMAT,
    MANIFEST,
    SIGNATURE,
    Absent,
    Entry,
    Manifest,
    is_safe_path,
    manifest_bytes,
    signed_bytes,
)

_PIECE = 1 << 20


class Sink(Protocol):
    """Where the files go. Nothing is visible under the target before ``finish``."""

    def add(self, path: str, size_bytes: int, pieces: Iterable[bytes]) -> None: ...
    def finish(self) -> None: ...
    def discard(self) -> None: ...


class ZipSink:
    """One ZIP file, made beside its target and renamed when it is whole."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._fresh = target.with_name(f"{FRESH}{target.name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = self._fresh.open("wb")
        self._members: list[Member] = []
        self._at = 0

    def add(self, path: str, size_bytes: int, pieces: Iterable[bytes]) -> None:
        header = local_header(Member(path, size_bytes, 0, self._at))
        self._file.write(header)
        crc = written = 0
        for piece in pieces:
            self._file.write(piece)
            crc = zlib.crc32(piece, crc)
            written += len(piece)
        if written != size_bytes:
            raise OSError(f"{path} changed while it was read")
        member = Member(path, size_bytes, crc, self._at)
        self._file.seek(self._at)
        self._file.write(local_header(member))
        self._at += len(header) + size_bytes
        self._file.seek(self._at)
        self._members.append(member)

    def finish(self) -> None:
        self._file.write(tail(self._members, self._at))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._fresh.rename(self._target)
        settle_folder(self._target.parent)

    def discard(self) -> None:
        self._file.close()
        self._fresh.unlink(missing_ok=True)


class FolderSink:
    """A folder, made beside its target and renamed when it is whole."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._fresh = target.with_name(f"{FRESH}{target.name}")
        shutil.rmtree(self._fresh, ignore_errors=True)
        self._fresh.mkdir(parents=True)

    def add(self, path: str, size_bytes: int, pieces: Iterable[bytes]) -> None:
        place = self._fresh / path
        place.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        with place.open("xb") as file:
            for piece in pieces:
                file.write(piece)
                written += len(piece)
            file.flush()
            os.fsync(file.fileno())
        if written != size_bytes:
            raise OSError(f"{path} changed while it was read")

    def finish(self) -> None:
        for folder in {path.parent for path in self._fresh.rglob("*")}:
            settle_folder(folder)
        self._fresh.rename(self._target)
        settle_folder(self._target.parent)

    def discard(self) -> None:
        shutil.rmtree(self._fresh, ignore_errors=True)


class ParcelWriter:
    """Adds files and closes with the manifest. Not for two threads at once."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._entries: dict[str, Entry] = {}
        self._absent: list[Absent] = []

    def add(self, path: str, data: bytes, *, sealed: bool = False) -> Entry:
        """Bytes that are at hand. Raises ValueError for a bad or used path."""
        return self._add(path, len(data), [data], sealed=sealed)

    def add_file(self, path: str, source: Path, *, sealed: bool = False) -> Entry:
        """A file on disk, copied piece by piece."""
        with source.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            return self._add(path, size, iter(lambda: file.read(_PIECE), b""), sealed=sealed)

    def leave_out(self, path: str, reason: str) -> None:
        """Says in the manifest that something is not there, and why."""
        self._absent.append(Absent(path, reason))

    def close(
        self,
        *,
        archive_id: str,
        origin: str,
        session_id: str,
        made_at_ms: int,
        signer_public: bytes,
        sign: Callable[[bytes], bytes],
        custody: str = "",
    ) -> Manifest:
        """Writes manifest and signature and gives the parcel its name."""
        manifest = Manifest(
            format=FORMAT,
            archive_id=archive_id,
            origin=origin,
            session_id=session_id,
            made_at_ms=made_at_ms,
            signer_public=signer_public.hex(),
            files=tuple(self._entries[path] for path in sorted(self._entries)),
            absent=tuple(sorted(self._absent, key=lambda one: one.path)),
            custody=custody,
        )
        stored = manifest_bytes(manifest)
        signature = sign(signed_bytes(stored))
        self._sink.add(MANIFEST, len(stored), [stored])
        self._sink.add(SIGNATURE, len(signature), [signature])
        self._sink.finish()
        return manifest

    def discard(self) -> None:
        """Leaves nothing behind."""
        self._sink.discard()

    def _add(self, path: str, size: int, pieces: Iterable[bytes], *, sealed: bool) -> Entry:
        if not is_safe_path(path) or path in self._entries or path in {MANIFEST, SIGNATURE}:
            raise ValueError(f"bad or used path {path}")
        state = hashlib.sha256()

        def hashed() -> Iterable[bytes]:
            for piece in pieces:
                state.update(piece)
                yield piece

        self._sink.add(path, size, hashed())
        entry = Entry(path, size, state.hexdigest(), sealed)
        self._entries[path] = entry
        return entry

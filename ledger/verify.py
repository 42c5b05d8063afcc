"""``gongyuan verify PATH``: prove an archive with nothing but its path.

Rules kept here: no database, no network, no key is needed for the container, the seal and the
chains; a key file opens the bodies too; every stream is looked at and the first broken place is
named; what was not checked is said.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from kernel.crypto.signing import server_signature_holds
from kernel.errors import Refusal
from ledger.chain import Damage, Finding, Sealed, StreamFile, diagnose, read_stream_file
from ledger.layout import (
    SEAL_FILE,
    KeyFile,
    SealFile,
    SealList,
    read_key_file,
    stream_path,
)
from ledger.opening import Opened, open_bodies
from ledger.parcel import MANIFEST, Parcel, check_parcel, open_parcel
from ledger.report import Report
from ledger.scopes import scope_of

__all__ = ["Damage", "Finding", "Report", "verify"]

Progress = Callable[[int, int], None]
BLOB_LIST = "blobs.json"


def verify(
    path: Path,
    key_file: Path | None = None,
    progress: Progress | None = None,
    *,
    trust: bytes | None = None,
) -> Report:
    """Check an archive, ZIP or folder.

    ``progress`` is told bytes done and bytes in all; ``trust`` is the server's public key (32
    bytes) where the reader knows it. Raises ``verify.no_archive``, ``verify.key_file``.
    """
    if not path.exists():
        raise Refusal("verify.no_archive", path=str(path))
    keys = None if key_file is None else read_key_file(key_file)
    return _Check(path, progress or (lambda _done, _total: None)).run(keys, trust)


@dataclass(frozen=True, slots=True)
class _Seal:
    file: SealFile
    list: SealList
    folder: str


class _Check:
    def __init__(self, path: Path, progress: Progress) -> None:
        self._path = path
        self._parcel: Parcel = open_parcel(path)
        self._present = frozenset(self._parcel.paths())
        self._container = list(self._parcel.faults)
        self._progress = progress
        sizes = {name: self._parcel.size(name) for name in self._present}
        self._total = 2 * sum(size for name, size in sizes.items() if _is_ledger(name))
        self._total += sum(size for name, size in sizes.items() if not _is_ledger(name))
        self._done = 0
        self._files: dict[str, StreamFile] = {}
        self._report = Report(path=str(path))

    def run(self, keys: KeyFile | None, trust: bytes | None) -> Report:
        report = self._report
        report.found += [
            Finding(Damage.CONTAINER, place, detail=what) for place, what in self._container
        ]
        seal = self._seal(trust)
        if seal is not None:
            self._streams(seal)
            self._roster(seal)
            if keys is not None:
                self._bodies(seal, keys)
        self._blobs(seal, self._files_whole(seal))
        self._progress(self._total, self._total)
        return report

    def _seal(self, trust: bytes | None) -> _Seal | None:
        """The seal, if its signature holds."""
        places = [p for p in self._present if p == SEAL_FILE or p.endswith(f"/{SEAL_FILE}")]
        if len(places) != 1:
            self._add(Damage.SEAL, SEAL_FILE, detail="missing" if not places else "twice")
            return None
        place = places[0]
        try:
            file = SealFile.from_bytes(self._parcel.read(place))
            listed = SealList.from_frame(file.frame)
        except ValueError as wrong:
            self._add(Damage.SEAL, place, detail=str(wrong))
            return None
        if not server_signature_holds(file.server_public, file.frame, file.signature):
            self._add(Damage.SEAL, place, detail="signature")
            return None
        if trust is not None and trust != file.server_public:
            self._add(Damage.SEAL, place, detail="another server's key")
        report = self._report
        report.origin, report.session_id = listed.origin, listed.session_id
        report.sealed_at_ms, report.server_public = listed.sealed_at_ms, file.server_public.hex()
        return _Seal(file, listed, place.removesuffix(SEAL_FILE))

    def _streams(self, seal: _Seal) -> None:
        for stream_id, (count, _) in seal.list.streams.items():
            file = self._stream(seal, stream_id)
            if file is None:
                sitting = stream_id.startswith("sitting/")
                damage = Damage.MISSING_SITTING if sitting else Damage.MISSING_STREAM
                self._add(damage, stream_id)
                continue
            self._report.streams += 1
            self._report.records += len(file.records)
            found = diagnose(
                Sealed(seal.list.origin, stream_id, count),
                file,
                lambda other: self._stream(seal, other),
            )
            if found is not None:
                self._report.found.append(found)
        known = {seal.folder + stream_path(one) for one in seal.list.streams}
        for place in sorted(self._present - known):
            if place.startswith(seal.folder) and place != seal.folder + SEAL_FILE and seal.folder:
                self._add(Damage.INSERTED, place, detail="not in the seal")

    def _stream(self, seal: _Seal, stream_id: str) -> StreamFile | None:
        place = seal.folder + stream_path(stream_id)
        if stream_id not in seal.list.streams or place not in self._present:
            return None
        if stream_id not in self._files:
            data = self._parcel.read(place)
            self._files[stream_id] = read_stream_file(data, seal.list.streams[stream_id][1])
            self._step(len(data))
        return self._files[stream_id]

    def _roster(self, seal: _Seal) -> None:
        roster, report = seal.list.roster, self._report
        report.roster = len(roster)
        held = {one.partition("/")[2] for one in seal.list.streams if one.startswith("sitting/")}
        report.never_opened = len(roster.keys() - held)
        for sitting_id in sorted(held - roster.keys()):
            self._add(Damage.SEAL, f"sitting/{sitting_id}", detail="not on the roster")

    def _bodies(self, seal: _Seal, keys: KeyFile) -> None:
        listed, opened = seal.list, keys.opened()
        if (keys.origin, keys.session_id) != (listed.origin, listed.session_id):
            self._add(Damage.WRONG_KEY, seal.folder + SEAL_FILE, detail=keys.session_id)
            return
        broken = {one.place for one in self._report.found}
        scopes = {scope for scope, _ in opened}
        for stream_id in listed.streams:
            file = self._files.get(stream_id)
            if file is None or stream_id in broken:
                continue
            if scope_of(stream_id) not in scopes:
                self._report.unopened += 1
                continue
            self._count(
                open_bodies(listed.origin, stream_id, listed.session_id, file.records, opened)
            )

    def _count(self, opened: Opened) -> None:
        report = self._report
        report.opened += 1
        report.bodies += opened.bodies
        report.device_events += opened.device_events
        report.signatures += opened.signatures
        report.conflicts += opened.conflicts
        if opened.finding is not None:
            report.found.append(opened.finding)

    def _files_whole(self, seal: _Seal | None) -> Mapping[str, str]:
        """Everything against the signed manifest; what a stream's finding explains stands once.

        Returns path → SHA-256 (hex) of the files that are as the manifest says.
        """
        seen = check_parcel(self._path, step=self._step)
        report = self._report
        report.files = seen.files
        signer = "" if seen.manifest is None else seen.manifest.signer_public
        if seal is not None and signer and signer != seal.file.server_public.hex():
            self._add(Damage.SEAL, MANIFEST, detail="another key than the seal's")
        explained = {place for place, _ in self._container}
        if seal is not None:
            explained |= {seal.folder + stream_path(one.place) for one in report.found}
            explained |= {one.place for one in report.found}
        for fault in seen.faults:
            if fault.place not in explained:
                explained.add(fault.place)
                self._add(Damage.FILE, fault.place, detail=fault.problem)
        entries = () if seen.manifest is None else seen.manifest.files
        bad = {fault.place for fault in seen.faults}
        return {entry.path: entry.sha256 for entry in entries if entry.path not in bad}

    def _blobs(self, seal: _Seal | None, whole: Mapping[str, str]) -> None:
        """Pictures and recordings against their own list."""
        above = "" if seal is None else seal.folder.removesuffix("/").rpartition("/")[0]
        place = f"{above}/{BLOB_LIST}" if above else BLOB_LIST
        if place not in self._present:
            return
        try:
            entries = msgspec.json.decode(self._parcel.read(place), type=_BlobList).blobs
        except msgspec.DecodeError as wrong:
            self._add(Damage.FILE, place, detail=str(wrong)[:120])
            return
        found = self._report.found
        explained = {one.place: one for one in found if one.damage is Damage.FILE}
        for entry in entries:
            if whole.get(entry.path) == entry.sha256:
                self._report.blobs += 1
                continue
            if entry.path in explained:
                found.remove(explained[entry.path])
            gone = entry.path not in self._present
            self._add(Damage.BLOB_MISSING if gone else Damage.BLOB_CHANGED, entry.path)

    def _add(self, damage: Damage, place: str, detail: str = "") -> None:
        self._report.found.append(Finding(damage, place, detail=detail))

    def _step(self, size: int) -> None:
        self._done += size
        self._progress(min(self._done, self._total), self._total)


class _Blob(msgspec.Struct, frozen=True):
    path: str
    sha256: str


class _BlobList(msgspec.Struct, frozen=True):
    blobs: tuple[_Blob, ...]


def _is_ledger(name: str) -> bool:
    return name.endswith((".records", SEAL_FILE))

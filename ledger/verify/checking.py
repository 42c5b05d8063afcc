"""An archive, ZIP or folder, against its seal, its manifest and its lists.

Rules kept here: no database, no network, no key is needed for the container, the seal and the
chains; a key file opens the bodies too; every stream is looked at and the first broken place is
named; what was not checked is said.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from kernel.crypto.signing import server_signature_holds
from kernel.errors import Refusal
from kernel.settings import DATABASE_FILE
from ledger.chain import Damage, Finding
from ledger.erasure.proof import DESTRUCTION_FILE, NoOrder, read_destruction
from ledger.layout import SEAL_FILE, KeyFile, SealFile, SealList, read_key_file, stream_path
from ledger.opening import Opened
from ledger.parcel import (
    MANIFEST,
    Parcel,
    Seen,
    check_manifest,
    differing,
    is_parcel,
    is_readable,
    open_parcel,
)
from ledger.report import Report
from ledger.sweep.pool import Job, read_all
from ledger.sweep.reading import Expected, FileSeen, StreamSeen
from ledger.tree.note import NoteKey
from ledger.tree.part import CHECKPOINT_FILE, LEAVES_FILE
from ledger.verify.directory import verify_directory
from ledger.verify.tree import TreeCheck, Witnesses, witnesses_of

Progress = Callable[[int, int], None]
BLOB_LIST = "blobs.json"
_SERVERS_FOLDERS = ("keys", "blobs")
"""What a server's data directory holds, whatever its database; an archive has neither."""


def verify(
    path: Path,
    key_file: Path | None = None,
    progress: Progress | None = None,
    *,
    trust: bytes | None = None,
    witnesses: Sequence[NoteKey] = (),
    quorum: int | None = None,
    workers: int | None = None,
) -> Report:
    """Check an archive, ZIP or folder, or the data directory of a server on SQLite.

    ``progress`` is told bytes done and bytes in all; ``trust`` is the server's public key (32
    bytes) where the reader knows it; ``witnesses`` are the keys whose cosignatures count, all of
    them or ``quorum``; ``workers`` None takes every core where it pays. What has a manifest is an
    archive, whatever else somebody puts beside it. Raises ``verify.no_archive``,
    ``verify.no_database``, ``verify.live_witnesses``, ``verify.key_file``, ``db.moved``.
    """
    if not is_readable(path):
        raise Refusal("verify.no_archive", path=str(path))
    tell = progress or (lambda _done, _total: None)
    database = path / DATABASE_FILE
    if database.is_file() and not is_parcel(path):
        if witnesses or quorum:
            raise Refusal("verify.live_witnesses", path=str(path))
        return asyncio.run(verify_directory(path, database, tell, trust))
    if not is_parcel(path) and any((path / one).is_dir() for one in _SERVERS_FOLDERS):
        raise Refusal("verify.no_database", path=str(path), file=DATABASE_FILE)
    keys = None if key_file is None else read_key_file(key_file)
    return _Check(path, tell, witnesses_of(witnesses, quorum)).run(keys, trust, workers)


@dataclass(frozen=True, slots=True)
class _Seal:
    file: SealFile
    list: SealList
    folder: str

    def hash(self) -> bytes:
        """The seal's hash, under the suite of its log."""
        log = NoteKey.of_log(self.list.origin, self.file.server_public)
        return log.hasher(self.file.frame)


class _Check:
    def __init__(self, path: Path, progress: Progress, witnesses: Witnesses) -> None:
        self._parcel: Parcel = open_parcel(path)
        self._present = frozenset(self._parcel.paths())
        self._container = list(self._parcel.faults)
        self._progress = progress
        self._total = sum(self._parcel.size(name) for name in self._present)
        self._report = Report(path=str(path), quorum=witnesses.quorum)
        self._witnesses = witnesses
        self._tree = TreeCheck("")

    def run(self, keys: KeyFile | None, trust: bytes | None, workers: int | None) -> Report:
        report = self._report
        report.found += [
            Finding(Damage.CONTAINER, place, detail=what) for place, what in self._container
        ]
        seal = self._seal(trust)
        expected = Expected(self._parcel)
        if seal is not None:
            expected = self._expected(seal, keys)
            self._missing(seal)
            self._roster(seal)
            self._begin_tree(seal)
            self._destruction(seal)
        read = self._read(expected, workers)
        if seal is not None:
            self._keys(seal)
            report.found += self._tree.finish(seal.list, seal.hash())
        self._files_whole(seal, read)
        self._blobs(seal, read)
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
        report = self._report
        report.trusted = trust == file.server_public
        if trust is not None and not report.trusted:
            self._add(Damage.SEAL, place, detail="another server's key")
        report.origin, report.session_id = listed.origin, listed.session_id
        report.sealed_at_ms, report.server_public = listed.sealed_at_ms, file.server_public.hex()
        return _Seal(file, listed, place.removesuffix(SEAL_FILE))

    def _expected(self, seal: _Seal, keys: KeyFile | None) -> Expected:
        listed = seal.list
        expected = Expected(
            self._parcel, seal.folder, listed.origin, listed.session_id, listed.streams
        )
        if keys is None:
            return expected
        if (keys.origin, keys.session_id) != (listed.origin, listed.session_id):
            self._add(Damage.WRONG_KEY, seal.folder + SEAL_FILE, detail=keys.session_id)
            return expected
        return replace(expected, keys=keys.opened())

    def _begin_tree(self, seal: _Seal) -> None:
        tree = self._tree = TreeCheck(seal.folder)
        tree.read(self._parcel, seal.list, seal.file.server_public, self._witnesses)
        report = self._report
        report.tree_size, report.cosignatures = tree.size, tree.signatures
        report.witnessed = len(tree.witnessed)

    def _destruction(self, seal: _Seal) -> None:
        """The order to destroy the session's keys, where the archive holds one."""
        place = _beside(seal, DESTRUCTION_FILE)
        if place not in self._present:
            return
        session_id, public = seal.list.session_id, seal.file.server_public
        try:
            order = read_destruction(self._parcel.read(place), session_id, seal.hash(), public)
        except NoOrder as wrong:
            self._add(Damage.ORDER, place, detail=wrong.fault)
        except ValueError as wrong:
            self._add(Damage.FILE, place, detail=str(wrong)[:120])
        else:
            self._report.erased.append(order)

    def _keys(self, seal: _Seal) -> None:
        """A key file without keys is explained by an order that was carried out, and by nothing
        else.
        """
        report = self._report
        gone = any(one.erased_at_ms is not None for one in report.erased)
        if report.unopened and not gone:
            detail = f"{report.unopened} / {report.streams}"
            self._add(Damage.KEYS_MISSING, f"session {seal.list.session_id}", detail=detail)

    def _missing(self, seal: _Seal) -> None:
        for stream_id in seal.list.streams:
            if seal.folder + stream_path(stream_id) not in self._present:
                sitting = stream_id.startswith("sitting/")
                damage = Damage.MISSING_SITTING if sitting else Damage.MISSING_STREAM
                self._add(damage, stream_id)
        known = {seal.folder + stream_path(one) for one in seal.list.streams}
        known |= {seal.folder + one for one in (SEAL_FILE, CHECKPOINT_FILE, LEAVES_FILE)}
        for place in sorted(self._present - known):
            if place.startswith(seal.folder) and seal.folder:
                self._add(Damage.INSERTED, place, detail="not in the seal")

    def _roster(self, seal: _Seal) -> None:
        roster, report = seal.list.roster, self._report
        report.roster = len(roster)
        held = {one.partition("/")[2] for one in seal.list.streams if one.startswith("sitting/")}
        report.never_opened = len(roster.keys() - held)
        for sitting_id in sorted(held - roster.keys()):
            self._add(Damage.SEAL, f"sitting/{sitting_id}", detail="not on the roster")
        for sitting_id in seal.list.without_paper():
            self._add(Damage.MISSING_SITTING, f"sitting/{sitting_id}", detail="marked, not sealed")

    def _read(self, expected: Expected, workers: int | None) -> dict[str, FileSeen]:
        """Every file, streams first in the order of the seal."""
        streams: list[Job] = [
            (expected.path(one), one)
            for one in expected.streams or {}
            if expected.path(one) in self._present
        ]
        others: list[Job] = [(path, None) for path in sorted(self._present - dict(streams).keys())]
        read: dict[str, FileSeen] = {}
        done = 0
        for seen in read_all(expected, [*streams, *others], workers):
            if seen.stream is not None:
                self._stream(seen.stream, with_keys=expected.keys is not None)
            read[seen.path] = replace(seen, stream=None)
            done += seen.size_bytes
            self._progress(done, self._total)
        return read

    def _stream(self, seen: StreamSeen, *, with_keys: bool) -> None:
        report = self._report
        report.streams += 1
        report.records += seen.records
        finding = self._tree.stream(seen)
        if finding is not None:
            report.found.append(finding)
        elif seen.opened is not None:
            self._opened(seen.opened)
        elif with_keys:
            report.unopened += 1

    def _opened(self, opened: Opened) -> None:
        report = self._report
        report.opened += 1
        report.bodies += opened.bodies
        report.device_events += opened.device_events
        report.signatures += opened.signatures
        report.conflicts += opened.conflicts
        report.staff_acts += opened.staff_acts
        if opened.finding is not None:
            report.found.append(opened.finding)

    def _files_whole(self, seal: _Seal | None, read: Mapping[str, FileSeen]) -> None:
        """Everything against the signed manifest; what a stream's finding explains stands once."""
        stated = check_manifest(self._parcel)
        self._report.files = stated.files
        manifest = stated.manifest
        signer = "" if manifest is None else manifest.signer_public
        self._report.custody = "" if manifest is None else manifest.custody
        if seal is not None and signer and signer != seal.file.server_public.hex():
            self._add(Damage.SEAL, MANIFEST, detail="another key than the seal's")
        explained = {place for place, _ in self._container}
        if seal is not None:
            explained |= {seal.folder + stream_path(one.place) for one in self._report.found}
            explained |= {one.place for one in self._report.found}
        for place, problem in self._wrong_files(stated, read):
            if place not in explained:
                explained.add(place)
                self._add(Damage.FILE, place, detail=problem)

    @staticmethod
    def _wrong_files(stated: Seen, read: Mapping[str, FileSeen]) -> Sequence[tuple[str, str]]:
        """Place and problem: the manifest's own, then contents, then what the container says."""
        faults = list(stated.faults)
        if stated.manifest is not None:
            measured = {path: (one.size_bytes, one.sha256) for path, one in read.items()}
            faults += differing(stated.manifest, measured)
        torn = [(path, one.torn) for path, one in read.items() if one.torn]
        return [*((one.place, one.problem) for one in faults), *torn]

    def _blobs(self, seal: _Seal | None, read: Mapping[str, FileSeen]) -> None:
        """Pictures and recordings against their own list."""
        place = _beside(seal, BLOB_LIST)
        if place not in self._present:
            return
        try:
            entries = msgspec.json.decode(self._parcel.read(place), type=_BlobList).blobs
        except (ValueError, RecursionError) as wrong:
            if not any(one.place == place for one in self._report.found):
                self._add(Damage.FILE, place, detail=str(wrong)[:120])
            return
        found = self._report.found
        explained = {one.place: one for one in found if one.damage is Damage.FILE}
        for entry in entries:
            gone = entry.path not in read
            if not gone and read[entry.path].sha256 == entry.sha256:
                self._report.blobs += 1
                continue
            if entry.path in explained:
                found.remove(explained.pop(entry.path))
            self._add(Damage.BLOB_MISSING if gone else Damage.BLOB_CHANGED, entry.path)

    def _add(self, damage: Damage, place: str, detail: str = "") -> None:
        self._report.found.append(Finding(damage, place, detail=detail))


def _beside(seal: _Seal | None, name: str) -> str:
    above = "" if seal is None else seal.folder.removesuffix("/").rpartition("/")[0]
    return f"{above}/{name}" if above else name


class _Blob(msgspec.Struct, frozen=True):
    path: str
    sha256: str


class _BlobList(msgspec.Struct, frozen=True):
    blobs: tuple[_Blob, ...]

"""A data directory, its server running or not: every stream against its head, every seal against
its streams, what was acknowledged against what is recorded, the tree against all of it.

Rules kept here: one consistent view, nothing written, nothing waited for; nothing is read but the
directory; memory is one block of records, and one stream where one is broken; whatever somebody
wrote into the database, a file that is none or a text in a number's place, is a finding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from kernel.crypto.keyring import FileKeyRing
from kernel.crypto.signing import server_signature_holds
from kernel.crypto.suite import suite_named
from kernel.db import ReadSession, is_without_tables, snapshot
from ledger.chain import Damage, Finding, Sealed, Stored, StreamFile, diagnose
from ledger.layout import SealList
from ledger.placing import placed
from ledger.record import Header, record_hash
from ledger.report import Report
from ledger.stored import StoredHead, StoredRecord, stored_heads, stored_records
from ledger.tables import DeviceRow, RecordRow, SealRow, StreamRow
from ledger.verify.keys import check_keys
from ledger.verify.living import check_tree, outside_of

Progress = Callable[[int, int], None]
_BLOCK = 2_000
KEY_RING = Path("keys") / "keyring.json"
_MISSHAPEN = (ValueError, TypeError, OverflowError)
"""What a value raises that no server has written."""


async def verify_directory(
    folder: Path, database: Path, progress: Progress, trust: bytes | None
) -> Report:
    """Check a data directory. ``progress`` is told records. Raises ``db.moved``."""
    report = Report(path=str(folder), live=True)
    ring = _key_ring(folder, report)
    public = None if ring is None else ring.signer("ledger").public
    report.custody = "" if ring is None else ring.custody
    report.server_public = (trust or public or b"").hex()
    report.trusted = trust is not None
    if trust is not None and public is not None and trust != public:
        report.found.append(Finding(Damage.SEAL, str(KEY_RING), detail="another server's key"))
    outside = outside_of(folder, report)
    try:
        async with snapshot(database) as session:
            await _Live(session, report, progress, ring).run()
            await check_tree(session, outside, report, bytes.fromhex(report.server_public))
    except (DBAPIError, *_MISSHAPEN) as wrong:
        if is_without_tables(wrong):
            raise
        said = str(wrong.orig) if isinstance(wrong, DBAPIError) else str(wrong)
        report.found.append(Finding(Damage.CONTAINER, database.name, detail=said[:120]))
    return report


def _key_ring(folder: Path, report: Report) -> FileKeyRing | None:
    """The server's ring, where this directory holds one."""
    place = folder / KEY_RING
    try:
        return FileKeyRing(place) if place.is_file() else None
    except (KeyError, AttributeError, *_MISSHAPEN) as wrong:
        report.found.append(Finding(Damage.CONTAINER, str(KEY_RING), detail=str(wrong)[:120]))
        return None


@dataclass(frozen=True, slots=True)
class _Read:
    """What one stream came to; ``epochs`` counts its records by device epoch; ``versions`` are of
    its key.
    """

    hashes: bytes
    finding: Finding | None
    epochs: dict[int, int]
    versions: range


class _Live:
    def __init__(
        self, session: ReadSession, report: Report, progress: Progress, ring: FileKeyRing | None
    ) -> None:
        self._session = session
        self._report = report
        self._progress = progress
        self._ring = ring
        self._heads: dict[str, StoredHead] = {}

    async def run(self) -> None:
        sessions = await self._session.scalars(
            select(StreamRow.session_id).distinct().order_by(StreamRow.session_id)
        )
        for session_id in sessions.all():
            for head in await stored_heads(self._session, session_id):
                self._heads[head.stream_id] = head
        report = self._report
        total = sum(head.count for head in self._heads.values())
        versions: dict[str, range] = {}
        for _, head in sorted(self._heads.items()):
            try:
                read = await self._stream(head)
            except _MISSHAPEN:
                read = await self._misshapen(head)
            report.streams += 1
            report.records += len(read.hashes) // 32
            if read.finding is not None:
                report.found.append(read.finding)
            else:
                versions[head.stream_id] = read.versions
            await self._devices(head, read)
            report.origin = report.origin or head.origin
            self._progress(report.records, max(total, report.records))
        await self._strangers()
        await self._seals()
        await check_keys(self._session, report, self._heads, versions, self._ring)
        self._progress(total, total)

    async def _stream(self, head: StoredHead) -> _Read:
        """The quick way, block by block; the whole stream again where it does not hold."""
        hashes, epochs, version, whole = bytearray(), dict[int, int](), 0, True
        begun = 0
        for first in range(1, head.count + 1, _BLOCK):
            block = await stored_records(self._session, head, first=first, last=first + _BLOCK - 1)
            if not block:
                break
            for seq, one in enumerate(block, first):
                header = Header.from_bytes(one.header)
                found = _hash(head, one)
                epochs[header.epoch] = epochs.get(header.epoch, 0) + 1
                whole = whole and (one.seq, one.hash) == (seq, found)
                risen = header.key_version - version
                whole = whole and (risen in {0, 1} or (seq == 1 and risen > 0))
                version = header.key_version
                begun = begun or version
                hashes += found
        more = await self._session.scalar(
            select(func.count())
            .select_from(RecordRow)
            .where(RecordRow.stream == head.number, RecordRow.seq > head.count)
        )
        ends = head.count == 0 or bytes(hashes[-32:]) == head.head
        finding = None
        if not whole or not ends or len(hashes) != 32 * head.count:
            finding = await self._diagnosed(head)
        if finding is None and more:
            finding = Finding(Damage.INSERTED, head.stream_id, head.count + 1, "after the head")
        return _Read(bytes(hashes), finding, epochs, range(begun, version + 1))

    async def _misshapen(self, head: StoredHead) -> _Read:
        """The first record that cannot be put together, or whose hash is none."""
        seq = 0
        try:
            for seq in range(1, head.count + 1):
                for one in await stored_records(self._session, head, first=seq, last=seq):
                    Header.from_bytes(one.header)
                    _hash(head, one)
                    if not isinstance(one.hash, bytes):
                        raise TypeError
        except _MISSHAPEN:
            pass
        return _Read(b"", Finding(Damage.EDITED, head.stream_id, seq), {}, range(0))

    async def _diagnosed(self, head: StoredHead) -> Finding | None:
        """What happened, told by the stored hashes, which an attacker without care leaves."""
        records = await stored_records(self._session, head)
        held = tuple(
            Stored(one.header, one.ciphertext, Header.from_bytes(one.header), _hash(head, one))
            for one in records
        )
        sealed = Sealed(head.origin, head.stream_id, head.count)
        found = diagnose(sealed, StreamFile(held, head.head), lambda _other: None)
        stored = [one.hash for one in records]
        by_row = placed(head.stream_id, found, [one.hash for one in held], stored)
        return by_row or Finding(Damage.EDITED, head.stream_id, head.count, "head")

    async def _devices(self, head: StoredHead, read: _Read) -> None:
        """What a device was told is safe must be in the log."""
        rows = await self._session.execute(
            select(DeviceRow.epoch, DeviceRow.acked_through)
            .where(DeviceRow.stream == head.number)
            .order_by(DeviceRow.epoch)
        )
        for epoch, acked in rows:
            self._report.devices += 1
            # The record that registers the device is of its epoch too; acts of staff may be.
            if read.finding is None and acked > read.epochs.get(epoch, 0) - 1:
                detail = f"device {epoch}, through {acked}"
                self._add(Damage.ACKNOWLEDGED, head.stream_id, 0, detail)

    async def _strangers(self) -> None:
        """Records of a stream that has no head."""
        rows = await self._session.execute(
            select(RecordRow.stream, func.count())
            .where(RecordRow.stream.not_in(select(StreamRow.number)))
            .group_by(RecordRow.stream)
            .order_by(RecordRow.stream)
        )
        for number, count in rows:
            self._add(Damage.MISSING_STREAM, f"stream number {number}", 0, f"{count} records")

    async def _seals(self) -> None:
        report = self._report
        public = bytes.fromhex(report.server_public)
        rows = await self._session.scalars(select(SealRow).order_by(SealRow.session_id))
        for row in rows.all():
            place = f"seal of {row.session_id}"
            report.seals += 1
            if public and not server_signature_holds(public, row.frame, row.signature):
                self._add(Damage.SEAL, place, 0, "signature")
            try:
                listed = SealList.from_frame(row.frame)
            except ValueError as wrong:
                self._add(Damage.SEAL, place, 0, str(wrong))
                continue
            self._sealed(place, row.session_id, listed)

    def _sealed(self, place: str, session_id: str, listed: SealList) -> None:
        if listed.session_id != session_id:
            self._add(Damage.SEAL, place, 0, "of another session")
        for sitting_id in listed.without_paper():
            self._add(Damage.MISSING_SITTING, f"sitting/{sitting_id}", 0, "marked, not sealed")
        broken = {one.place for one in self._report.found}
        for stream_id, final in listed.streams.items():
            head = self._heads.get(stream_id)
            if head is None:
                sitting = stream_id.startswith("sitting/")
                self._add(Damage.MISSING_SITTING if sitting else Damage.MISSING_STREAM, stream_id)
            elif (head.count, head.head) != final and stream_id not in broken:
                damage = Damage.TRUNCATED if head.count < final[0] else Damage.INSERTED
                seq = min(head.count, final[0]) + 1
                if head.count == final[0]:
                    damage, seq = Damage.EDITED, final[0]
                self._add(damage, stream_id, seq, "seal")
        mine = {one.stream_id for one in self._heads.values() if one.session_id == session_id}
        for stream_id in sorted(mine - listed.streams.keys()):
            self._add(Damage.INSERTED, stream_id, 0, "not in the seal")

    def _add(self, damage: Damage, place: str, seq: int = 0, detail: str = "") -> None:
        self._report.found.append(Finding(damage, place, seq, detail))


def _hash(head: StoredHead, one: StoredRecord) -> bytes:
    return record_hash(suite_named(head.suite), one.header, one.ciphertext)

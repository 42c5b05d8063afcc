"""Recordings: standalone segments, each checked, sealed and stored before it is acknowledged.

Rules kept here: evidence is never thrown away for its order, so gaps and overlaps are reported and
not refused; the same segment sent again is acknowledged again, other bytes under its number are
refused.
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from kernel.crypto import digest
from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from proctor.service.desk import Desk
from proctor.service.vault import DataClass
from proctor.tables import SegmentRow

_EBML = b"\x1a\x45\xdf\xa3"


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """A segment on file. Hashes are SHA-256, hexadecimal: of the video, of the sealed blob.

    ``missing_before``: how many numbers before this one have not arrived (yet). ``overlaps``: it
    begins before an earlier segment ended. ``repeated``: it had been stored before.
    """

    sitting_id: str
    index: int
    t0_ms: int
    t1_ms: int
    sha256: str
    size_bytes: int
    blob: str
    stored_sha256: str
    missing_before: int = 0
    overlaps: bool = False
    repeated: bool = False


class Recording(Desk):
    """Use cases of recordings."""

    async def add_segment(
        self, *, sitting_id: str, index: int, t0_ms: int, t1_ms: int, sha256: str, data: bytes
    ) -> StoredSegment:
        """Stores one WebM segment; durable when it returns.

        Raises ``segment.too_large``, ``segment.bad_time``, ``segment.bad_hash``,
        ``segment.not_webm``, ``segment.conflict``.
        """
        self._check(index, t0_ms, t1_ms, sha256, data)
        earlier = await self._existing(sitting_id, index, sha256.lower())
        if earlier is not None:
            return earlier
        name = f"proctor/recording/{sitting_id}/{index:06d}-{mint('segment')}"
        stored = await self._vault.store(sitting_id, DataClass.RECORDING, name, data)
        row = SegmentRow(
            sitting_id=sitting_id, number=index, t0_ms=t0_ms, t1_ms=t1_ms, sha256=stored.sha256,
            size_bytes=len(data), blob=name, stored_sha256=stored.stored_sha256,
            stored_bytes=stored.stored_bytes, received_at_ms=self._clock.now_ms(),
        )  # fmt: skip
        try:
            async with self._db.write() as tx:
                tx.add(row)
                await tx.flush()
                missing, overlaps = await _order(tx, row)
        except IntegrityError:
            await self._vault.drop(name)
            twin = await self._existing(sitting_id, index, stored.sha256)
            if twin is None:
                raise
            return twin
        return _shown(row, missing=missing, overlaps=overlaps)

    async def segments(self, *, sitting_id: str) -> list[StoredSegment]:
        """The sitting's segments by number; ``missing_before`` shows the gaps."""
        async with self._db.read() as tx:
            rows = list(
                await tx.scalars(
                    select(SegmentRow)
                    .where(SegmentRow.sitting_id == sitting_id)
                    .order_by(SegmentRow.number)
                )
            )
        shown: list[StoredSegment] = []
        for row in rows:
            before = shown[-1].index if shown else -1
            overlaps = bool(shown) and row.t0_ms < shown[-1].t1_ms
            shown.append(_shown(row, missing=row.number - before - 1, overlaps=overlaps))
        return shown

    async def segment(self, *, sitting_id: str, index: int) -> bytes:
        """The video of one segment, for review.

        Raises ``segment.unknown``, ``proctor.erased``, ``proctor.damaged``.
        """
        async with self._db.read() as tx:
            row = await tx.get(SegmentRow, (sitting_id, index))
        if row is None:
            raise Refusal("segment.unknown", Kind.NOT_FOUND, index=index)
        return await self._vault.fetch(sitting_id, DataClass.RECORDING, row.blob)

    def _check(self, index: int, t0_ms: int, t1_ms: int, sha256: str, data: bytes) -> None:
        limit = self._face.segment_limit_bytes
        if len(data) > limit:
            raise Refusal("segment.too_large", Kind.TOO_LARGE, limit_mb=limit >> 20)
        if not 0 <= index < 1_000_000 or not 0 <= t0_ms < t1_ms:
            raise Refusal("segment.bad_time", index=index)
        if digest.sha256(data).hex() != sha256.lower():
            raise Refusal("segment.bad_hash", index=index)
        if not data.startswith(_EBML):
            raise Refusal("segment.not_webm", index=index)

    async def _existing(self, sitting_id: str, index: int, sha256: str) -> StoredSegment | None:
        async with self._db.read() as tx:
            row = await tx.get(SegmentRow, (sitting_id, index))
            if row is None:
                return None
            if row.sha256 != sha256:
                raise Refusal("segment.conflict", Kind.CONFLICT, index=index)
            missing, overlaps = await _order(tx, row)
        return _shown(row, missing=missing, overlaps=overlaps, repeated=True)


async def _order(tx: ReadSession, row: SegmentRow) -> tuple[int, bool]:
    query = select(func.count(), func.max(SegmentRow.t1_ms)).where(
        SegmentRow.sitting_id == row.sitting_id, SegmentRow.number < row.number
    )
    count, latest_ms = (await tx.execute(query)).one()
    return row.number - count, row.t0_ms < (latest_ms or 0)


def _shown(
    row: SegmentRow, *, missing: int, overlaps: bool, repeated: bool = False
) -> StoredSegment:
    return StoredSegment(
        sitting_id=row.sitting_id, index=row.number, t0_ms=row.t0_ms, t1_ms=row.t1_ms,
        sha256=row.sha256, size_bytes=row.size_bytes, blob=row.blob,
        stored_sha256=row.stored_sha256, missing_before=missing, overlaps=overlaps,
        repeated=repeated,
    )  # fmt: skip

"""The end of personal data: each class by its own clock, and what the archive takes with it.

Rules kept here: templates go first (by default when the session ends), routine snapshots when
review closes, portraits and recordings by policy, evidence by its case; what is held for a case
stays; records of comparisons stay for ever, without picture and template. Erasing is the caller's
order and can be repeated: blobs go first, then keys and rows.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, func, select, text, update

from kernel.db import WriteSession
from proctor.service.desk import Desk
from proctor.service.vault import DataClass
from proctor.tables import KeyRow, MatchRow, ReferenceRow, SegmentRow, TemplateRow


@dataclass(frozen=True, slots=True)
class BlobEntry:
    """A sealed blob as it is stored: its name, class, SHA-256 (hexadecimal) and size."""

    name: str
    data_class: str
    sha256: str
    size_bytes: int


class Retention(Desk):
    """Use cases of retention and of the archive's export."""

    async def erase_templates(self, *, session_id: str) -> int:
        """Destroys every face template of the session with its key; returns how many."""
        async with self._db.write() as tx:
            await self._overwrite(tx)
            ids = select(TemplateRow.reference_id).where(TemplateRow.session_id == session_id)
            await tx.execute(
                delete(KeyRow).where(
                    KeyRow.owner_id.in_(ids), KeyRow.data_class == DataClass.TEMPLATE.value
                )
            )
            gone = await tx.scalars(
                delete(TemplateRow)
                .where(TemplateRow.session_id == session_id)
                .returning(TemplateRow.reference_id)
            )
            return len(gone.all())

    async def hold(self, *, match_ids: Collection[str], case_id: str) -> None:
        """Keeps these frames for a case: routine erasure passes them by."""
        await self._set_case(match_ids, case_id)

    async def release(self, *, match_ids: Collection[str]) -> None:
        """The case is closed: routine erasure takes these frames again."""
        await self._set_case(match_ids, None)

    async def erase_snapshots(self, *, session_id: str) -> int:
        """Erases the session's frames that no case holds; returns how many."""
        unheld = (
            MatchRow.session_id == session_id, MatchRow.case_id.is_(None),
            MatchRow.frame_blob.is_not(None), MatchRow.erased_at_ms.is_(None),
        )  # fmt: skip
        async with self._db.read() as tx:
            rows = (await tx.execute(select(MatchRow.id, MatchRow.frame_blob).where(*unheld))).all()
        for _, blob in rows:
            await self._vault.drop(str(blob))
        now_ms = self._clock.now_ms()
        async with self._db.write() as tx:
            await self._overwrite(tx)
            for match_id, blob in rows:
                await tx.execute(
                    update(MatchRow)
                    .where(MatchRow.id == match_id)
                    .values(erased_at_ms=now_ms, luma=None)
                )
                await tx.execute(
                    update(ReferenceRow)
                    .where(ReferenceRow.blob == blob)
                    .values(erased_at_ms=now_ms)
                )
            await self._shred_snapshot_keys(tx, session_id)
        return len(rows)

    async def erase_portraits(self, *, session_id: str) -> int:
        """Erases the session's portraits (pictures); returns how many. Replays end with them."""
        async with self._db.read() as tx:
            query = select(ReferenceRow).where(
                ReferenceRow.session_id == session_id,
                ReferenceRow.data_class == DataClass.PORTRAIT.value,
                ReferenceRow.erased_at_ms.is_(None),
            )
            rows = list(await tx.scalars(query))
        for row in rows:
            await self._vault.drop(row.blob)
        async with self._db.write() as tx:
            await self._overwrite(tx)
            for row in rows:
                await tx.execute(
                    update(ReferenceRow)
                    .where(ReferenceRow.id == row.id)
                    .values(erased_at_ms=self._clock.now_ms())
                )
            for subject_id in {row.subject_id for row in rows}:
                left = await tx.scalar(
                    select(func.count()).where(
                        ReferenceRow.subject_id == subject_id,
                        ReferenceRow.data_class == DataClass.PORTRAIT.value,
                        ReferenceRow.erased_at_ms.is_(None),
                    )
                )
                if not left:
                    await self._vault.shred(tx, subject_id, DataClass.PORTRAIT)
        return len(rows)

    async def erase_recordings(self, *, sitting_id: str) -> int:
        """Erases the sitting's video; its rows with times and hashes stay. Returns how many."""
        async with self._db.read() as tx:
            query = select(SegmentRow.blob).where(SegmentRow.sitting_id == sitting_id)
            names = list(await tx.scalars(query))
        for name in names:
            await self._vault.drop(name)
        async with self._db.write() as tx:
            await self._overwrite(tx)
            await self._vault.shred(tx, sitting_id, DataClass.RECORDING)
        return len(names)

    async def archive_blobs(
        self, *, session_id: str, sitting_ids: Collection[str] = ()
    ) -> list[BlobEntry]:
        """What the archive takes: portraits, frames and segments that are still there, by name."""
        async with self._db.read() as tx:
            portraits = await tx.execute(
                select(
                    ReferenceRow.blob, ReferenceRow.stored_sha256, ReferenceRow.stored_bytes
                ).where(
                    ReferenceRow.session_id == session_id,
                    ReferenceRow.data_class == DataClass.PORTRAIT.value,
                    ReferenceRow.erased_at_ms.is_(None),
                )
            )
            entries = [BlobEntry(n, DataClass.PORTRAIT.value, h, s) for n, h, s in portraits]
            frames = await tx.execute(
                select(MatchRow.frame_blob, MatchRow.stored_sha256, MatchRow.stored_bytes).where(
                    MatchRow.session_id == session_id,
                    MatchRow.frame_blob.is_not(None),
                    MatchRow.erased_at_ms.is_(None),
                )
            )
            entries += [
                BlobEntry(str(n), DataClass.SNAPSHOT.value, str(h), s) for n, h, s in frames
            ]
            segments = await tx.execute(
                select(SegmentRow.blob, SegmentRow.stored_sha256, SegmentRow.stored_bytes)
                .join(KeyRow, KeyRow.owner_id == SegmentRow.sitting_id)
                .where(
                    SegmentRow.sitting_id.in_(sitting_ids),
                    KeyRow.data_class == DataClass.RECORDING.value,
                )
            )
            entries += [BlobEntry(n, DataClass.RECORDING.value, h, s) for n, h, s in segments]
        return sorted(entries, key=lambda entry: entry.name)

    async def stored_persons(self) -> int:
        """How many persons' faces are stored now (a filing duty begins at 100 000)."""
        async with self._db.read() as tx:
            query = select(func.count(ReferenceRow.subject_id.distinct())).where(
                ReferenceRow.erased_at_ms.is_(None)
            )
            return int(await tx.scalar(query) or 0)

    async def _set_case(self, match_ids: Collection[str], case_id: str | None) -> None:
        async with self._db.write() as tx:
            await tx.execute(
                update(MatchRow).where(MatchRow.id.in_(match_ids)).values(case_id=case_id)
            )

    async def _shred_snapshot_keys(self, tx: WriteSession, session_id: str) -> None:
        kept = select(MatchRow.subject_id).where(
            MatchRow.frame_blob.is_not(None), MatchRow.erased_at_ms.is_(None)
        )
        theirs = select(MatchRow.subject_id).where(MatchRow.session_id == session_id)
        await tx.execute(
            delete(KeyRow).where(
                KeyRow.data_class == DataClass.SNAPSHOT.value,
                KeyRow.owner_id.in_(theirs),
                KeyRow.owner_id.not_in(kept),
            )
        )

    async def _overwrite(self, tx: WriteSession) -> None:
        """SQLite then zeroes what it deletes. PostgreSQL needs a VACUUM (docs/face.md)."""
        if self._db.is_sqlite:
            await tx.execute(text("PRAGMA secure_delete=ON"))

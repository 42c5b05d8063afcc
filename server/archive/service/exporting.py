"""Exporting a session's archive: sealed in the ledger first, then written file by file.

Rules kept here: no whole archive is ever in memory; a partial one never has the name of a whole
one; every stored blob is compared with its recorded digest before it goes in; what names a person
is sealed under a key that is not in the archive.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from kernel.access import Principal, Role
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.crypto import chance, envelope
from kernel.crypto.keyring import KeyRing
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from kernel.settings import Settings
from ledger.book import Ledger
from server.archive.ports import ArchiveBlobs
from server.archive.rules import key_purpose, seal_purpose
from server.archive.service.filling import Filling
from server.archive.service.writing import disk, measured
from server.archive.tables import ArchiveRow
from server.invigilation.service import Records
from server.results.rules.periods import Calendar
from server.results.service import ResultsService, need_reviews_over
from server.sessions.rules import Duty, SessionState
from server.sessions.service import (
    locked_session,
    move_session,
    need_duty,
    need_reached,
    note,
    session_row,
)

_DUTIES = (Duty.CHIEF, Duty.OFFICER)
COMMAND_LINE = "command-line"


@dataclass(frozen=True, slots=True)
class Archive:
    """A whole archive. ``sha256`` (hex) is of the file, or of a folder's manifest."""

    archive_id: str
    session_id: str
    path: Path
    size_bytes: int
    sha256: str
    files: int


class ArchiveService:
    """The archive room; finished archives lie in ``settings.data_dir / "archives"``."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        keyring: KeyRing,
        blobs: BlobStore,
        stored: ArchiveBlobs,
        records: Records,
        settings: Settings,
    ) -> None:
        self._db = database
        days = settings.calendar
        self._calendar = Calendar.of(days.holidays, days.workdays)
        self._clock = clock
        self._ledger = ledger
        self._keyring = keyring
        results = ResultsService(database, clock, ledger)
        self._folder = settings.data_dir / "archives"
        self._filling = Filling(database, ledger, blobs, stored, records, results, settings)

    async def export(
        self, principal: Principal, session_id: str, *, early_reason: str = ""
    ) -> Archive:
        """One ZIP in the archives' folder.

        The first export closes the session's streams for good and seals it; ``early_reason`` says
        why before the time for reviews is over. Raises ``sessions.wrong_state`` before publication,
        ``archive.review_open``, ``archive.window_open``, ``review.reason``,
        ``results.list_differs``, ``archive.blob_differs``, ``archive.disk``.
        """
        async with self._db.read() as session:
            await session_row(session, session_id)
            await need_duty(session, principal, session_id, duties=_DUTIES)
        return await self._export(principal, principal.subject, session_id, None, early_reason)

    async def export_to(self, session_id: str, out: Path, *, early_reason: str = "") -> str:
        """The command line's export: a ZIP, or a folder when ``out`` has no ending.

        Returns the archive's SHA-256 (hex). Raises ``archive.exists`` and what ``export`` raises.
        """
        if await asyncio.to_thread(out.exists):
            raise Refusal("archive.exists", Kind.CONFLICT, path=str(out))
        async with self._db.read() as session:
            exam = await session_row(session, session_id)
        # What is read for the archive is read with the eyes of the officer who planned the session.
        officer = Principal(exam.created_by, "staff", {"roles": [Role.OFFICER.value]})
        target = await asyncio.to_thread(out.absolute)
        made = await self._export(officer, COMMAND_LINE, session_id, target, early_reason)
        return made.sha256

    async def archives(self, principal: Principal, session_id: str) -> list[Archive]:
        """The session's finished archives, oldest first."""
        async with self._db.read() as session:
            await need_duty(session, principal, session_id, duties=_DUTIES)
            found = await session.execute(
                select(ArchiveRow)
                .where(ArchiveRow.session_id == session_id, ArchiveRow.sha256.is_not(None))
                .order_by(ArchiveRow.made_at_ms, ArchiveRow.id)
            )
            return [_archive(row) for row in found.scalars()]

    async def file(self, principal: Principal, archive_id: str) -> Path:
        """Where the ZIP lies. Raises ``archive.unknown``, ``archive.not_ready``."""
        async with self._db.read() as session:
            row = await session.get(ArchiveRow, archive_id)
            if row is None:
                raise Refusal("archive.unknown", Kind.NOT_FOUND)
            await need_duty(session, principal, row.session_id, duties=_DUTIES)
        path = Path(row.path)
        if row.sha256 is None or not await asyncio.to_thread(path.is_file):
            raise Refusal("archive.not_ready", Kind.CONFLICT)
        return path

    async def _export(
        self, reader: Principal, by: str, session_id: str, out: Path | None, early_reason: str
    ) -> Archive:
        archive_id = mint("archive")
        path = out or (self._folder / f"{archive_id}.zip").absolute()
        key = chance.token_bytes(32)
        made_at_ms = await self._seal(by, session_id, archive_id, path, key, early_reason)
        async with disk(self._folder, path) as writer:
            await self._filling.fill(writer, reader, session_id, archive_id, key)
            manifest = await asyncio.to_thread(
                writer.close,
                archive_id=archive_id,
                origin=self._ledger.origin,
                session_id=session_id,
                made_at_ms=made_at_ms,
                signer_public=self._ledger.server_public,
                sign=self._keyring.signer("ledger").sign,
                custody=self._ledger.custody,
            )
        size, sha256 = await asyncio.to_thread(measured, path)
        async with self._db.write() as tx:
            row = await tx.get_one(ArchiveRow, archive_id)
            row.size_bytes, row.sha256, row.files = size, sha256, len(manifest.files)
            return _archive(row)

    async def _seal(
        self, by: str, session_id: str, archive_id: str, path: Path, key: bytes, early_reason: str
    ) -> int:
        """Archived in the ledger, streams closed, all heads signed; at every export the same."""
        now_ms = self._clock.now_ms()
        async with self._db.write() as tx:
            exam = await locked_session(tx, session_id)
            need_reached(exam, SessionState.PUBLISHED)
            if exam.state == SessionState.PUBLISHED.value:
                early = await need_reviews_over(tx, self._calendar, exam, now_ms, early_reason)
                act = {"archive_id": archive_id, "by": by, "at_ms": now_ms}
                if early is not None:
                    act["early_reason"] = early
                await note(tx, self._ledger, session_id, "archived", act)
                roster = await self._filling.roster(tx, session_id)
                await self._ledger.seal_session(tx, session_id, roster=roster)
                await move_session(tx, session_id, SessionState.ARCHIVED)
            await _add(tx, self._keyring, by, session_id, archive_id, path, key, now_ms)
        return now_ms


async def _add(
    tx: WriteSession,
    keyring: KeyRing,
    by: str,
    session_id: str,
    archive_id: str,
    path: Path,
    key: bytes,
    now_ms: int,
) -> None:
    tx.add(
        ArchiveRow(
            id=archive_id,
            session_id=session_id,
            key_wrapped=keyring.wrap(key, key_purpose(archive_id)),
            path=str(path),
            made_by=by,
            made_at_ms=now_ms,
            size_bytes=None,
            sha256=None,
            files=None,
        )
    )
    await tx.flush()


async def unsealed(
    session: ReadSession, keyring: KeyRing, archive_id: str, path: str, data: bytes
) -> bytes:
    """A sealed file of an archive, opened. Raises ``archive.unknown``; ValueError when the bytes
    are not this file of this archive.
    """
    row = await session.get(ArchiveRow, archive_id)
    if row is None:
        raise Refusal("archive.unknown", Kind.NOT_FOUND)
    key = keyring.unwrap(row.key_wrapped, key_purpose(archive_id))
    return envelope.unseal(key, data, seal_purpose(archive_id, path))


def _archive(row: ArchiveRow) -> Archive:
    return Archive(
        archive_id=row.id,
        session_id=row.session_id,
        path=Path(row.path),
        size_bytes=row.size_bytes or 0,
        sha256=row.sha256 or "",
        files=row.files or 0,
    )

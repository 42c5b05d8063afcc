"""Filling an archive: every file to its place, one at a time."""

import asyncio
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from kernel.access import Principal
from kernel.blobs import BlobStore
from kernel.codec import canonical_json
from kernel.crypto import digest, envelope
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal
from kernel.settings import Settings
from kernel.words import LANGUAGES, say
from ledger.archive import export_ledger
from ledger.book import Ledger
from ledger.erasure.showing import destruction_is_covered, is_erased, shown_destruction
from ledger.parcel import ParcelWriter
from ledger.tree.exporting import is_covered
from ledger.tree.part import CHECKPOINT_FILE
from server.archive.ports import ArchiveBlobs
from server.archive.rules import (
    BLOB_LIST,
    DESTRUCTION,
    LEDGER,
    PACKAGE,
    README,
    RESULTS,
    SEALED,
    blob_path,
    room_record,
    seal_purpose,
)
from server.archive.service.volumes import documents
from server.invigilation.service import Records, room_record_pdf
from server.papers.service import package_row
from server.registration.service import candidates_of
from server.results.rules.lines import State
from server.results.service import (
    ResultsService,
    first_absent,
    need_all_as_published,
    published_rows,
)
from server.sessions.service import rooms_of, session_row

COVER_ASKED_S = 0.2


class _Pen:
    """Writes off the event loop and seals what is personal."""

    def __init__(self, writer: ParcelWriter, archive_id: str, key: bytes) -> None:
        self._writer = writer
        self._archive_id = archive_id
        self._key = key

    async def plain(self, path: str, data: bytes, *, sealed: bool = False) -> None:
        """As it is; ``sealed`` only says so in the manifest."""
        await asyncio.to_thread(self._writer.add, path, data, sealed=sealed)

    async def personal(self, path: str, data: bytes) -> None:
        """Sealed; the path ends with the word."""
        if not path.endswith(SEALED):
            raise ValueError(f"{path} would look open")
        envelope_bytes = envelope.seal(self._key, data, seal_purpose(self._archive_id, path))
        await self.plain(path, envelope_bytes, sealed=True)

    async def file(self, path: str, source: Path) -> None:
        """A file on disk."""
        await asyncio.to_thread(self._writer.add_file, path, source)

    def leave_out(self, path: str, code: str) -> None:
        """Says in the manifest what is not there and why."""
        self._writer.leave_out(path, " / ".join(say(code, {}, one) for one in LANGUAGES))


class Filling:
    """What the five volumes are filled from."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        blobs: BlobStore,
        stored: ArchiveBlobs,
        records: Records,
        results: ResultsService,
        settings: Settings,
    ) -> None:
        self._db = database
        self._ledger = ledger
        self._blobs = blobs
        self._stored = stored
        self._records = records
        self._results = results
        self._scratch = settings.data_dir
        self._font_path = settings.pdf.font_path
        self._cover_s = settings.tree.cover_s

    async def roster(self, session: ReadSession, session_id: str) -> list[tuple[str, str]]:
        """Everybody of the session with the state that was published, absent people included. Who
        was absent stays so after a review: there is no paper that could lie in the archive. Raises
        ``results.list_differs``.
        """
        await need_all_as_published(session, self._ledger, session_id)
        published = await published_rows(session, session_id)
        states = {row.sitting_id: row.state for row in published[1]} if published else {}
        states |= dict.fromkeys(await first_absent(session, session_id), State.ABSENT.value)
        people = await candidates_of(session, session_id)
        return [(one.sitting_id, states.get(one.sitting_id, "unknown")) for one in people]

    async def fill(
        self,
        writer: ParcelWriter,
        reader: Principal,
        session_id: str,
        archive_id: str,
        key: bytes,
    ) -> None:
        """All volumes. Raises ``archive.blob_differs``; OSError when the disk fails."""
        pen = _Pen(writer, archive_id, key)
        params = {"archive_id": archive_id, "session_id": session_id, "origin": self._ledger.origin}
        words = "\n\n".join(say("archive.readme", params, one).strip() for one in LANGUAGES)
        await pen.plain(README, words.encode() + b"\n")
        await self._documents(pen, session_id)
        await self._rooms(pen, reader, session_id)
        await pen.personal(RESULTS, await self._results.workbook(reader, session_id))
        await self._package(pen, session_id)
        await self._ledger_part(pen, session_id)
        await self._blobs_part(pen, session_id)

    async def _documents(self, pen: _Pen, session_id: str) -> None:
        async with self._db.read() as session:
            exam = await session_row(session, session_id)
            async for one in documents(session, exam):
                if one.data is None:
                    pen.leave_out(one.path, one.reason)
                elif one.personal:
                    await pen.personal(one.path, one.data)
                else:
                    await pen.plain(one.path, one.data)

    async def _rooms(self, pen: _Pen, reader: Principal, session_id: str) -> None:
        async with self._db.read() as session:
            rooms = await rooms_of(session, session_id)
            erased = await is_erased(session, session_id)
        for room_id in rooms:
            if erased:
                for kind in ("json", "pdf"):
                    pen.leave_out(room_record(room_id, kind), "archive.erased")
                continue
            record = await self._records.room_record(reader, session_id, room_id)
            await pen.personal(room_record(room_id, "json"), canonical_json(record))
            try:
                sheet = await asyncio.to_thread(room_record_pdf, record, self._font_path)
            except Refusal as refused:
                if refused.code != "printing.no_font":
                    raise
                pen.leave_out(room_record(room_id, "pdf"), "archive.no_print")
            else:
                await pen.personal(room_record(room_id, "pdf"), sheet)

    async def _package(self, pen: _Pen, session_id: str) -> None:
        async with self._db.read() as session:
            row = await package_row(session, session_id)
        data = await self._blobs.get(row.blob)
        _compare(row.blob, data, row.sha256)
        await pen.plain(PACKAGE, data)

    async def _ledger_part(self, pen: _Pen, session_id: str) -> None:
        with TemporaryDirectory(prefix="gongyuan-ledger-", dir=self._scratch) as name:
            folder = Path(name)
            await self._covered(session_id)
            async with self._db.read() as session:
                exported = await export_ledger(session, self._ledger, session_id, folder)
                destruction = await shown_destruction(session, self._ledger, session_id)
            if not exported.tree:
                pen.leave_out(f"{LEDGER}/{CHECKPOINT_FILE}", "archive.no_tree")
            if destruction is not None:
                await pen.plain(DESTRUCTION, destruction)
            for path in await asyncio.to_thread(_files, folder):
                await pen.file(f"{LEDGER}/{path.relative_to(folder).as_posix()}", path)

    async def _covered(self, session_id: str) -> None:
        """Waits until a checkpoint covers the seal, but not for ever: the archive says which."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._cover_s):
                while True:
                    async with self._db.read() as session:
                        if await is_covered(
                            session, self._ledger.tree, session_id
                        ) and await destruction_is_covered(session, self._ledger, session_id):
                            return
                    await asyncio.sleep(COVER_ASKED_S)

    async def _blobs_part(self, pen: _Pen, session_id: str) -> None:
        async with self._db.read() as session:
            people = await candidates_of(session, session_id)
        listed = await self._stored.archive_blobs(
            session_id=session_id, sitting_ids=[one.sitting_id for one in people]
        )
        for one in listed:
            data = await self._blobs.get(one.name)
            _compare(one.name, data, one.sha256)
            await pen.plain(blob_path(one.name), data, sealed=True)
        entries = [
            {
                "path": blob_path(one.name),
                "data_class": one.data_class,
                "sha256": one.sha256,
                "size_bytes": one.size_bytes,
            }
            for one in listed
        ]
        await pen.plain(BLOB_LIST, canonical_json({"session_id": session_id, "blobs": entries}))


def _files(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.is_file())


def _compare(name: str, data: bytes, sha256: str) -> None:
    if digest.sha256(data).hex() != sha256:
        raise Refusal("archive.blob_differs", Kind.CONFLICT, name=name)

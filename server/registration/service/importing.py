"""The roster import: everything is checked before anything is written.

Rules kept here: every bad row is named with field and remedy; without ``partial`` one bad row
stops the whole file; faces are inspected before the first portrait is enrolled, and enrolled
before the first candidate is written; after the freeze nothing comes in.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from kernel.access import Principal
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.crypto import digest
from kernel.crypto.keyring import KeyRing
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal, RowError
from kernel.ids import mint
from ledger.book import Ledger
from server.registration.ports import PortraitDesk
from server.registration.rules import (
    Entry,
    Route,
    doubles,
    gender_differs,
    masked,
    parse_row,
    ticket_number,
)
from server.registration.service.files import (
    PORTRAITS,
    ROSTER,
    Sheet,
    as_portrait,
    read_portraits,
    read_sheet,
)
from server.registration.service.people import id_number_hash, lookup_key_of
from server.registration.service.sealing import Sealer, portrait_blob
from server.registration.service.times import exam_day
from server.registration.tables import CandidateRow
from server.sessions.rules import Duty
from server.sessions.service import count_candidates, need_duty, note, session_row
from server.sessions.tables import SessionRow

INSPECT_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did or, on a dry run, would do. ``rejected`` counts rows."""

    accepted: int
    rejected: int
    faults: tuple[RowError, ...]
    warnings: tuple[RowError, ...]
    written: bool


@dataclass(frozen=True, slots=True)
class _Sound:
    """A row that may be written, with its portrait as JPEG."""

    entry: Entry
    candidate_id: str
    portrait: bytes | None


class Importing:
    """Rosters in."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        blobs: BlobStore,
        keyring: KeyRing,
        desk: PortraitDesk,
    ) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._blobs = blobs
        self._sealer = Sealer(keyring)
        self._desk = desk
        self._lookup = lookup_key_of(keyring)

    async def run(
        self,
        principal: Principal,
        session_id: str,
        *,
        roster: bytes,
        portraits: bytes | None,
        dry_run: bool,
        partial: bool,
    ) -> ImportReport:
        """Raises what the files raise as a whole, ``sessions.roster_frozen``, ``.not_staffed``."""
        async with self._db.read() as session:
            plan = await session_row(session, session_id)
            await need_duty(session, principal, session_id, duties=(Duty.OFFICER,))
            if plan.roster_frozen_at_ms is not None:
                raise Refusal("sessions.roster_frozen", Kind.CONFLICT, id=session_id)
        sheet = await asyncio.to_thread(read_sheet, roster)
        pictures = await asyncio.to_thread(read_portraits, portraits) if portraits else {}
        entries, faults = _entries(sheet, plan)
        faults += doubles(entries)
        async with self._db.read() as session:
            faults += await self._known(session, session_id, entries)
        bad = {fault.row for fault in faults}
        entries = [entry for entry in entries if entry.row not in bad]
        sound, more, warnings = await self._portraits(entries, pictures)
        faults = sorted(
            [*(_sourced(fault) for fault in faults), *more], key=lambda f: (f.row, f.field)
        )
        write = bool(sound) and not dry_run and (partial or not faults)
        if write:
            await self._write(principal, plan, sound, roster)
        return ImportReport(
            accepted=len(sound) if write or dry_run else 0,
            rejected=len({fault.row for fault in faults}),
            faults=tuple(faults),
            warnings=(*sheet.warnings, *warnings),
            written=write,
        )

    async def _known(
        self, session: ReadSession, session_id: str, entries: Sequence[Entry]
    ) -> list[RowError]:
        rows = await session.execute(
            select(CandidateRow.id_number_hash).where(CandidateRow.session_id == session_id)
        )
        hashes = set(rows.scalars())
        given = [entry.ticket_no for entry in entries if entry.ticket_no]
        taken = await session.execute(
            select(CandidateRow.ticket_no).where(CandidateRow.ticket_no.in_(given))
        )
        tickets = set(taken.scalars())
        faults = []
        for entry in entries:
            if id_number_hash(self._lookup, entry.id_number) in hashes:
                faults.append(RowError(entry.row, "证件号码", "registration.in_session"))
            if entry.ticket_no in tickets:
                faults.append(RowError(entry.row, "准考证号", "registration.ticket_taken"))
        return faults

    async def _portraits(
        self, entries: Sequence[Entry], pictures: dict[str, bytes]
    ) -> tuple[list[_Sound], list[RowError], list[RowError]]:
        names = [entry.name for entry in entries]
        gate = asyncio.Semaphore(INSPECT_AT_ONCE)
        used: set[str] = set()

        async def one(entry: Entry) -> _Sound | RowError:
            keys = [entry.id_number, entry.ticket_no, entry.id_number.lower()]
            if names.count(entry.name) == 1:
                keys.append(entry.name)
            key = next((key for key in keys if key in pictures), None)
            if key is None:
                if entry.route is Route.FACE:
                    return RowError(entry.row, "照片", "registration.portrait_missing", {}, ROSTER)
                return _Sound(entry, mint("cand"), None)
            used.add(key)
            try:
                async with gate:
                    portrait = await asyncio.to_thread(as_portrait, pictures[key])
                    if entry.route is Route.FACE:
                        await self._inspect(portrait)
            except Refusal as refused:
                return RowError(entry.row, "照片", refused.code, refused.params, ROSTER)
            return _Sound(entry, mint("cand"), portrait)

        done = await asyncio.gather(*(one(entry) for entry in entries))
        sound = [one for one in done if isinstance(one, _Sound)]
        faults = [one for one in done if isinstance(one, RowError)]
        warnings = [
            RowError(entry.row, "性别", "registration.gender_differs", {}, ROSTER)
            for entry in entries
            if gender_differs(entry)
        ]
        warnings += [
            RowError(number, stem[:80], "registration.portrait_unused", {}, PORTRAITS)
            for number, stem in enumerate(pictures, start=1)
            if stem not in used
        ]
        return sound, faults, warnings

    async def _inspect(self, portrait: bytes) -> None:
        report = await self._desk.inspect_portrait(image=portrait)
        if report.code is not None:
            raise Refusal(report.code)

    async def _write(
        self, principal: Principal, plan: SessionRow, sound: Sequence[_Sound], roster: bytes
    ) -> None:
        gate = asyncio.Semaphore(INSPECT_AT_ONCE)
        await asyncio.gather(*(self._keep(plan.id, one, gate) for one in sound))
        try:
            async with self._db.write() as tx:
                await self._add(tx, plan.id, sound)
                act = {
                    "count": len(sound),
                    "roster_sha256": digest.sha256(roster).hex(),
                    "by": principal.subject,
                }
                await note(tx, self._ledger, plan.id, "roster_imported", act)
        except IntegrityError as taken:
            raise Refusal("registration.raced", Kind.CONFLICT) from taken

    async def _keep(self, session_id: str, one: _Sound, gate: asyncio.Semaphore) -> None:
        if one.portrait is None:
            return
        async with gate:
            sealed = self._sealer.seal(one.candidate_id, "portrait", one.portrait)
            await self._blobs.put(portrait_blob(session_id, one.candidate_id), sealed)
            if one.entry.route is Route.FACE:
                await self._desk.enrol_portrait(
                    subject_id=one.candidate_id, image=one.portrait, session_id=session_id
                )

    async def _add(self, tx: WriteSession, session_id: str, sound: Sequence[_Sound]) -> None:
        row = await count_candidates(tx, session_id, len(sound))
        first = row.candidate_count - len(sound) + 1
        day = exam_day(row.starts_at_ms)
        for number, one in enumerate(sound, start=first):
            ticket_no = one.entry.ticket_no or ticket_number(day, row.serial, number)
            tx.add(self._row(session_id, one, ticket_no))
        await tx.flush()

    def _row(self, session_id: str, one: _Sound, ticket_no: str) -> CandidateRow:
        entry = one.entry
        portrait, seal = one.portrait, self._sealer.seal
        phone = entry.phone.encode()
        return CandidateRow(
            id=one.candidate_id,
            session_id=session_id,
            sitting_id=mint("sit"),
            ticket_no=ticket_no,
            name=entry.name,
            gender=entry.gender,
            id_type=entry.id_type,
            id_number_sealed=seal(one.candidate_id, "id_number", entry.id_number.encode()),
            id_number_hash=id_number_hash(self._lookup, entry.id_number),
            id_number_masked=masked(entry.id_number),
            birth_date=entry.birth_date,
            education=entry.education,
            source=entry.source,
            employer=entry.employer,
            phone_sealed=seal(one.candidate_id, "phone", phone) if phone else None,
            route=entry.route.value,
            extra_time_pct=entry.extra_time_pct,
            portrait_blob=portrait_blob(session_id, one.candidate_id) if portrait else None,
            portrait_sha256=digest.sha256(portrait).hex() if portrait else None,
            created_at_ms=self._clock.now_ms(),
        )


def _entries(sheet: Sheet, plan: SessionRow) -> tuple[list[Entry], list[RowError]]:
    lost = {fault.row for fault in sheet.faults}
    entries: list[Entry] = []
    faults: list[RowError] = list(sheet.faults)
    for row, cells in sheet.rows:
        if row in lost:
            continue
        entry, found = parse_row(row, cells, occupation_name=plan.occupation_name, level=plan.level)
        faults += found
        if entry is not None:
            entries.append(entry)
    return entries, faults


def _sourced(fault: RowError) -> RowError:
    return RowError(fault.row, fault.field, fault.code, fault.params, fault.source or ROSTER)

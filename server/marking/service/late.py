"""Late data (迟到数据): shown to two people beside what counts, and counted only on their word.

Rules kept here: a decision waits until no more late data can come and is made before the marking,
once; both people answer the same question about the same records; the word is recorded in the
session's, the room's and the sitting's stream, and marking reads it from there.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kernel.access import Principal, approve, request_approval
from kernel.clock import Clock
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger, OpenRecord
from paper.package import Content
from server.accounts.service import accounts_named
from server.checkin.service import Reason, StaffAct, record, sitting_stream
from server.marking.rules import late_bytes
from server.marking.tables import LateRow
from server.papers.service import PapersService
from server.sessions.rules import Duty, SessionState, reached
from server.sessions.service import (
    locked_session,
    need_duty,
    need_reached,
    note,
    policy_of,
    session_row,
)
from server.sittings.rules.bound import dealt_items
from server.sittings.rules.logged import LateData, late_data, late_until_ms
from server.sittings.service import Loaded, load, of_session
from server.sittings.service.shapes import masked

ACT = "marking.late"
DECIDERS = (Duty.OFFICER, Duty.CHIEF)


@dataclass(frozen=True, slots=True)
class Said:
    """One person's word on late data."""

    name: str
    counted: bool
    reason: Reason
    at_ms: int


@dataclass(frozen=True, slots=True)
class LateSitting:
    """A sitting with late data. ``open_until_ms``: more may come until then. ``proposed`` is the
    first person's word while it waits for a second, ``decided`` are both once it holds.
    """

    sitting_id: str
    seat_no: str
    ticket_no: str
    name_masked: str
    data: LateData
    open_until_ms: int | None
    proposed: Said | None
    decided: tuple[Said, ...]


class LateDesk:
    """Where two people decide."""

    def __init__(
        self, database: Database, clock: Clock, ledger: Ledger, papers: PapersService
    ) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._papers = papers

    async def listing(self, principal: Principal, session_id: str) -> list[LateSitting]:
        """Every sitting with late data, by seat. Raises ``sessions.unknown``,
        ``sessions.not_staffed``, and ``sessions.wrong_state`` before the session is closed.
        """
        async with self._db.read() as session:
            exam = await session_row(session, session_id)
            await need_duty(session, principal, session_id, duties=DECIDERS)
            need_reached(exam, SessionState.CLOSED)
            everybody = await of_session(session, session_id)
        content = await self._papers.content(session_id)
        found = []
        for loaded in everybody:
            async with self._db.read() as session:
                one = await self._one(session, loaded, content)
            if one is not None:
                found.append(one)
            await asyncio.sleep(0)
        return sorted(found, key=lambda one: (one.seat_no, one.sitting_id))

    async def decide(
        self, principal: Principal, sitting_id: str, *, counted: bool, reason: Reason
    ) -> LateSitting:
        """The first person proposes, a second one who says the same decides.

        Who says the contrary proposes anew. Raises ``late.none``, ``late.open``, ``late.decided``,
        ``approval.same_person``, ``marking.published``, ``act.reason_missing``.
        """
        reason.need()
        async with self._db.read() as session:
            loaded = await load(session, sitting_id)
            await need_duty(session, principal, loaded.row.session_id, duties=DECIDERS)
            need_reached(loaded.exam, SessionState.CLOSED)
        content = await self._papers.content(loaded.row.session_id)
        async with self._db.write() as tx:
            exam = await locked_session(tx, loaded.row.session_id)
            if reached(exam.state, SessionState.PUBLISHED):
                raise Refusal("marking.published", Kind.CONFLICT)
            records = await self._ledger.read(tx, sitting_stream(sitting_id))
            data = self._open_question(loaded, records, content)
            asked = await tx.get(LateRow, sitting_id)
            question = late_bytes(sitting_id, _hashes(records, data), counted=counted)
            if asked is None or asked.question != question.hex():
                await self._propose(tx, principal, loaded, question, data, reason, counted=counted)
            else:
                first = await approve(
                    tx, self._clock, approval_id=asked.approval_id, act=ACT, content=question,
                    by=principal.subject,
                )  # fmt: skip
                await self._record(tx, principal, loaded, asked, first, data, reason)
                await tx.delete(asked)
                await tx.flush()
            one = await self._one(tx, loaded, content)
        if one is None:
            raise Refusal("late.none", Kind.NOT_FOUND)
        return one

    def _open_question(
        self, loaded: Loaded, records: Sequence[OpenRecord], content: Content
    ) -> LateData:
        data = late_data(records, dealt_items(records, content.forms))
        if data is None:
            raise Refusal("late.none", Kind.NOT_FOUND)
        if data.decision is not None:
            raise Refusal("late.decided", Kind.CONFLICT)
        until_ms = late_until_ms(records, policy_of(loaded.exam).late_data_s)
        now_ms = self._clock.now_ms()
        if until_ms is not None and now_ms < until_ms:
            raise Refusal("late.open", Kind.CONFLICT, wait_s=-(-(until_ms - now_ms) // 1_000))
        return data

    async def _propose(
        self, tx: WriteSession, principal: Principal, loaded: Loaded, question: bytes,
        data: LateData, reason: Reason, *, counted: bool,
    ) -> None:  # fmt: skip
        now_ms = self._clock.now_ms()
        approval_id = await request_approval(
            tx, self._clock, act=ACT, content=question, by=principal.subject
        )
        await tx.merge(
            LateRow(
                sitting_id=loaded.row.id, session_id=loaded.row.session_id,
                approval_id=approval_id, question=question.hex(), counted=counted,
                said_by=principal.subject, reason_code=reason.code, reason_text=reason.text,
                said_at_ms=now_ms,
            )
        )  # fmt: skip
        await tx.flush()
        act = {
            "sitting_id": loaded.row.id, "counted": counted, "through_seq": data.through_seq,
            "by": principal.subject, "reason_code": reason.code, "reason_text": reason.text,
            "at_ms": now_ms,
        }  # fmt: skip
        await note(tx, self._ledger, loaded.row.session_id, "late_proposed", act)

    async def _record(
        self, tx: WriteSession, principal: Principal, loaded: Loaded, asked: LateRow, first: str,
        data: LateData, reason: Reason,
    ) -> None:  # fmt: skip
        detail = {
            "counted": asked.counted, "through_seq": data.through_seq, "seqs": list(data.seqs),
            "said_at_ms": asked.said_at_ms, "second_reason_code": reason.code,
            "second_reason_text": reason.text,
        }  # fmt: skip
        act = StaffAct(
            "late_decided", loaded.row.session_id, self._clock.now_ms(), first,
            Reason(asked.reason_code, asked.reason_text), principal.subject, loaded.row.room_id,
            loaded.row.id, detail,
        )  # fmt: skip
        await record(self._ledger, tx, act, in_sitting=True)

    async def _one(
        self, session: ReadSession, loaded: Loaded, content: Content
    ) -> LateSitting | None:
        records = await self._ledger.read(session, sitting_stream(loaded.row.id))
        data = late_data(records, dealt_items(records, content.forms))
        if data is None:
            return None
        until_ms = late_until_ms(records, policy_of(loaded.exam).late_data_s)
        asked = await session.get(LateRow, loaded.row.id)
        decided = next((one for one in records if _is_decision(one, data)), None)
        people = {asked.said_by} if asked else set()
        people |= {decided.body["by"], decided.body["second"]} if decided else set()
        names = {key: one.name for key, one in (await accounts_named(session, people)).items()}
        return LateSitting(
            sitting_id=loaded.row.id,
            seat_no=loaded.row.seat_no,
            ticket_no=loaded.candidate.ticket_no,
            name_masked=masked(loaded.candidate.name),
            data=data,
            open_until_ms=until_ms if (until_ms or 0) > self._clock.now_ms() else None,
            proposed=None if asked is None else _proposed(asked, names),
            decided=() if decided is None else _both(decided, names),
        )


def _is_decision(one: OpenRecord, data: LateData) -> bool:
    return data.decision is not None and one.seq == data.decision.seq


def _proposed(asked: LateRow, names: Mapping[str, str]) -> Said:
    reason = Reason(asked.reason_code, asked.reason_text)
    name = names.get(asked.said_by, asked.said_by)
    return Said(name, asked.counted, reason, asked.said_at_ms)


def _both(decided: OpenRecord, names: Mapping[str, str]) -> tuple[Said, Said]:
    body = decided.body
    first = Reason(body["reason_code"], body["reason_text"])
    second = Reason(body["second_reason_code"], body["second_reason_text"])
    return (
        Said(names.get(body["by"], body["by"]), body["counted"], first, body["said_at_ms"]),
        Said(names.get(body["second"], body["second"]), body["counted"], second, decided.server_ms),
    )


def _hashes(records: Sequence[OpenRecord], data: LateData) -> list[bytes]:
    wanted = set(data.seqs)
    return [one.hash for one in records if one.seq in wanted]

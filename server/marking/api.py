"""Marking over HTTP: the run for the officer, the queue for the markers."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import refusals, staff
from server.checkin.api import WithReason
from server.marking.service import (
    LateSitting,
    MarkingRun,
    MarkingService,
    Progress,
    Said,
    Task,
)

Conductor = Annotated[Principal, staff(Role.OFFICER, Role.CHIEF)]
Marker = Annotated[Principal, staff(Role.MARKER)]
Watcher = Annotated[Principal, staff(Role.MARKER, Role.OFFICER, Role.CHIEF)]

ENTRY = {
    "sessions__unknown": Kind.NOT_FOUND,
    "sessions__not_staffed": Kind.FORBIDDEN,
    "sessions__wrong_state": Kind.CONFLICT,
}
SHOWN = {
    "papers__scoring_closed": Kind.CONFLICT,
    "papers__not_released": Kind.CONFLICT,
    "marking__answer_changed": Kind.CONFLICT,
    "marking__published": Kind.CONFLICT,
}


class ChangeBody(BaseModel):
    """A sitting whose machine marks differ from the run before; sums as decimal text."""

    sitting_id: str
    before: str | None
    after: str | None


class RunBody(BaseModel):
    """A run. ``fresh`` is false when nothing had changed since the last one."""

    run_id: str
    version: int
    key_sha256: str
    totals_hash: str
    objective: int
    by_hand: int
    waiting: int
    changes: list[ChangeBody]
    made_at_ms: int
    fresh: bool


class TaskBody(BaseModel):
    """An anonymous text answer; ``left`` counts this one too."""

    task_id: str
    stem: str
    model_answer: str
    full: str
    response: str
    left: int


class ProgressBody(BaseModel):
    """How far the queue is."""

    marked: int
    left: int


class Mark(BaseModel):
    """The mark as decimal text in steps of 0.5."""

    score: str = Field(max_length=20)
    note: str = Field("", max_length=2_000)


class LateItemBody(BaseModel):
    """One item: what counts without the late data, and the late answer; letters as displayed."""

    number: int
    counted: str
    counted_client_ms: int | None
    counted_server_ms: int | None
    late: str
    late_client_ms: int
    late_server_ms: int


class SaidBody(BaseModel):
    """One person's word."""

    name: str
    counted: bool
    reason_code: str
    reason_text: str
    at_ms: int


class LateBody(BaseModel):
    """A sitting with late data; ``open_until_ms`` while more may come."""

    sitting_id: str
    seat_no: str
    ticket_no: str
    name_masked: str
    deadline_ms: int | None
    offline_since_ms: int | None
    open_until_ms: int | None
    records: int
    items: list[LateItemBody]
    proposed: SaidBody | None
    decided: list[SaidBody]


class DecideLate(WithReason):
    """Whether the late data count, and why."""

    counted: bool


def _said(said: Said) -> SaidBody:
    return SaidBody(
        name=said.name,
        counted=said.counted,
        reason_code=said.reason.code,
        reason_text=said.reason.text,
        at_ms=said.at_ms,
    )


def _late(one: LateSitting) -> LateBody:
    data = one.data
    return LateBody(
        sitting_id=one.sitting_id,
        seat_no=one.seat_no,
        ticket_no=one.ticket_no,
        name_masked=one.name_masked,
        deadline_ms=data.deadline_ms,
        offline_since_ms=data.offline_since_ms,
        open_until_ms=one.open_until_ms,
        records=len(data.seqs),
        items=[
            LateItemBody(
                number=item.number,
                counted=item.counted,
                counted_client_ms=item.counted_client_ms,
                counted_server_ms=item.counted_server_ms,
                late=item.late,
                late_client_ms=item.late_client_ms,
                late_server_ms=item.late_server_ms,
            )
            for item in data.items
        ],
        proposed=None if one.proposed is None else _said(one.proposed),
        decided=[_said(said) for said in one.decided],
    )


def _run(done: MarkingRun) -> RunBody:
    row = done.run
    return RunBody(
        run_id=row.id,
        version=row.version,
        key_sha256=row.key_sha256,
        totals_hash=row.totals_hash,
        objective=row.objective,
        by_hand=row.by_hand,
        waiting=done.waiting,
        changes=[ChangeBody.model_validate(one) for one in row.changes],
        made_at_ms=row.made_at_ms,
        fresh=done.fresh,
    )


def _task(task: Task) -> TaskBody:
    return TaskBody(
        task_id=task.task_id,
        stem=task.stem,
        model_answer=task.model_answer,
        full=task.full,
        response=task.response,
        left=task.left,
    )


def _progress(progress: Progress) -> ProgressBody:
    return ProgressBody(marked=progress.marked, left=progress.left)


def router(service: MarkingService) -> APIRouter:
    """The marking room's endpoints."""
    api = APIRouter(prefix="/api", tags=["marking"])

    @api.post(
        "/sessions/{session_id}/marking/run",
        responses=refusals(
            **ENTRY,
            papers__scoring_closed=Kind.CONFLICT,
            papers__not_released=Kind.CONFLICT,
            papers__no_package=Kind.NOT_FOUND,
            marking__key_missing=Kind.INVALID,
            sitting__form_unknown=Kind.CONFLICT,
            marking__submission_differs=Kind.CONFLICT,
            marking__late_open=Kind.CONFLICT,
            marking__late_undecided=Kind.CONFLICT,
        ),
    )
    async def run(principal: Conductor, session_id: str) -> RunBody:
        return _run(await service.run(principal, session_id))

    @api.get(
        "/sessions/{session_id}/marking/run",
        responses=refusals(sessions__unknown=Kind.NOT_FOUND, sessions__not_staffed=Kind.FORBIDDEN),
    )
    async def newest(principal: Conductor, session_id: str) -> RunBody | None:
        done = await service.newest(principal, session_id)
        return None if done is None else _run(done)

    @api.get(
        "/sessions/{session_id}/late",
        responses=refusals(
            **ENTRY, papers__not_released=Kind.CONFLICT, sitting__form_unknown=Kind.CONFLICT
        ),
    )
    async def late(principal: Conductor, session_id: str) -> list[LateBody]:
        return [_late(one) for one in await service.late.listing(principal, session_id)]

    @api.post(
        "/sittings/{sitting_id}/late",
        responses=refusals(
            **ENTRY,
            sitting__unknown=Kind.NOT_FOUND,
            sitting__form_unknown=Kind.CONFLICT,
            papers__not_released=Kind.CONFLICT,
            late__none=Kind.NOT_FOUND,
            late__open=Kind.CONFLICT,
            late__decided=Kind.CONFLICT,
            marking__published=Kind.CONFLICT,
            approval__same_person=Kind.FORBIDDEN,
            act__reason_missing=Kind.INVALID,
            act__reason_long=Kind.INVALID,
        ),
    )
    async def decide_late(principal: Conductor, sitting_id: str, body: DecideLate) -> LateBody:
        return _late(
            await service.late.decide(
                principal, sitting_id, counted=body.counted, reason=body.reason
            )
        )

    @api.get(
        "/sessions/{session_id}/marking/queue",
        responses=refusals(**ENTRY, **SHOWN, marking__not_run=Kind.CONFLICT),
    )
    async def queue(principal: Marker, session_id: str) -> TaskBody | None:
        task = await service.queue.next(principal, session_id)
        return None if task is None else _task(task)

    @api.get(
        "/sessions/{session_id}/marking/progress",
        responses=refusals(sessions__not_staffed=Kind.FORBIDDEN),
    )
    async def progress(principal: Watcher, session_id: str) -> ProgressBody:
        return _progress(await service.queue.progress(principal, session_id))

    @api.post(
        "/sessions/{session_id}/marking/undo",
        responses=refusals(**ENTRY, **SHOWN, marking__nothing_to_undo=Kind.CONFLICT),
    )
    async def undo(principal: Marker, session_id: str) -> TaskBody:
        return _task(await service.queue.undo(principal, session_id))

    @api.post(
        "/marking/{task_id}",
        responses=refusals(
            **ENTRY,
            marking__task_unknown=Kind.NOT_FOUND,
            marking__not_yours=Kind.CONFLICT,
            marking__already_marked=Kind.CONFLICT,
            marking__published=Kind.CONFLICT,
            marking__mark_bad=Kind.INVALID,
            marking__note_long=Kind.INVALID,
        ),
    )
    async def mark(principal: Marker, task_id: str, body: Mark) -> ProgressBody:
        done = await service.queue.mark(principal, task_id, score=body.score, remark=body.note)
        return _progress(done)

    return api

"""Results over HTTP, and the public look-up of receipts."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import Place, refusals, staff
from kernel.words import Sentence
from server.results.rules.lines import State
from server.results.service import Listed, Publishing, ResultsService

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Reader = Annotated[Principal, staff(Role.OFFICER, Role.CHIEF, Role.SUPERVISOR, Role.AUDITOR)]
Publisher = Annotated[Principal, staff(Role.OFFICER, Role.CHIEF)]

ENTRY = refusals(
    sessions__unknown=Kind.NOT_FOUND,
    sessions__not_staffed=Kind.FORBIDDEN,
    sessions__wrong_state=Kind.CONFLICT,
    papers__no_package=Kind.NOT_FOUND,
    results__list_differs=Kind.CONFLICT,
)


class ResultBody(BaseModel):
    """One line; score and full mark are decimal text, the score null unless it is a number."""

    candidate_id: str
    ticket_no: str
    name: str
    form_code: str | None
    score: str | None
    full: str | None
    passed: bool
    state: State
    article_id: str | None
    receipt_code: str | None


class PublishingBody(BaseModel):
    """How far a publication has come; ``given`` are the names of those who agreed, and
    ``open_incidents`` counts cases that nobody has decided.
    """

    published: bool
    list_hash: str
    given: list[str]
    needed: int
    open_incidents: int


class ReceiptBody(BaseModel):
    """What a receipt says. ``count`` is the number of records; no names, no answers."""

    found: bool
    holds: bool
    origin: str | None
    submitted_at_ms: int | None
    count: int | None
    head_hex: str | None
    words: Sentence


def _result(one: Listed) -> ResultBody:
    line = one.line
    return ResultBody(
        candidate_id=line.candidate_id,
        ticket_no=line.ticket_no,
        name=one.candidate.name,
        form_code=line.form_code,
        score=line.score,
        full=line.full,
        passed=line.passed,
        state=line.state,
        article_id=line.article_id,
        receipt_code=line.receipt_code,
    )


def _publishing(done: Publishing) -> PublishingBody:
    return PublishingBody(
        published=done.published,
        list_hash=done.list_hash,
        given=list(done.given),
        needed=done.needed,
        open_incidents=done.open_incidents,
    )


def router(service: ResultsService) -> APIRouter:
    """The results room's endpoints."""
    api = APIRouter(prefix="/api", tags=["results"])

    @api.get("/sessions/{session_id}/results", responses=ENTRY)
    async def results(principal: Reader, session_id: str) -> list[ResultBody]:
        return [_result(one) for one in (await service.results(principal, session_id)).lines]

    @api.get("/sessions/{session_id}/results.xlsx", responses=ENTRY, response_class=Response)
    async def sheet(principal: Reader, session_id: str) -> Response:
        data = await service.workbook(principal, session_id)
        name = f'attachment; filename="results-{session_id}.xlsx"'
        return Response(data, media_type=XLSX, headers={"Content-Disposition": name})

    @api.post(
        "/sessions/{session_id}/results/publish",
        responses=refusals(
            sessions__unknown=Kind.NOT_FOUND,
            papers__no_package=Kind.NOT_FOUND,
            sessions__not_staffed=Kind.FORBIDDEN,
            approval__same_person=Kind.FORBIDDEN,
            sessions__wrong_state=Kind.CONFLICT,
            results__pending=Kind.CONFLICT,
            results__marks_differ=Kind.CONFLICT,
            results__facts_differ=Kind.CONFLICT,
        ),
    )
    async def publish(principal: Publisher, session_id: str) -> PublishingBody:
        return _publishing(await service.publish(principal, session_id))

    @api.get(
        "/receipts/{code}",
        responses=refusals(receipt__code_bad=Kind.INVALID, receipt__too_many=Kind.TOO_MANY),
    )
    async def receipt(place: Place, code: str) -> ReceiptBody:
        said = await service.receipts.look_up(code, address=place)
        return ReceiptBody(
            found=said.found,
            holds=said.holds,
            origin=said.origin,
            submitted_at_ms=said.submitted_at_ms,
            count=said.count,
            head_hex=said.head_hex,
            words=said.words,
        )

    return api

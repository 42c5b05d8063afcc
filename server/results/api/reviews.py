"""Reviews over HTTP, for those who answer them."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import refusals, sends, staff
from server.results.rules.lines import State
from server.results.rules.reviews import REASON_MAX, Outcome, Proposal, ReviewState
from server.results.service.deciding import Deciding, Reviewed
from server.results.service.opening import Openings

Reviewer = Annotated[Principal, staff(Role.OFFICER, Role.CHIEF)]
OPENING_TYPE = "application/octet-stream"
PLACE = "/sessions/{session_id}/reviews"

ENTRY = refusals(
    sessions__unknown=Kind.NOT_FOUND,
    sessions__not_staffed=Kind.FORBIDDEN,
    sessions__wrong_state=Kind.CONFLICT,
    review__not_published=Kind.CONFLICT,
    results__list_differs=Kind.CONFLICT,
)
ACTING = refusals(
    ENTRY,
    review__unknown=Kind.NOT_FOUND,
    review__decided=Kind.CONFLICT,
    review__archived=Kind.CONFLICT,
    review__reason=Kind.INVALID,
)
SECOND = refusals(
    ACTING,
    approval__unknown=Kind.NOT_FOUND,
    approval__same_person=Kind.FORBIDDEN,
    approval__differs=Kind.CONFLICT,
    approval__used=Kind.CONFLICT,
)
OPENING = refusals(
    review__in_publicity=Kind.CONFLICT,
    review__window_over=Kind.CONFLICT,
    review__not_asked=Kind.CONFLICT,
    review__nothing_to_open=Kind.CONFLICT,
    sitting__form_unknown=Kind.CONFLICT,
    review__opened_already=Kind.CONFLICT,
    papers__not_released=Kind.CONFLICT,
    papers__no_package=Kind.NOT_FOUND,
    ledger__damaged=Kind.UNAVAILABLE,
)


class OpeningBody(BaseModel):
    """One opening and how far it has come; names of people, ``record_hash`` in hex."""

    opening_id: str
    position: int
    seq: int
    record_hash: str
    purpose: str
    requested_by: str
    requested_at_ms: int
    approved_by: str | None
    opened_at_ms: int | None


class ProposalBody(BaseModel):
    """What was proposed, by whom (name)."""

    outcome: Outcome
    reason: str
    score: str | None
    by: str


class ReviewBody(BaseModel):
    """An application with the candidate's published line."""

    review_id: str
    ticket_no: str
    name: str
    state: ReviewState
    reason: str
    positions: list[int]
    asked_at_ms: int
    answer_by_ms: int
    result_state: State
    score: str | None
    full: str | None
    openings: list[OpeningBody]
    proposal: ProposalBody | None
    decided_by: str | None
    decided_at_ms: int | None


class OpeningAsk(BaseModel):
    """Which position, and what for."""

    position: int = Field(ge=1, le=10_000)
    purpose: str = Field(max_length=REASON_MAX)


class ProposalAsk(BaseModel):
    """``score`` is decimal text, only for a correction."""

    outcome: Outcome
    reason: str = Field(max_length=REASON_MAX)
    score: str | None = Field(None, max_length=20)


def _openings(one: Reviewed) -> list[OpeningBody]:
    return [
        OpeningBody(
            opening_id=row.id,
            position=row.position,
            seq=row.seq,
            record_hash=row.record_hash,
            purpose=row.purpose,
            requested_by=one.named(row.requested_by) or "",
            requested_at_ms=row.requested_at_ms,
            approved_by=one.named(row.approved_by),
            opened_at_ms=row.opened_at_ms,
        )
        for row in one.openings
    ]


def _body(one: Reviewed) -> ReviewBody:
    row, said = one.row, one.row.proposal
    return ReviewBody(
        review_id=row.id,
        ticket_no=one.candidate.ticket_no,
        name=one.candidate.name,
        state=ReviewState(row.state),
        reason=row.reason,
        positions=row.positions,
        asked_at_ms=row.asked_at_ms,
        answer_by_ms=row.answer_by_ms,
        result_state=one.line.state,
        score=one.line.score,
        full=one.line.full,
        openings=_openings(one),
        proposal=None
        if said is None
        else ProposalBody(
            outcome=Outcome(said["outcome"]),
            reason=said["reason"],
            score=said["score"],
            by=one.named(row.proposed_by) or "",
        ),
        decided_by=one.named(row.decided_by),
        decided_at_ms=row.decided_at_ms,
    )


def reviews_router(deciding: Deciding, openings: Openings) -> APIRouter:
    """The reviewers' endpoints. Every act answers with the whole list."""
    api = APIRouter(prefix="/api", tags=["reviews"])

    async def listed(principal: Principal, session_id: str) -> list[ReviewBody]:
        return [_body(one) for one in await deciding.reviews(principal, session_id)]

    @api.get(PLACE, responses=ENTRY)
    async def reviews(principal: Reviewer, session_id: str) -> list[ReviewBody]:
        return await listed(principal, session_id)

    @api.post(
        PLACE + "/{review_id}/proposal",
        responses=refusals(ACTING, review__score=Kind.INVALID),
    )
    async def propose(
        principal: Reviewer, session_id: str, review_id: str, body: ProposalAsk
    ) -> list[ReviewBody]:
        proposal = Proposal(body.outcome, body.reason, body.score)
        await deciding.propose(principal, session_id, review_id, proposal)
        return await listed(principal, session_id)

    @api.post(
        PLACE + "/{review_id}/proposal/approve",
        responses=refusals(SECOND, review__no_proposal=Kind.CONFLICT),
    )
    async def approve(principal: Reviewer, session_id: str, review_id: str) -> list[ReviewBody]:
        await deciding.approve(principal, session_id, review_id)
        return await listed(principal, session_id)

    @api.post(PLACE + "/{review_id}/openings", responses=refusals(ACTING, OPENING))
    async def request(
        principal: Reviewer, session_id: str, review_id: str, body: OpeningAsk
    ) -> list[ReviewBody]:
        await openings.request(principal, session_id, review_id, body.position, body.purpose)
        return await listed(principal, session_id)

    @api.post(
        PLACE + "/{review_id}/openings/{opening_id}/approve", responses=refusals(SECOND, OPENING)
    )
    async def agree(
        principal: Reviewer, session_id: str, review_id: str, opening_id: str
    ) -> list[ReviewBody]:
        await openings.approve(principal, session_id, review_id, opening_id)
        return await listed(principal, session_id)

    @api.get(
        PLACE + "/{review_id}/openings/{opening_id}/file",
        response_class=Response,
        responses=sends(OPENING_TYPE)
        | refusals(
            ENTRY,
            review__unknown=Kind.NOT_FOUND,
            review__not_opened=Kind.CONFLICT,
            ledger__damaged=Kind.UNAVAILABLE,
        ),
    )
    async def file(
        principal: Reviewer, session_id: str, review_id: str, opening_id: str
    ) -> Response:
        data = await openings.file(principal, session_id, review_id, opening_id)
        name = f'attachment; filename="{opening_id}.opening"'
        return Response(data, media_type=OPENING_TYPE, headers={"Content-Disposition": name})

    return api

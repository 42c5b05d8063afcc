"""The candidates' own page over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from kernel.access import Principal
from kernel.errors import Kind, Refusal
from kernel.web import CurrentPrincipal, Place, refusals
from server.results.rules.lines import State
from server.results.rules.periods import Phase
from server.results.rules.reviews import REASON_MAX, Outcome, ReviewState
from server.results.service.portal import TOKEN_KIND, OwnReview, OwnSitting, Portal
from server.sittings.service.shapes import masked

OWN = refusals(registration__unknown=Kind.NOT_FOUND, ledger__damaged=Kind.UNAVAILABLE)


async def _own(principal: CurrentPrincipal) -> Principal:
    if principal.kind != TOKEN_KIND:
        raise Refusal("access.role_missing", Kind.FORBIDDEN, needed="candidate")
    return principal


Own = Annotated[Principal, Depends(_own)]


class PortalSignIn(BaseModel):
    """Both numbers as they stand on ticket and document."""

    ticket_no: str = Field(min_length=1, max_length=64)
    id_number: str = Field(min_length=1, max_length=64)


class PortalToken(BaseModel):
    """Opens the candidate's own page and nothing else."""

    token: str


class OwnReceipt(BaseModel):
    """What was signed at submission; ``count`` is the number of records in the log."""

    receipt_code: str
    submitted_at_ms: int
    answered: int
    item_count: int
    head_hex: str
    kind: str


class OwnResult(BaseModel):
    """The published line; ``version`` over 1 where a review has changed the list."""

    state: State
    score: str | None
    full: str | None
    passed: bool
    article_id: str | None
    version: int


class OpenedAnswerBody(BaseModel):
    """An opened record by position and letters on the screen; no item, no stem, no option text.

    ``text_length`` counts the characters of a text answer, ``record_hash`` is hex.
    """

    position: int
    letters: str
    text_length: int | None
    seq: int
    record_hash: str
    answered_at_ms: int
    opened_at_ms: int


class OwnReviewBody(BaseModel):
    """One's own application; ``outcome`` and ``answer`` are null until two people agreed."""

    review_id: str
    state: ReviewState
    asked_at_ms: int
    answer_by_ms: int
    reason: str
    positions: list[int]
    outcome: Outcome | None
    answer: str | None
    score: str | None
    decided_at_ms: int | None
    opened: list[OpenedAnswerBody]


class PortalBody(BaseModel):
    """One's own sitting. ``submitted`` is false for somebody who never handed in; ``withheld`` says
    that the published list is being examined and no result is shown.
    """

    session_name: str
    occupation_name: str
    level: int
    subject: str
    starts_at_ms: int
    ticket_no: str
    name_masked: str
    submitted: bool
    receipt: OwnReceipt | None
    phase: Phase
    publicity_until_ms: int | None
    review_until_ms: int | None
    result: OwnResult | None
    withheld: bool
    may_apply: bool
    item_count: int
    positions_most: int
    reviews: list[OwnReviewBody]


class ReviewAsk(BaseModel):
    """Why, and which positions of one's own paper are in doubt."""

    reason: str = Field(max_length=REASON_MAX)
    positions: list[int] = Field(max_length=500)


def _review(one: OwnReview) -> OwnReviewBody:
    row = one.row
    said = (row.proposal or {}) if row.state == ReviewState.DECIDED.value else {}
    return OwnReviewBody(
        review_id=row.id,
        state=ReviewState(row.state),
        asked_at_ms=row.asked_at_ms,
        answer_by_ms=row.answer_by_ms,
        reason=row.reason,
        positions=row.positions,
        outcome=Outcome(said["outcome"]) if said else None,
        answer=said.get("reason"),
        score=said.get("score"),
        decided_at_ms=row.decided_at_ms,
        opened=[
            OpenedAnswerBody(
                position=it.position,
                letters=it.letters,
                text_length=it.text_length,
                seq=it.seq,
                record_hash=it.record_hash,
                answered_at_ms=it.answered_at_ms,
                opened_at_ms=it.opened_at_ms,
            )
            for it in one.opened
        ],
    )


def _body(own: OwnSitting) -> PortalBody:
    line, receipt, periods = own.line, own.receipt, own.periods
    return PortalBody(
        session_name=own.exam.name,
        occupation_name=own.exam.occupation_name,
        level=own.exam.level,
        subject=own.exam.subject,
        starts_at_ms=own.exam.starts_at_ms,
        ticket_no=own.candidate.ticket_no,
        name_masked=masked(own.candidate.name),
        submitted=own.sitting is not None and own.sitting.submitted_at_ms is not None,
        receipt=None
        if receipt is None
        else OwnReceipt(**{key: receipt[key] for key in OwnReceipt.model_fields}),
        phase=own.phase,
        publicity_until_ms=None if periods is None else periods.publicity_until_ms,
        review_until_ms=None if periods is None else periods.review_until_ms,
        result=None
        if line is None
        else OwnResult(
            state=line.state,
            score=line.score,
            full=line.full,
            passed=line.passed,
            article_id=line.article_id,
            version=own.version,
        ),
        withheld=own.withheld,
        may_apply=own.may_apply,
        item_count=own.item_count,
        positions_most=own.positions_most,
        reviews=[_review(one) for one in own.reviews],
    )


def portal_router(portal: Portal) -> APIRouter:
    """The candidates' endpoints."""
    api = APIRouter(prefix="/api/portal", tags=["portal"])

    @api.post(
        "/sign-in",
        responses=refusals(
            portal__unknown=Kind.FORBIDDEN,
            portal__too_many=Kind.TOO_MANY,
            accounts__locked=Kind.TOO_MANY,
        ),
    )
    async def sign_in(place: Place, body: PortalSignIn) -> PortalToken:
        token = await portal.sign_in(body.ticket_no, body.id_number, address=place)
        return PortalToken(token=token)

    @api.post("/sign-out", status_code=204)
    async def sign_out(principal: Own) -> Response:
        await portal.sign_out(principal)
        return Response(status_code=204)

    @api.get("/sitting", responses=OWN)
    async def own(principal: Own) -> PortalBody:
        return _body(await portal.own(principal))

    @api.post(
        "/reviews",
        responses=refusals(
            OWN,
            review__not_published=Kind.CONFLICT,
            review__in_publicity=Kind.CONFLICT,
            review__window_over=Kind.CONFLICT,
            review__archived=Kind.CONFLICT,
            review__open_already=Kind.CONFLICT,
            review__reason=Kind.INVALID,
            review__positions=Kind.INVALID,
        ),
    )
    async def apply(principal: Own, body: ReviewAsk) -> PortalBody:
        await portal.apply(principal, body.reason, body.positions)
        return _body(await portal.own(principal))

    return api

"""The public program's HTTP: papers without keys, results with explanations."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel

from kernel.clock import Clock
from kernel.errors import Kind
from kernel.pacing import Pace
from kernel.web import Place, refusals
from paper.bundle import ReleasedPaper
from practice.service import PracticeService

_PER_MINUTE = 240


class OptionShape(BaseModel):
    id: str
    text: str


class ItemShape(BaseModel):
    item_id: str
    type: str
    stem: str
    options: list[OptionShape]
    score: str
    point_code: str


class PaperSummary(BaseModel):
    paper_id: str
    title: str
    occupation_code: str
    occupation_name: str
    level: int
    duration_s: int
    item_count: int
    pass_score: str


class PointShape(BaseModel):
    code: str
    name: str
    scope_code: str
    scope_name: str
    weight_band: str


class PaperShape(PaperSummary):
    items: list[ItemShape]
    outline: list[PointShape]


class MarkedShape(BaseModel):
    item_id: str
    mark: str | None
    full: str
    right: bool
    key: list[str]
    model_answer: str
    explanation: str


class ScopeShape(BaseModel):
    scope_code: str
    scope_name: str
    mark: str
    full: str


class OutcomeShape(BaseModel):
    mark: str
    full: str
    items: list[MarkedShape]
    scopes: list[ScopeShape]


class CheckShape(BaseModel):
    answers: dict[str, Any]


def router(service: PracticeService, clock: Clock) -> APIRouter:
    """``/api/practice``."""
    pace = Pace(clock, "practice.too_many", _PER_MINUTE)

    async def paced(place: Place) -> None:
        pace.take(place)

    routes = APIRouter(
        prefix="/api/practice",
        tags=["practice"],
        dependencies=[Depends(paced)],
        responses=refusals(practice__too_many=Kind.TOO_MANY),
    )

    @routes.get("/papers")
    async def papers() -> list[PaperSummary]:
        return [_summary(paper) for paper in await service.papers()]

    @routes.get("/papers/{paper_id}", responses=refusals(practice__paper_unknown=Kind.NOT_FOUND))
    async def paper(paper_id: str) -> PaperShape:
        found = await service.paper(paper_id)
        return PaperShape(
            **_summary(found).model_dump(),
            items=[ItemShape.model_validate(i, from_attributes=True) for i in found.items],
            outline=[PointShape.model_validate(p, from_attributes=True) for p in found.outline],
        )

    @routes.post(
        "/papers/{paper_id}/check",
        responses=refusals(
            practice__paper_unknown=Kind.NOT_FOUND,
            practice__item_unknown=Kind.INVALID,
            response__shape=Kind.INVALID,
        ),
    )
    async def check(paper_id: str, answers: Annotated[CheckShape, Body()]) -> OutcomeShape:
        outcome = await service.mark(paper_id, answers.answers)
        return OutcomeShape.model_validate(outcome, from_attributes=True)

    return routes


def _summary(paper: ReleasedPaper) -> PaperSummary:
    return PaperSummary(
        paper_id=paper.paper_id,
        title=paper.title,
        occupation_code=paper.occupation_code,
        occupation_name=paper.occupation_name,
        level=paper.level,
        duration_s=paper.duration_s,
        item_count=len(paper.items),
        pass_score=paper.pass_score,
    )

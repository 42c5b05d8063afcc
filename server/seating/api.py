"""The draw over HTTP."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import refusals, staff
from server.seating.rules import DrawState
from server.seating.service import DrawView, SeatingService

Officer = Annotated[Principal, staff(Role.OFFICER)]
Drawer = Annotated[Principal, staff(Role.OFFICER, Role.CHIEF)]
Reader = Annotated[Principal, staff(*Role)]
Hex32 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Commitment(BaseModel):
    """SHA-256 of the frame ``draw-commitment`` v1 over [draw id, party, value]."""

    party: str = Field(max_length=16)
    commitment_hex: Hex32


class Reveal(BaseModel):
    """The 32 bytes behind a commitment."""

    party: str = Field(max_length=16)
    value_hex: Hex32


class Reason(BaseModel):
    """Why an attempt ends."""

    reason: str = Field(min_length=1, max_length=500)


class PartyBody(BaseModel):
    """How far one party is."""

    party: Literal["system", "chief", "officer"]
    committed: bool
    revealed: bool


class FallbackBody(BaseModel):
    """The source that takes the place of a missing reveal, fixed at the freeze."""

    source: Literal["system"]
    commitment_hex: str


class DrawBody(BaseModel):
    """An attempt; ``seed_hex`` and ``proof`` come when the doors are shut (``proof_from_ms``)."""

    draw_id: str
    attempt: int
    state: DrawState
    roster_root: str
    parties: list[PartyBody]
    fallback: FallbackBody
    reveal_by_ms: int
    proof_from_ms: int
    seed_hex: str | None
    proof: dict[str, Any] | None


def _draw(view: DrawView) -> DrawBody:
    return DrawBody(
        draw_id=view.draw_id,
        attempt=view.attempt,
        state=DrawState(view.state),
        roster_root=view.roster_root,
        parties=[
            PartyBody.model_validate({"party": party, "committed": committed, "revealed": revealed})
            for party, committed, revealed in view.parties
        ],
        fallback=FallbackBody(source="system", commitment_hex=view.fallback_commitment),
        reveal_by_ms=view.reveal_by_ms,
        proof_from_ms=view.proof_from_ms,
        seed_hex=view.proof.seed if view.proof else None,
        proof=msgspec.to_builtins(view.proof) if view.proof else None,
    )


STATE = refusals(
    sessions__not_staffed=Kind.FORBIDDEN,
    sessions__unknown=Kind.NOT_FOUND,
    draw__none=Kind.NOT_FOUND,
    draw__wrong_state=Kind.CONFLICT,
    draw__party_unknown=Kind.INVALID,
    draw__already_committed=Kind.CONFLICT,
    draw__same_person=Kind.FORBIDDEN,
    draw__not_your_commitment=Kind.FORBIDDEN,
    draw__already_revealed=Kind.CONFLICT,
    draw__reveal_differs=Kind.CONFLICT,
    draw__fallback_early=Kind.CONFLICT,
)


def router(service: SeatingService) -> APIRouter:
    """The draw's endpoints."""
    api = APIRouter(prefix="/api/sessions/{session_id}/draw", tags=["draw"])

    @api.post(
        "/freeze",
        responses=refusals(
            sessions__not_staffed=Kind.FORBIDDEN,
            sessions__unknown=Kind.NOT_FOUND,
            sessions__wrong_state=Kind.CONFLICT,
            sessions__roster_frozen=Kind.CONFLICT,
            papers__no_package=Kind.NOT_FOUND,
            draw__roster_empty=Kind.CONFLICT,
            draw__seats_short=Kind.CONFLICT,
            draw__forms_too_few=Kind.CONFLICT,
        ),
    )
    async def freeze(principal: Officer, session_id: str) -> DrawBody:
        return _draw(await service.freeze(principal, session_id))

    @api.post("/commitments", responses=STATE)
    async def take_commitment(principal: Drawer, session_id: str, body: Commitment) -> DrawBody:
        return _draw(
            await service.take_commitment(principal, session_id, body.party, body.commitment_hex)
        )

    @api.post("/reveals", responses=STATE)
    async def reveal(principal: Drawer, session_id: str, body: Reveal) -> DrawBody:
        return _draw(await service.reveal(principal, session_id, body.party, body.value_hex))

    @api.post("/fallback", responses=STATE)
    async def fall_back(principal: Drawer, session_id: str, body: Reason) -> DrawBody:
        return _draw(await service.fall_back(principal, session_id, body.reason))

    @api.post("/abort", responses=STATE)
    async def abort(principal: Drawer, session_id: str, body: Reason) -> DrawBody:
        return _draw(await service.abort(principal, session_id, body.reason))

    @api.get("", responses=STATE)
    async def draw(principal: Reader, session_id: str) -> DrawBody:
        return _draw(await service.draw(principal, session_id))

    @api.get("/proof", responses=refusals(STATE, draw__proof_sealed=Kind.CONFLICT))
    async def proof(principal: Reader, session_id: str) -> JSONResponse:
        published = await service.proof(principal, session_id)
        return JSONResponse(
            msgspec.to_builtins(published),
            headers={"content-disposition": f'attachment; filename="draw-{session_id}.json"'},
        )

    return api

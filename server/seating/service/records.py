"""Reading draws: the newest attempt, its parties, its published form.

Rules kept here: a completed draw is published only when the doors are shut, because it tells
everybody's seat; until then staff see who has committed and revealed, and nothing more.
"""

from dataclasses import dataclass

import msgspec
from sqlalchemy import func, select

from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from server.seating.rules import (
    FALLBACK,
    FORMAT,
    PARTIES,
    Frozen,
    Proof,
    Share,
    attempt_hash,
    place,
)
from server.seating.tables import DrawRow, PartyRow
from server.sessions.service import policy_of, session_row


@dataclass(frozen=True, slots=True)
class DrawView:
    """A draw as staff see it; ``proof`` only once the doors are shut (``proof_from_ms``)."""

    draw_id: str
    attempt: int
    state: str
    roster_root: str
    fallback_commitment: str
    reveal_by_ms: int
    parties: tuple[tuple[str, bool, bool], ...]
    proof_from_ms: int
    proof: Proof | None


async def view_of(session: ReadSession, row: DrawRow, now_ms: int) -> DrawView:
    """The attempt as staff see it at this instant."""
    plan = await session_row(session, row.session_id)
    from_ms = plan.starts_at_ms + policy_of(plan).late_limit_s * 1_000
    done = row.state in {"revealed", "fallback"}
    public = plan.closed_at_ms is not None or now_ms >= from_ms
    found = await parties_of(session, row.id)
    return DrawView(
        draw_id=row.id,
        attempt=row.attempt,
        state=row.state,
        roster_root=row.roster_root,
        fallback_commitment=row.fallback_commitment.hex(),
        reveal_by_ms=row.reveal_by_ms,
        parties=tuple(
            (name, name in found, name in found and found[name].value is not None)
            for name in PARTIES
        ),
        proof_from_ms=from_ms,
        proof=await proof_of(session, row) if done and public else None,
    )


async def last_draw(session: ReadSession, session_id: str) -> DrawRow | None:
    """The newest attempt of the session, if there is one."""
    newest = select(func.max(DrawRow.attempt)).where(DrawRow.session_id == session_id)
    found = await session.execute(
        select(DrawRow).where(
            DrawRow.session_id == session_id, DrawRow.attempt == newest.scalar_subquery()
        )
    )
    return found.scalar_one_or_none()


async def current_draw(session: ReadSession, session_id: str) -> DrawRow:
    """The newest attempt. Raises ``draw.none``."""
    row = await last_draw(session, session_id)
    if row is None:
        raise Refusal("draw.none", Kind.NOT_FOUND)
    return row


async def parties_of(session: ReadSession, draw_id: str) -> dict[str, PartyRow]:
    """Who has committed so far, by party."""
    found = await session.execute(select(PartyRow).where(PartyRow.draw_id == draw_id))
    return {row.party: row for row in found.scalars()}


async def shares_of(session: ReadSession, draw_id: str) -> list[Share]:
    """Commitments and reveals so far, in the parties' order."""
    found = await parties_of(session, draw_id)
    return [
        Share(name, found[name].commitment.hex(), _hex(found[name].value))
        for name in PARTIES
        if name in found
    ]


async def hash_of(session: ReadSession, row: DrawRow) -> str:
    """What the next attempt names of this one (hex)."""
    frozen = msgspec.convert(row.frozen, Frozen)
    return attempt_hash(frozen, await shares_of(session, row.id), row.end_reason or "").hex()


async def proof_of(session: ReadSession, row: DrawRow) -> Proof:
    """The published form of a completed draw."""
    if row.seed is None:
        raise RuntimeError("a completed draw has a seed")
    frozen = msgspec.convert(row.frozen, Frozen)
    return Proof(
        format=FORMAT,
        frozen=frozen,
        roster_root=row.roster_root,
        parties=tuple(await shares_of(session, row.id)),
        fallback=fallback_of(row),
        outcome=row.state,
        seed=row.seed.hex(),
        placements=place(row.seed, frozen),
    )


def fallback_of(row: DrawRow) -> Share:
    """The fallback fixed at the freeze, with its value once it was needed."""
    return Share(FALLBACK, row.fallback_commitment.hex(), _hex(row.fallback_value))


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()

"""The draw of the exam that has just been closed: a real one, with values known beforehand."""

from collections.abc import Sequence

import msgspec

from kernel.db import WriteSession
from server.seating.rules import (
    FALLBACK,
    PARTIES,
    Entrant,
    Frozen,
    RoomPlan,
    Share,
    Spot,
    commitment,
    place,
    roster_root,
    seed_of,
)
from server.seating.tables import DrawRow, PartyRow, SeatRow


async def draw_seats(
    tx: WriteSession, session_id: str, room_id: str, sittings: Sequence[str], starts_at_ms: int
) -> None:
    """Everybody a seat in one room of six, by committed and revealed values."""
    roster = tuple(Entrant(one, None) for one in sorted(sittings))
    seats = tuple(Spot(f"seat_{n}", f"{n:02d}", 1 + n // 3, 1 + n % 3, f"PC-{n}") for n in range(6))
    frozen = Frozen(
        "draw_1", session_id, 1, None, starts_at_ms - 2, starts_at_ms - 1, roster,
        (RoomPlan(room_id, "第一考场", seats),), ("A", "B"),
    )  # fmt: skip
    values = {party: bytes([n]) * 32 for n, party in enumerate((*PARTIES, FALLBACK))}
    shares = [
        Share(party, commitment("draw_1", party, values[party]).hex(), values[party].hex())
        for party in PARTIES
    ]
    fallback = Share(FALLBACK, commitment("draw_1", FALLBACK, values[FALLBACK]).hex(), None)
    seed = seed_of(frozen, shares, fallback)
    tx.add(
        DrawRow(
            id="draw_1", session_id=session_id, attempt=1, previous_id=None, previous_hash=None,
            state="revealed", frozen=msgspec.to_builtins(frozen),
            roster_root=roster_root(session_id, roster).hex(), frozen_by="officer",
            frozen_at_ms=starts_at_ms - 2, reveal_by_ms=starts_at_ms - 1,
            fallback_commitment=bytes.fromhex(fallback.commitment), fallback_wrapped=b"",
            fallback_value=None, seed=seed, ended_at_ms=starts_at_ms - 1, ended_by="officer",
            end_reason=None,
        )
    )  # fmt: skip
    await tx.flush()
    for share in shares:
        tx.add(
            PartyRow(
                draw_id="draw_1", party=share.party, account_id=None,
                commitment=bytes.fromhex(share.commitment), value_wrapped=None,
                value=values[share.party], committed_at_ms=starts_at_ms - 2,
                revealed_at_ms=starts_at_ms - 1,
            )
        )  # fmt: skip
    for one in place(seed, frozen):
        tx.add(SeatRow(session_id=session_id, draw_id="draw_1", **msgspec.structs.asdict(one)))
    await tx.flush()

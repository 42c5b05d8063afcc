"""What is frozen, and the system's two commitments (its own and the fallback)."""

import msgspec

from kernel.codec import encode
from kernel.crypto import chance
from kernel.crypto.keyring import KeyRing
from kernel.db import WriteSession
from kernel.ids import mint
from server.bodies.service import rooms_by_id
from server.papers.service import manifest_of
from server.registration.service import candidates_of
from server.seating.rules import (
    FALLBACK,
    SYSTEM,
    VALUE_BYTES,
    Entrant,
    Frozen,
    Previous,
    RoomPlan,
    Spot,
    commitment,
)
from server.seating.service.records import hash_of, last_draw
from server.seating.tables import DrawRow, PartyRow
from server.sessions.service import rooms_of


async def frozen_input(tx: WriteSession, session_id: str, now_ms: int, reveal_by_ms: int) -> Frozen:
    """Roster, rooms without spare seats, and forms, as they stand now."""
    manifest = await manifest_of(tx, session_id)
    rooms = await rooms_by_id(tx, await rooms_of(tx, session_id))
    roster = await candidates_of(tx, session_id)
    last = await last_draw(tx, session_id)
    return Frozen(
        draw_id=mint("draw"),
        session_id=session_id,
        attempt=last.attempt + 1 if last else 1,
        previous=Previous(last.id, await hash_of(tx, last)) if last else None,
        frozen_at_ms=now_ms,
        reveal_by_ms=reveal_by_ms,
        roster=tuple(
            Entrant(one.sitting_id, one.portrait_sha256)
            for one in sorted(roster, key=lambda one: one.sitting_id)
        ),
        rooms=tuple(
            RoomPlan(
                room.room_id,
                room.name,
                tuple(
                    Spot(s.seat_id, s.seat_no, s.row, s.col, s.machine_code)
                    for s in room.seats
                    if not s.spare
                ),
            )
            for room in rooms
        ),
        forms=tuple(sorted(form.form_code for form in manifest.forms)),
    )


def draw_row(keyring: KeyRing, frozen: Frozen, root: str, by: str) -> DrawRow:
    """A new attempt with the fallback's commitment."""
    fallback = chance.token_bytes(VALUE_BYTES)
    return DrawRow(
        id=frozen.draw_id,
        session_id=frozen.session_id,
        attempt=frozen.attempt,
        previous_id=frozen.previous.draw_id if frozen.previous else None,
        previous_hash=frozen.previous.hash if frozen.previous else None,
        state="open",
        frozen=msgspec.to_builtins(frozen),
        roster_root=root,
        frozen_by=by,
        frozen_at_ms=frozen.frozen_at_ms,
        reveal_by_ms=frozen.reveal_by_ms,
        fallback_commitment=commitment(frozen.draw_id, FALLBACK, fallback),
        fallback_wrapped=keyring.wrap(fallback, value_purpose(frozen.draw_id, FALLBACK)),
    )


def system_party(keyring: KeyRing, draw_id: str, now_ms: int) -> PartyRow:
    """The system's commitment; its value is wrapped until the draw completes."""
    value = chance.token_bytes(VALUE_BYTES)
    return PartyRow(
        draw_id=draw_id,
        party=SYSTEM,
        account_id=None,
        commitment=commitment(draw_id, SYSTEM, value),
        value_wrapped=keyring.wrap(value, value_purpose(draw_id, SYSTEM)),
        value=None,
        committed_at_ms=now_ms,
        revealed_at_ms=None,
    )


def value_purpose(draw_id: str, party: str) -> bytes:
    """What the key ring binds an unrevealed value to."""
    return encode("draw-value", 1, [draw_id, party])

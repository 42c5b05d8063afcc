"""Where somebody sits: read by the desk after confirmation and by the seat's sign-in, by nobody
else.
"""

from dataclasses import dataclass

from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from server.seating.tables import SeatRow


@dataclass(frozen=True, slots=True)
class Seat:
    """A drawn seat; ``row`` and ``col`` count from 1 as in the room's grid."""

    room_id: str
    seat_id: str
    seat_no: str
    row: int
    col: int
    machine_code: str
    form_code: str


async def seat_of(session: ReadSession, sitting_id: str) -> Seat:
    """The seat that the draw gave. Raises ``draw.no_seat`` before the draw is revealed."""
    row = await session.get(SeatRow, sitting_id)
    if row is None:
        raise Refusal("draw.no_seat", Kind.CONFLICT)
    return Seat(
        row.room_id, row.seat_id, row.seat_no, row.row, row.col, row.machine_code, row.form_code
    )

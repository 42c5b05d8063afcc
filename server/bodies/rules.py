"""The seat grid of a room: pure decisions.

Rules kept here: seats are numbered row by row from ``01``; one tenth, rounded up, is spare when
asked for; no two seats share a number, a place or a machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.errors import RowError, RowRefusal

SPARE_TENTH = 10
GRID_MAX = 60


@dataclass(frozen=True, slots=True)
class SeatPlan:
    """One seat; rows and columns count from 1."""

    seat_no: str
    row: int
    col: int
    machine_code: str
    spare: bool


def default_seats(code: str, rows: int, cols: int, *, with_spares: bool) -> list[SeatPlan]:
    """A full grid, numbered row by row; the last tenth is spare when asked for."""
    total = rows * cols
    first_spare = total - (-(-total // SPARE_TENTH) if with_spares else 0)
    width = max(2, len(str(total)))
    return [
        SeatPlan(
            seat_no=f"{at + 1:0{width}d}",
            row=at // cols + 1,
            col=at % cols + 1,
            machine_code=f"{code}-{at + 1:0{width}d}",
            spare=at >= first_spare,
        )
        for at in range(total)
    ]


def check_seats(rows: int, cols: int, seats: Sequence[SeatPlan]) -> None:
    """Raises ``bodies.seats_bad`` with a row per faulty seat."""
    faults: list[RowError] = []
    seen: dict[tuple[str, object], int] = {}
    for number, seat in enumerate(seats, start=1):
        if not (1 <= seat.row <= rows and 1 <= seat.col <= cols):
            faults.append(
                RowError(number, "row/col", "bodies.seat_outside", {"rows": rows, "cols": cols})
            )
        for name, value in (
            ("seat_no", seat.seat_no),
            ("machine_code", seat.machine_code),
            ("row/col", (seat.row, seat.col)),
        ):
            if not value:
                faults.append(RowError(number, name, "bodies.seat_empty"))
            first = seen.setdefault((name, value), number)
            if first != number:
                faults.append(RowError(number, name, "bodies.seat_twice", {"first": first}))
    if not seats:
        faults.append(RowError(0, "seats", "bodies.seat_empty"))
    if faults:
        raise RowRefusal("bodies.seats_bad", faults)

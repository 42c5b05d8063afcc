"""server.bodies.rules: the seat grid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import RowRefusal
from server.bodies.rules import SeatPlan, check_seats, default_seats


@given(st.integers(1, 20), st.integers(1, 20), st.booleans())
def test_a_default_grid_is_sound_and_keeps_a_tenth_spare(rows: int, cols: int, spare: bool) -> None:
    seats = default_seats("301", rows, cols, with_spares=spare)
    check_seats(rows, cols, seats)
    assert len(seats) == rows * cols
    assert sum(seat.spare for seat in seats) == (-(-rows * cols // 10) if spare else 0)
    assert [(seat.row, seat.col) for seat in seats] == sorted((s.row, s.col) for s in seats)


def test_seats_are_numbered_row_by_row() -> None:
    seats = default_seats("301", 2, 3, with_spares=False)
    assert [seat.seat_no for seat in seats] == ["01", "02", "03", "04", "05", "06"]
    assert seats[3] == SeatPlan("04", 2, 1, "301-04", spare=False)


def test_every_faulty_seat_is_named() -> None:
    seats = [
        SeatPlan("01", 1, 1, "m1", spare=False),
        SeatPlan("01", 1, 2, "m2", spare=False),
        SeatPlan("03", 1, 1, "", spare=False),
        SeatPlan("04", 5, 1, "m4", spare=False),
    ]
    with pytest.raises(RowRefusal) as refused:
        check_seats(2, 2, seats)
    assert [(row.row, row.field, row.code) for row in refused.value.rows] == [
        (2, "seat_no", "bodies.seat_twice"),
        (3, "machine_code", "bodies.seat_empty"),
        (3, "row/col", "bodies.seat_twice"),
        (4, "row/col", "bodies.seat_outside"),
    ]


def test_a_room_without_seats_is_refused() -> None:
    with pytest.raises(RowRefusal):
        check_seats(2, 2, [])

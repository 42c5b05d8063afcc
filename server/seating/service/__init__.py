"""Seating: the verifiable draw."""

from server.seating.service.acts import SeatingService
from server.seating.service.places import Seat, seat_of
from server.seating.service.records import DrawView

__all__ = ["DrawView", "Seat", "SeatingService", "seat_of"]

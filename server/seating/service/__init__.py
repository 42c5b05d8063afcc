"""Seating: the verifiable draw."""

from server.seating.service.places import Seat, seat_of

__all__ = ["Seat", "seat_of"]

"""``gongyuan draw verify FILE``; the command itself lives in the seating room."""

from server.seating.commands import draw_arguments, run_draw

__all__ = ["draw_arguments", "run_draw"]

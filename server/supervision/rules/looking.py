"""Who may replay a sitting, and how much of it they see. Pure.

Rules kept here: while the session runs only supervision and its chief look, and nobody reads an
item; after closing the session's officer (the reviewer of 复核) looks too; the texts of items are
for supervision and the officer, everybody else sees positions and letters.
"""

from dataclasses import dataclass

from kernel.errors import Kind, Refusal
from server.sessions.rules import Duty


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: of supervision, or with these duties in the session."""

    supervises: bool
    duties: frozenset[Duty]


def texts_shown(viewer: Viewer, *, closed: bool) -> bool:
    """Whether the viewer reads items. Raises ``replay.running``, ``sessions.not_staffed``."""
    if not viewer.supervises and not viewer.duties & {Duty.CHIEF, Duty.OFFICER}:
        raise Refusal("sessions.not_staffed", Kind.FORBIDDEN, needed="chief, officer")
    if closed:
        return viewer.supervises or Duty.OFFICER in viewer.duties
    if viewer.supervises or Duty.CHIEF in viewer.duties:
        return False
    raise Refusal("replay.running", Kind.FORBIDDEN)

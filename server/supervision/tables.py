"""Tables of the supervision room.

Rules kept here: a look is good for one person, one sitting and a while; that it was taken, by whom
and why stands in the ledger, and this row only spares asking again at every move.
"""

from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.tables import ServerTable


class LookRow(ServerTable):
    """One look at a sitting. ``texts``: whether its viewer reads the items."""

    __tablename__ = "supervision_look"
    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(index=True)
    sitting_id: Mapped[str] = mapped_column(index=True)
    by: Mapped[str]
    texts: Mapped[bool]
    closed: Mapped[bool]
    at_ms: Mapped[int]
    until_ms: Mapped[int]

"""Tables of the bodies room: 评价机构, 考点, 考场, 考位 and the machine at a seat."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.tables import ServerTable


class BodyRow(ServerTable):
    """An evaluation body."""

    __tablename__ = "bodies_body"
    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class SiteRow(ServerTable):
    """An exam site."""

    __tablename__ = "bodies_site"
    id: Mapped[str] = mapped_column(primary_key=True)
    body_id: Mapped[str] = mapped_column(ForeignKey("bodies_body.id"))
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    address: Mapped[str]


class RoomRow(ServerTable):
    """An exam room with its seat grid."""

    __tablename__ = "bodies_room"
    __table_args__ = (UniqueConstraint("site_id", "code"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("bodies_site.id"))
    code: Mapped[str]
    name: Mapped[str]
    rows: Mapped[int]
    cols: Mapped[int]


class SeatPlaceRow(ServerTable):
    """A seat of a room. ``machine_token_hash`` names the one PC that was set up there."""

    __tablename__ = "bodies_seat"
    __table_args__ = (
        UniqueConstraint("room_id", "seat_no"),
        UniqueConstraint("room_id", "row", "col"),
        UniqueConstraint("room_id", "machine_code"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("bodies_room.id"), index=True)
    seat_no: Mapped[str]
    row: Mapped[int]
    col: Mapped[int]
    machine_code: Mapped[str]
    spare: Mapped[bool]
    machine_token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    set_up_by: Mapped[str | None]
    set_up_at_ms: Mapped[int | None]

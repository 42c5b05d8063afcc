"""Who may ask, and what is refused."""

from typing import Annotated

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import refusals, staff

RoomStaff = Annotated[Principal, staff(Role.INVIGILATOR, Role.CHIEF)]
Watcher = Annotated[Principal, staff(Role.INVIGILATOR, Role.CHIEF, Role.OFFICER)]
Closer = Annotated[Principal, staff(Role.CHIEF, Role.OFFICER)]
AnyStaff = Annotated[Principal, staff(*Role)]
Confirmer = Annotated[Principal, staff(Role.ADMINISTRATOR, Role.CHIEF)]


ACT = refusals(
    sitting__closed=Kind.CONFLICT,
    sessions__not_staffed=Kind.FORBIDDEN,
    gate__not_admitted=Kind.FORBIDDEN,
    act__reason_missing=Kind.INVALID,
    accounts__pin_wrong=Kind.FORBIDDEN,
    accounts__same_person=Kind.FORBIDDEN,
    accounts__locked=Kind.TOO_MANY,
    act__second_missing=Kind.FORBIDDEN,
    sitting__unknown=Kind.NOT_FOUND,
)
ROOM = refusals(
    sessions__not_staffed=Kind.FORBIDDEN,
    sessions__unknown=Kind.NOT_FOUND,
    bodies__unknown=Kind.NOT_FOUND,
)

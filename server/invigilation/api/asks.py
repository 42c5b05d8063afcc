"""Who may ask, how an act states its reason and its second person, and what both are refused."""

from typing import Annotated

from pydantic import BaseModel, Field

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import refusals, staff
from server.checkin.service import Reason, SecondBy

RoomStaff = Annotated[Principal, staff(Role.INVIGILATOR, Role.CHIEF)]
Watcher = Annotated[Principal, staff(Role.INVIGILATOR, Role.CHIEF, Role.OFFICER)]
AnyStaff = Annotated[Principal, staff(*Role)]
Confirmer = Annotated[Principal, staff(Role.ADMINISTRATOR, Role.CHIEF)]


class WithReason(BaseModel):
    """Why: a code from the list and free text."""

    reason_code: str = Field("", max_length=100)
    reason_text: str = Field("", max_length=2_000)

    @property
    def reason(self) -> Reason:
        return Reason(self.reason_code, self.reason_text)


class WithSecond(WithReason):
    """The second person's account and PIN."""

    second_account: str | None = Field(None, max_length=200)
    second_pin: str | None = Field(None, max_length=32)

    @property
    def second(self) -> SecondBy | None:
        if not self.second_account or not self.second_pin:
            return None
        return SecondBy(self.second_account, self.second_pin)


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

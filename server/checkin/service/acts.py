"""Staff acts: who did what to whom and why, in the ledger within the transaction of the act itself.

Rules kept here: an act stands in the session's stream, in the room's when it concerns a room, and
in the sitting's when it concerns an open sitting; a second person is another person with a duty in
the session.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel.access import Principal, Role
from kernel.db import Database, WriteSession
from kernel.errors import Refusal
from ledger.book import Act, Ledger
from server.accounts.service import AccountsService
from server.sessions.rules import Duty
from server.sessions.service import need_duty, room_stream, session_stream

REASON_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code from the list and free text; one of them at least for acts of legal effect."""

    code: str = ""
    text: str = ""

    @property
    def given(self) -> bool:
        return bool(self.code.strip() or self.text.strip())

    def need(self) -> None:
        """Raises ``act.reason_missing``, ``act.reason_long``."""
        if not self.given:
            raise Refusal("act.reason_missing")
        if len(self.text) > REASON_LIMIT or len(self.code) > 100:
            raise Refusal("act.reason_long", limit=REASON_LIMIT)


@dataclass(frozen=True, slots=True)
class SecondBy:
    """The second person's account and PIN, as they are typed."""

    account: str
    pin: str


@dataclass(frozen=True, slots=True)
class Second:
    """Who the second person turned out to be, and the first of the asked duties that they have."""

    account_id: str
    duty: Duty


@dataclass(frozen=True, slots=True)
class StaffAct:
    """One act. ``kind`` is of the ledger's catalogue; ``detail`` goes into the encrypted body."""

    kind: str
    session_id: str
    at_ms: int
    by: str
    reason: Reason = Reason()
    second: str | None = None
    room_id: str | None = None
    sitting_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """What the records hold."""
        return {
            "at_ms": self.at_ms, "by": self.by, "second": self.second,
            "reason_code": self.reason.code, "reason_text": self.reason.text,
            "room_id": self.room_id, "sitting_id": self.sitting_id, **self.detail,
        }  # fmt: skip


def sitting_stream(sitting_id: str) -> str:
    """The stream of the answers."""
    return f"sitting/{sitting_id}"


def camera_stream(sitting_id: str) -> str:
    """The stream of captures and recordings."""
    return f"camera/{sitting_id}"


async def record(ledger: Ledger, tx: WriteSession, act: StaffAct, *, in_sitting: bool) -> None:
    """Writes the act into every stream it belongs to."""
    entry = [Act(act.kind, act.body)]
    await ledger.append(tx, session_stream(act.session_id), entry)
    if act.room_id is not None:
        await ledger.append(tx, room_stream(act.session_id, act.room_id), entry)
    if in_sitting and act.sitting_id is not None:
        await ledger.append(tx, sitting_stream(act.sitting_id), entry)


async def second_in_session(
    database: Database, accounts: AccountsService, first: Principal, session_id: str,
    second: SecondBy | None, *, duties: Collection[Duty] = (Duty.INVIGILATOR, Duty.CHIEF),
) -> Second | None:  # fmt: skip
    """The second person, who must have one of the duties in the session; None when none was named.

    To be called before the act's transaction. Raises what ``second_person`` and ``need_duty``
    raise.
    """
    if second is None:
        return None
    roles = frozenset(Role(duty.value) for duty in duties)
    person = await accounts.second_person(
        first=first, account=second.account, pin=second.pin, roles=roles
    )
    claims = {"roles": sorted(role.value for role in person.roles)}
    async with database.read() as session:
        duty = await need_duty(
            session, Principal(person.account_id, "staff", claims), session_id, None, duties
        )
    return Second(person.account_id, duty)

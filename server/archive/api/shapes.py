"""Shapes of holds and orders over HTTP: people with id and name."""

from pydantic import BaseModel, Field

from kernel.access import Role
from ledger.erasure import Hold
from server.archive.service.standing import Names, Standing, Told


class ReasonIn(BaseModel):
    """Why."""

    reason_text: str = Field(max_length=500)


class OrderIn(ReasonIn):
    """Who may agree: ids of members of staff, none of them who orders."""

    approvers: list[str] = Field(max_length=9)


class PersonBody(BaseModel):
    """A member of staff; who has no account any more has the id for a name."""

    account_id: str
    name: str


class HoldBody(BaseModel):
    """A hold; it stands while nobody lifted it."""

    hold_id: str
    reason_text: str
    issued_by: PersonBody
    issued_at_ms: int
    lifted_by: PersonBody | None
    lifted_at_ms: int | None


class ApproverBody(PersonBody):
    """Who may agree, and when she did."""

    agreed_at_ms: int | None


class ErasureBody(BaseModel):
    """An order; ``state`` is ordered, approved, sequenced, erased or withdrawn.

    The leaves are places in the log's tree, null until a signed checkpoint covers them; ``keys``
    were destroyed, by owner. ``complete`` means that the destruction record can be had.
    """

    erasure_id: str
    session_id: str
    reason_text: str
    ordered_by: PersonBody
    ordered_at_ms: int
    needed: int
    approvers: list[ApproverBody]
    state: str
    order_seq: int | None
    order_leaf: int | None
    erased_at_ms: int | None
    record_leaf: int | None
    keys: dict[str, int]
    complete: bool
    withdrawn_by: PersonBody | None
    withdrawn_at_ms: int | None


class FitBody(PersonBody):
    """Who can be named to agree, unless she lifted a hold that somebody else had placed."""

    roles: list[Role]
    lifted_hold: bool


class StandingBody(BaseModel):
    """Every hold, and the order that stands, or else the last that was withdrawn.

    An order names ``approvers`` people, ``needed`` of them must agree. Only a sealed session can be
    ordered.
    """

    sealed: bool
    needed: int
    approvers: int
    holds: list[HoldBody]
    erasure: ErasureBody | None
    fit: list[FitBody]


def standing_body(found: Standing) -> StandingBody:
    """The whole."""
    return StandingBody(
        sealed=found.sealed,
        needed=found.needed,
        approvers=found.approvers,
        holds=[hold_body(one, found.names) for one in found.holds],
        erasure=None if found.told is None else erasure_body(found.told),
        fit=[
            FitBody(
                account_id=one.account_id, name=one.name, roles=sorted(one.roles),
                lifted_hold=one.lifted,
            )
            for one in found.fit
        ],
    )  # fmt: skip


def hold_body(one: Hold, names: Names) -> HoldBody:
    """A hold."""
    return HoldBody(
        hold_id=one.hold_id,
        reason_text=one.reason,
        issued_by=PersonBody(account_id=one.issued_by, name=names[one.issued_by]),
        issued_at_ms=one.issued_at_ms,
        lifted_by=_person(one.lifted_by, names),
        lifted_at_ms=one.lifted_at_ms,
    )


def erasure_body(told: Told) -> ErasureBody:
    """An order."""
    one, names = told.erasure, told.names
    return ErasureBody(
        erasure_id=one.erasure_id,
        session_id=one.session_id,
        reason_text=one.reason,
        ordered_by=PersonBody(account_id=one.ordered_by, name=names[one.ordered_by]),
        ordered_at_ms=one.ordered_at_ms,
        needed=one.needed,
        approvers=[
            ApproverBody(account_id=who, name=names[who], agreed_at_ms=one.agreed.get(who))
            for who in one.approvers
        ],
        state=one.state.value,
        order_seq=one.order_seq,
        order_leaf=told.order_leaf,
        erased_at_ms=one.erased_at_ms,
        record_leaf=told.record_leaf,
        keys=one.keys,
        complete=one.complete,
        withdrawn_by=_person(one.withdrawn_by, names),
        withdrawn_at_ms=one.withdrawn_at_ms,
    )


def _person(account_id: str | None, names: Names) -> PersonBody | None:
    return None if account_id is None else PersonBody(account_id=account_id, name=names[account_id])

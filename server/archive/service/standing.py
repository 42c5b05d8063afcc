"""What stands about a session's keys, told with the names of people.

Rules kept here: the log knows people by their ids, whoever reads of them reads names; an id without
an account stands for itself; a leaf is told only when a signed checkpoint covers it.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from kernel.access import Role
from kernel.db import Database, ReadSession
from kernel.errors import Refusal
from ledger.book import Ledger
from ledger.erasure import Erasure, Hold, Orders, lifters_among
from ledger.erasure.stream import destruction_stream
from server.accounts.service import accounts_named, accounts_with
from server.sessions.tables import SessionRow

HOLDERS = (Role.OFFICER, Role.SUPERVISOR)
APPROVERS = (*HOLDERS, Role.CHIEF)
Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """An order with the names of its people and the leaves of its two records in the tree."""

    erasure: Erasure
    names: Names
    order_leaf: int | None
    record_leaf: int | None


@dataclass(frozen=True, slots=True)
class Fit:
    """Who can be named to agree; not while ``lifted``, a hold that somebody else had placed."""

    account_id: str
    name: str
    roles: frozenset[Role]
    lifted: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Every hold, the order that stands or else the last that was withdrawn, and who can decide:
    ``needed`` of ``approvers`` people.
    """

    sealed: bool
    needed: int
    approvers: int
    holds: list[Hold]
    told: Told | None
    names: Names
    fit: list[Fit]


async def names_of(session: ReadSession, ids: Iterable[str | None]) -> Names:
    """Names by id."""
    found = await accounts_named(session, [one for one in ids if one])
    return {one: found[one].name if one in found else one for one in ids if one}


async def names_in_hold(session: ReadSession, hold: Hold) -> Names:
    """Whoever has to do with it."""
    return await names_of(session, [hold.issued_by, hold.lifted_by])


async def told(session: ReadSession, ledger: Ledger, erasure: Erasure) -> Told:
    """The order as people read it."""
    people = [erasure.ordered_by, erasure.withdrawn_by, *erasure.approvers, *erasure.agreed]
    names = await names_of(session, people)
    stream = destruction_stream(erasure.session_id)
    order_leaf = await _leaf(session, ledger, stream, erasure.order_seq)
    return Told(
        erasure, names, order_leaf, await _leaf(session, ledger, stream, erasure.record_seq)
    )


async def standing_of(
    session: ReadSession, ledger: Ledger, orders: Orders, session_id: str
) -> Standing:
    """The whole, of one moment."""
    holds = await orders.holds(session, session_id)
    erasure = await orders.of_session(session, session_id)
    lifters = lifters_among(holds)
    return Standing(
        sealed=await orders.is_sealed(session, session_id),
        needed=orders.needed,
        approvers=orders.approvers,
        holds=holds,
        told=None if erasure is None else await told(session, ledger, erasure),
        names=await names_of(session, [one for h in holds for one in (h.issued_by, h.lifted_by)]),
        fit=[
            Fit(one.account_id, one.name, one.roles, one.account_id in lifters)
            for one in await accounts_with(session, APPROVERS)
        ],
    )


@asynccontextmanager
async def naming(database: Database) -> AsyncIterator[None]:
    """Refusals from inside name people, and the session, instead of ids. Outside of transactions:
    the names are read when the one that refused has ended.
    """
    try:
        yield
    except Refusal as refused:
        if not refused.params.keys() & {"by", "people", "session"}:
            raise
        async with database.read() as session:
            named = await _named(session, refused)
        raise named from refused


async def _named(session: ReadSession, refused: Refusal) -> Refusal:
    params = dict(refused.params)
    for key in params.keys() & {"by", "people"}:
        ids = str(params[key]).split(", ")
        names = await names_of(session, ids)
        params[key] = ", ".join(names[one] for one in ids if one)
    exam = await session.get(SessionRow, str(params.get("session", "")))
    if exam is not None:
        params["session"] = exam.name
    return Refusal(refused.code, refused.kind, **params)


async def _leaf(session: ReadSession, ledger: Ledger, stream: str, seq: int | None) -> int | None:
    found = None if seq is None else await ledger.tree.proof(session, stream, seq)
    return None if found is None else found.proof.index

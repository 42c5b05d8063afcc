"""The draw's acts: freeze, commit, reveal, fall back, abort.

Rules kept here: the system commits when the roster is frozen and reveals last, in the transaction
that completes the draw, so that nobody knows the seed while a reveal is still open; chief and
officer are two people; every act stands in the session's stream; whoever aborts says why, and the
next attempt names the aborted one.
"""

import msgspec

from kernel.access import Principal
from kernel.clock import Clock
from kernel.codec import canonical_json
from kernel.crypto import digest
from kernel.crypto.keyring import KeyRing
from kernel.db import Database, WriteSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger
from server.seating.rules import (
    CHIEF,
    FALLBACK,
    OFFICER,
    PARTIES,
    SYSTEM,
    VALUE_BYTES,
    Frozen,
    Proof,
    check_frozen,
    commitment,
    place,
    roster_root,
    seed_of,
)
from server.seating.service.freezing import draw_row, frozen_input, system_party, value_purpose
from server.seating.service.records import (
    DrawView,
    current_draw,
    fallback_of,
    hash_of,
    parties_of,
    proof_of,
    shares_of,
    view_of,
)
from server.seating.tables import DrawRow, PartyRow, SeatRow
from server.sessions.rules import Duty, SessionState
from server.sessions.service import (
    freeze_roster,
    locked_session,
    move_session,
    need_duty,
    need_seen,
    note,
    thaw_roster,
)

REVEAL_WINDOW_S = 1_800
DUTY_OF = {CHIEF: Duty.CHIEF, OFFICER: Duty.OFFICER}


class SeatingService:
    """Draws of this installation."""

    def __init__(self, database: Database, clock: Clock, ledger: Ledger, keyring: KeyRing) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._keyring = keyring

    async def freeze(
        self, principal: Principal, session_id: str, *, reveal_window_s: int = REVEAL_WINDOW_S
    ) -> DrawView:
        """Freezes roster, rooms and forms and makes the system's commitment.

        Raises ``draw.roster_empty``, ``draw.seats_short``, ``draw.forms_too_few``,
        ``papers.no_package``, ``sessions.roster_frozen``, ``sessions.wrong_state``.
        """
        now_ms = self._clock.now_ms()
        async with self._db.write() as tx:
            plan = await locked_session(tx, session_id)
            await need_duty(tx, principal, session_id, duties=(Duty.OFFICER,))
            if plan.state != SessionState.PLANNED:
                raise Refusal(
                    "sessions.wrong_state", Kind.CONFLICT, state=plan.state, needed="planned"
                )
            frozen = await frozen_input(tx, session_id, now_ms, now_ms + reveal_window_s * 1_000)
            check_frozen(frozen.roster, frozen.rooms, frozen.forms)
            root = roster_root(session_id, frozen.roster).hex()
            await freeze_roster(tx, session_id, root, now_ms)
            row = draw_row(self._keyring, frozen, root, principal.subject)
            tx.add(row)
            await tx.flush()
            tx.add(system_party(self._keyring, frozen.draw_id, now_ms))
            act = {
                "draw_id": row.id,
                "roster_root": root,
                "candidates": len(frozen.roster),
                "fallback": row.fallback_commitment.hex(),
                "previous": row.previous_hash,
                "by": principal.subject,
            }
            await note(tx, self._ledger, session_id, "draw_frozen", act)
            await tx.flush()
            return await view_of(tx, row, self._clock.now_ms())

    async def take_commitment(
        self, principal: Principal, session_id: str, party: str, commitment_hex: str
    ) -> DrawView:
        """Chief or officer commits. Raises ``draw.party_unknown``, ``draw.already_committed``,
        ``draw.same_person``, ``draw.value_bad``, ``draw.wrong_state``.
        """
        async with self._db.write() as tx:
            row = await self._current(tx, session_id, "open")
            await self._need_party(tx, principal, session_id, party)
            others = await parties_of(tx, row.id)
            if party in others:
                raise Refusal("draw.already_committed", Kind.CONFLICT, party=party)
            if any(other.account_id == principal.subject for other in others.values()):
                raise Refusal("draw.same_person", Kind.FORBIDDEN)
            fresh = PartyRow(
                draw_id=row.id,
                party=party,
                account_id=principal.subject,
                commitment=_value(commitment_hex),
                value_wrapped=None,
                value=None,
                committed_at_ms=self._clock.now_ms(),
                revealed_at_ms=None,
            )
            tx.add(fresh)
            if len(others) + 1 == len(PARTIES):
                row.state = "committed"
            act = {"draw_id": row.id, "party": party, "commitment": commitment_hex}
            await self._note(tx, row, "draw_committed", principal, act)
            return await view_of(tx, row, self._clock.now_ms())

    async def reveal(
        self, principal: Principal, session_id: str, party: str, value_hex: str
    ) -> DrawView:
        """Who committed reveals; the last reveal completes the draw and arranges the session.

        Raises ``draw.wrong_state``, ``draw.not_your_commitment``, ``draw.reveal_differs``,
        ``draw.already_revealed``.
        """
        value = _value(value_hex)
        async with self._db.write() as tx:
            row = await self._current(tx, session_id, "committed")
            await self._need_party(tx, principal, session_id, party)
            parties = await parties_of(tx, row.id)
            mine = parties[party]
            if mine.account_id != principal.subject:
                raise Refusal("draw.not_your_commitment", Kind.FORBIDDEN, party=party)
            if mine.value is not None:
                raise Refusal("draw.already_revealed", Kind.CONFLICT, party=party)
            if commitment(row.id, party, value) != mine.commitment:
                raise Refusal("draw.reveal_differs", Kind.CONFLICT, party=party)
            mine.value, mine.revealed_at_ms = value, self._clock.now_ms()
            act = {"draw_id": row.id, "party": party, "value": value_hex}
            await self._note(tx, row, "draw_revealed", principal, act)
            if all(one.value is not None for name, one in parties.items() if name != SYSTEM):
                await self._complete(tx, row, principal, "revealed", "")
            return await view_of(tx, row, self._clock.now_ms())

    async def fall_back(self, principal: Principal, session_id: str, reason: str) -> DrawView:
        """A reveal is missing after its time: the source fixed at the freeze takes its place.

        Raises ``draw.fallback_early``, ``draw.wrong_state``.
        """
        async with self._db.write() as tx:
            row = await self._current(tx, session_id, "committed")
            await need_duty(tx, principal, session_id, duties=(Duty.CHIEF, Duty.OFFICER))
            if self._clock.now_ms() < row.reveal_by_ms:
                raise Refusal("draw.fallback_early", Kind.CONFLICT, not_before_ms=row.reveal_by_ms)
            row.fallback_value = self._keyring.unwrap(
                row.fallback_wrapped, value_purpose(row.id, FALLBACK)
            )
            await self._complete(tx, row, principal, "fallback", reason)
            return await view_of(tx, row, self._clock.now_ms())

    async def abort(self, principal: Principal, session_id: str, reason: str) -> DrawView:
        """Ends an attempt before it completes; the roster may change again. It stays on record.

        Raises ``draw.wrong_state``, ``draw.reason_missing``.
        """
        if not reason.strip():
            raise Refusal("draw.reason_missing")
        async with self._db.write() as tx:
            row = await self._current(tx, session_id, "open", "committed")
            await need_duty(tx, principal, session_id, duties=(Duty.CHIEF, Duty.OFFICER))
            row.state, row.end_reason = "aborted", reason
            row.ended_at_ms, row.ended_by = self._clock.now_ms(), principal.subject
            await thaw_roster(tx, session_id)
            act = {"draw_id": row.id, "reason": reason, "hash": await hash_of(tx, row)}
            await self._note(tx, row, "draw_aborted", principal, act)
            return await view_of(tx, row, self._clock.now_ms())

    async def draw(self, principal: Principal, session_id: str) -> DrawView:
        """The latest attempt. Raises ``draw.none``."""
        async with self._db.read() as session:
            await need_seen(session, principal, session_id)
            return await view_of(
                session, await current_draw(session, session_id), self._clock.now_ms()
            )

    async def proof(self, principal: Principal, session_id: str) -> Proof:
        """The published draw. Raises ``draw.proof_sealed`` while seats must stay unknown."""
        view = await self.draw(principal, session_id)
        if view.state not in {"revealed", "fallback"}:
            raise Refusal("draw.wrong_state", Kind.CONFLICT, state=view.state)
        if view.proof is None:
            raise Refusal("draw.proof_sealed", Kind.CONFLICT, from_ms=view.proof_from_ms)
        return view.proof

    async def _complete(
        self, tx: WriteSession, row: DrawRow, principal: Principal, outcome: str, reason: str
    ) -> None:
        now_ms = self._clock.now_ms()
        system = (await parties_of(tx, row.id))[SYSTEM]
        if system.value_wrapped is None:
            raise RuntimeError("the system's value is missing")
        system.value = self._keyring.unwrap(system.value_wrapped, value_purpose(row.id, SYSTEM))
        system.revealed_at_ms = now_ms
        frozen = msgspec.convert(row.frozen, Frozen)
        shares = await shares_of(tx, row.id)
        row.seed = seed_of(frozen, shares, fallback_of(row))
        row.state, row.ended_at_ms = outcome, now_ms
        row.ended_by, row.end_reason = principal.subject, reason
        await tx.flush()
        for one in place(row.seed, frozen):
            facts = msgspec.structs.asdict(one)
            tx.add(SeatRow(session_id=row.session_id, draw_id=row.id, **facts))
        await move_session(tx, row.session_id, SessionState.ARRANGED)
        proof = await proof_of(tx, row)
        act = {
            "draw_id": row.id,
            "outcome": outcome,
            "seed": row.seed.hex(),
            "proof_sha256": digest.sha256(canonical_json(msgspec.to_builtins(proof))).hex(),
            "reason": reason,
        }
        await self._note(tx, row, "draw_completed", principal, act)

    async def _current(self, tx: WriteSession, session_id: str, *states: str) -> DrawRow:
        await locked_session(tx, session_id)
        row = await current_draw(tx, session_id)
        if row.state not in states:
            raise Refusal("draw.wrong_state", Kind.CONFLICT, state=row.state)
        return row

    async def _need_party(
        self, tx: WriteSession, principal: Principal, session_id: str, party: str
    ) -> None:
        if party not in DUTY_OF:
            raise Refusal("draw.party_unknown", Kind.INVALID, party=party)
        await need_duty(tx, principal, session_id, duties=(DUTY_OF[party],))

    async def _note(
        self,
        tx: WriteSession,
        row: DrawRow,
        kind: str,
        principal: Principal,
        act: dict[str, str],
    ) -> None:
        await note(tx, self._ledger, row.session_id, kind, {**act, "by": principal.subject})
        await tx.flush()


def _value(text: str) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != VALUE_BYTES or value.hex() != text:
        raise Refusal("draw.value_bad", size_bytes=VALUE_BYTES)
    return value

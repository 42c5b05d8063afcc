"""Handing in: by the candidate, by the server at the deadline, by staff.

Rules kept here: handing in twice gives the same receipt; the record is durable before the receipt
is shown; the server hands in at the deadline whatever the client does, also right after a restart;
a receipt that cannot be made undoes no hand-in and holds up no other.
"""

import logging
from dataclasses import dataclass
from typing import Any

from kernel.access import Principal
from kernel.codec import encode
from kernel.crypto.signing import device_signature_holds
from kernel.db import ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from server.checkin.service import Reason, StaffAct, record, sitting_stream
from server.papers.service import manifest_of
from server.sittings.rules.timing import SubmitKind, due, may_submit
from server.sittings.service.everybody import ended
from server.sittings.service.hall import Hall
from server.sittings.service.paper import PaperDesk
from server.sittings.service.rows import Loaded, load, locked, of_session, some

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FinalState:
    """What the candidate's device signs when it hands in."""

    epoch: int
    last_seq: int
    state_hash: bytes
    signature: bytes


def final_message(origin: str, stream_id: str, final: FinalState) -> bytes:
    """The bytes under the device's signature."""
    return encode(
        "client-final", 1, [origin, stream_id, final.epoch, final.last_seq, final.state_hash]
    )


class Submitting:
    """Hands sittings in."""

    def __init__(self, hall: Hall, papers: PaperDesk) -> None:
        self._hall = hall
        self._papers = papers

    async def submit(self, principal: Principal, final: FinalState) -> dict[str, Any]:
        """The candidate hands in. Raises ``submit.too_early``, ``submit.behind``,
        ``submit.signature``, ``sitting.paused``, ``answer.stale_epoch``.
        """
        hall = self._hall
        async with hall.database.read() as session:
            loaded = await load(session, principal.subject)
        if loaded.row.submitted_at_ms is not None:
            return await self.receipt(loaded.row.id)
        if len(final.state_hash) != 32:
            raise Refusal("submit.state_hash")
        message = final_message(hall.origin, sitting_stream(loaded.row.id), final)
        public = loaded.row.device_public or b""
        hall.check_holder(loaded, principal, final.epoch)
        if not device_signature_holds(public, message, final.signature):
            raise Refusal("submit.signature", Kind.INVALID)
        async with hall.database.write() as tx:
            loaded = await locked(tx, principal.subject)
            if loaded.row.submitted_at_ms is None:
                hall.check_holder(loaded, principal, final.epoch)
                now_ms = hall.clock.now_ms()
                may_submit(
                    now_ms, loaded.standing(now_ms),
                    earliest_submit_s=loaded.policy.earliest_submit_s,
                )  # fmt: skip
                folded = await hall.ledger.fold(tx, sitting_stream(loaded.row.id))
                acked = folded.acked(final.epoch)
                if acked < final.last_seq:
                    raise Refusal("submit.behind", Kind.CONFLICT, acked_through=acked)
                await self._write(tx, loaded, SubmitKind.SELF, final)
        hall.moved(loaded)
        return await self.receipt(loaded.row.id)

    async def hand_in_due(self, behind_ms: int = 0) -> int:
        """Hands in every sitting whose deadline passed ``behind_ms`` ago; returns how many.

        One transaction each, so one that fails holds up no other.
        """
        hall = self._hall
        now_ms = hall.clock.now_ms() - behind_ms
        async with hall.database.read() as session:
            waiting = [
                one
                for one in await some(session, await ended(session, now_ms))
                if due(now_ms, one.standing(now_ms))
            ]
        done = 0
        for one in waiting:
            try:
                done += await self._hand_in(one, behind_ms)
            except Exception:  # noqa: BLE001 - one sitting's fault must not keep the others open
                _log.exception("sitting %s could not be handed in; tried again", one.row.id)
        return done

    async def _hand_in(self, one: Loaded, behind_ms: int) -> bool:
        hall = self._hall
        async with hall.database.write() as tx:
            fresh = await locked(tx, one.row.id)
            now_ms = hall.clock.now_ms() - behind_ms
            if not due(now_ms, fresh.standing(now_ms)):
                return False
            await self._at_deadline(tx, fresh)
        await self.make_receipt(one.row.id)
        hall.moved(one)
        return True

    async def _at_deadline(self, tx: WriteSession, loaded: Loaded) -> None:
        await self._hall.ensure_running(tx, loaded)
        await self._write(tx, loaded, SubmitKind.DEADLINE, None)
        await self._hall.notify(tx, loaded, "deadline")

    async def force(
        self, tx: WriteSession, loaded: Loaded, *, by: str, second: str | None, reason: Reason
    ) -> None:
        """Staff end a sitting, within the caller's transaction. Raises ``sitting.closed``."""
        hall = self._hall
        if loaded.row.submitted_at_ms is not None:
            raise Refusal("sitting.closed", Kind.CONFLICT)
        _end_pause(loaded, hall.clock.now_ms())
        act = StaffAct(
            "forced", loaded.row.session_id, hall.clock.now_ms(), by, reason, second,
            loaded.row.room_id, loaded.row.id,
        )  # fmt: skip
        await record(hall.ledger, tx, act, in_sitting=True)
        await self._write(tx, loaded, SubmitKind.FORCED, None)
        await hall.notify(
            tx, loaded, "forced", text=reason.text, params={"reason_code": reason.code}
        )

    async def count_open(self, session: ReadSession, session_id: str) -> int:
        """Sittings of the session that were signed in and are not submitted."""
        return len([one for one in await of_session(session, session_id) if _is_open(one)])

    async def submit_open(self, principal: Principal, session_id: str, reason_text: str) -> int:
        """Hands in what is still open when the chief closes the session; returns how many.

        Whose time is up is handed in as at the deadline, so that late data may still come.
        """
        async with self._hall.database.read() as session:
            still = [one for one in await of_session(session, session_id) if _is_open(one)]
        reason = Reason("session_closed", reason_text)
        for one in still:
            async with self._hall.database.write() as tx:
                fresh = await locked(tx, one.row.id)
                now_ms = self._hall.clock.now_ms()
                if due(now_ms, fresh.standing(now_ms)):
                    await self._at_deadline(tx, fresh)
                elif fresh.row.submitted_at_ms is None:
                    await self.force(tx, fresh, by=principal.subject, second=None, reason=reason)
            await self.make_receipt(one.row.id)
            self._hall.moved(one)
        return len(still)

    async def make_receipt(self, sitting_id: str) -> bool:
        """Makes the receipt for whoever asked for none; False when it is left to ``Receipting``."""
        try:
            await self.receipt(sitting_id)
        except Exception:  # noqa: BLE001 - handed in is handed in, whatever this one lacks
            _log.exception("sitting %s has no receipt yet; a later round makes it", sitting_id)
            return False
        return True

    async def receipt(self, sitting_id: str) -> dict[str, Any]:
        """The receipt of a submitted sitting, made at first asking and stored; always the same.

        It is signed over the head that holds the submission, so it is made after that commit.
        Raises ``sitting.open``.
        """
        hall = self._hall
        async with hall.database.read() as session:
            loaded = await load(session, sitting_id)
            if loaded.row.submitted_at_ms is None:
                raise Refusal("sitting.open", Kind.CONFLICT)
            if loaded.row.receipt is not None:
                return loaded.row.receipt
            manifest = await manifest_of(session, loaded.row.session_id)
        counts = {form.form_code: form.item_count for form in manifest.forms}
        async with hall.database.write() as tx:
            fresh = await locked(tx, sitting_id)
            if fresh.row.receipt is None:
                folded = await hall.ledger.fold(tx, sitting_stream(sitting_id))
                signed = await hall.ledger.receipt(
                    tx, sitting_stream(sitting_id), at_ms=fresh.row.submitted_at_ms or 0
                )
                fresh.row.receipt = {
                    "receipt_code": signed.code,
                    "submitted_at_ms": fresh.row.submitted_at_ms,
                    "answered": len(folded.answers),
                    "item_count": counts.get(fresh.row.form_code, 0),
                    "head_hex": signed.head.hex(),
                    "frame_hex": signed.frame.hex(),
                    "signature_hex": signed.signature.hex(),
                    "kind": fresh.row.submit_kind,
                }
            return fresh.row.receipt or {}

    async def _write(
        self, tx: WriteSession, loaded: Loaded, kind: SubmitKind, final: FinalState | None
    ) -> None:
        hall, row = self._hall, loaded.row
        now_ms = hall.clock.now_ms()
        row.submitted_at_ms, row.submit_kind = now_ms, kind.value
        await tx.flush()
        folded = await hall.ledger.fold(tx, sitting_stream(row.id))
        body: dict[str, object] = {
            "kind": kind.value, "answered": len(folded.answers), "epoch": row.epoch,
            "deadline_ms": loaded.deadline_ms(now_ms),
        }  # fmt: skip
        if final is not None:
            body |= {
                "last_seq": final.last_seq, "state_hash": final.state_hash.hex(),
                "client_signature": final.signature.hex(),
            }  # fmt: skip
        await hall.write_record(tx, loaded, "submitted", body)


def _is_open(one: Loaded) -> bool:
    return one.row.first_signed_in_at_ms is not None and one.row.submitted_at_ms is None


def _end_pause(loaded: Loaded, now_ms: int) -> None:
    loaded.row.pauses = [
        [begin, now_ms if end is None else end] for begin, end in loaded.row.pauses
    ]

"""What staff do to a running sitting, as steps inside the transaction of the room that decides.

Rules kept here: every step changes the row, writes its record into all streams concerned and leaves
a notice, in one transaction; nothing here asks whether the caller may.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kernel.access import revoke_tokens
from kernel.db import WriteSession
from kernel.errors import Kind, Refusal
from server.bodies.service import SeatPlace
from server.checkin.service import Reason, StaffAct, record
from server.sittings.service.hall import Hall
from server.sittings.service.rows import Loaded


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts and why."""

    by: str
    reason: Reason
    second: str | None = None


class Interventions:
    """Steps on one locked sitting (``rows.locked`` or ``rows.ensure``)."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    async def extend(self, tx: WriteSession, loaded: Loaded, acting: Acting, extend_s: int) -> int:
        """补时. Returns the new deadline. Raises ``sitting.closed``, ``extend.bad``."""
        self._open(loaded)
        if not 0 < extend_s <= 24 * 3_600:
            raise Refusal("extend.bad", extend_s=extend_s)
        loaded.row.extensions_s = [*loaded.row.extensions_s, extend_s]
        await tx.flush()
        deadline_ms = loaded.deadline_ms(self._hall.clock.now_ms())
        detail = {"extend_s": extend_s, "deadline_ms": deadline_ms}
        await self.write(tx, loaded, "extended", acting, detail)
        await self._hall.notify(
            tx, loaded, "extended", text=acting.reason.text,
            params={**detail, "reason_code": acting.reason.code},
        )  # fmt: skip
        return deadline_ms

    async def pause(self, tx: WriteSession, loaded: Loaded, acting: Acting) -> None:
        """Stops the clock of this sitting. Raises ``sitting.closed``, ``sitting.paused``."""
        self._open(loaded)
        if loaded.paused_since_ms is not None:
            raise Refusal("sitting.paused", Kind.CONFLICT)
        now_ms = self._hall.clock.now_ms()
        if now_ms >= loaded.deadline_ms(now_ms):
            raise Refusal("sitting.closed", Kind.CONFLICT)
        loaded.row.pauses = [*loaded.row.pauses, [now_ms, None]]
        await tx.flush()
        await self.write(tx, loaded, "paused", acting, {"from_ms": now_ms})
        await self._hall.notify(tx, loaded, "paused", text=acting.reason.text)

    async def resume(self, tx: WriteSession, loaded: Loaded, acting: Acting) -> int:
        """The clock runs again; returns the new deadline. Raises ``sitting.not_paused``."""
        self._open(loaded)
        if loaded.paused_since_ms is None:
            raise Refusal("sitting.not_paused", Kind.CONFLICT)
        now_ms = self._hall.clock.now_ms()
        loaded.row.pauses = [
            [begin, now_ms if end is None else end] for begin, end in loaded.row.pauses
        ]
        await tx.flush()
        deadline_ms = loaded.deadline_ms(now_ms)
        detail = {"to_ms": now_ms, "deadline_ms": deadline_ms}
        await self.write(tx, loaded, "resumed", acting, detail)
        await self._hall.notify(tx, loaded, "resumed", params={"deadline_ms": deadline_ms})
        return deadline_ms

    async def warn(self, tx: WriteSession, loaded: Loaded, acting: Acting, text: str) -> None:
        """A reminder to the candidate, on record as the precondition of some violations."""
        self._open(loaded)
        await self.write(tx, loaded, "warned", acting, {"text": text})
        await self._hall.notify(tx, loaded, "warning", text=text)

    async def confirm_face(self, tx: WriteSession, loaded: Loaded, acting: Acting) -> None:
        """A person confirms what the machine could not. Raises ``sitting.face_passed``."""
        self._open(loaded)
        if loaded.row.face_passed:
            raise Refusal("sitting.face_passed", Kind.CONFLICT)
        loaded.row.face_passed = True
        await tx.flush()
        await self.write(tx, loaded, "face_confirmed", acting, {"tries": loaded.row.face_tries})
        await self._hall.notify(tx, loaded, "confirmed")

    async def transfer(
        self, tx: WriteSession, loaded: Loaded, acting: Acting, room_id: str, seat: SeatPlace
    ) -> None:
        """换机: the old device is cut off at once; sign-in and face match follow anew."""
        self._open(loaded)
        row = loaded.row
        detail = {
            "from_seat": row.seat_no, "from_machine": row.machine_code, "to_seat": seat.seat_no,
            "to_machine": seat.machine_code, "to_room": room_id, "fenced_epoch": row.epoch,
        }  # fmt: skip
        row.room_id, row.seat_id, row.seat_no = room_id, seat.seat_id, seat.seat_no
        row.machine_code = seat.machine_code
        row.sign_in += 1
        row.holder = 0
        row.face_passed, row.face_tries = False, 0
        await revoke_tokens(tx, subject=row.id, kind="sitting")
        await tx.flush()
        await self.write(tx, loaded, "transferred", acting, detail)
        await self._hall.notify(tx, loaded, "transferred", params={"seat_no": seat.seat_no})

    async def write(
        self, tx: WriteSession, loaded: Loaded, kind: str, acting: Acting,
        detail: Mapping[str, object],
    ) -> None:  # fmt: skip
        """The act's record in the session's, the room's and the sitting's stream."""
        act = StaffAct(
            kind, loaded.row.session_id, self._hall.clock.now_ms(), acting.by, acting.reason,
            acting.second, loaded.row.room_id, loaded.row.id, dict(detail),
        )  # fmt: skip
        await record(self._hall.ledger, tx, act, in_sitting=True)

    def _open(self, loaded: Loaded) -> None:
        if loaded.row.submitted_at_ms is not None:
            raise Refusal("sitting.closed", Kind.CONFLICT)

"""Coming to the seat: sign-in, the second face match, and the device that answers.

Rules kept here: sign-in needs the right machine, and numbers that are guessed at make that machine
wait and no candidate; a new device fences every older one; three matches
that fail call a person and lock nobody out.
"""

from dataclasses import dataclass
from typing import Any

from kernel.access import Principal, issue_token
from kernel.crypto import chance
from kernel.crypto.signing import is_device_public_key
from kernel.db import WriteSession
from kernel.errors import Kind, Refusal
from server.accounts.rules import Limit
from server.accounts.service import Counted, begin_attempt, clear_attempts
from server.bodies.service import Machine, machine_of, room_of
from server.checkin.rules import Advice, Route, hint
from server.checkin.service import admission_of, sitting_stream
from server.registration.service import candidate_signing_in
from server.sittings.ports import Observation, SeatVerdict
from server.sittings.rules.gate import Arrival, Place, check, needs_help
from server.sittings.rules.timing import Stage, stage
from server.sittings.service.hall import Hall
from server.sittings.service.rows import Loaded, ensure, load, locked


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The token of this sign-in; the device comes next."""

    token: str
    sitting_id: str
    epoch_pending: bool = True


@dataclass(frozen=True, slots=True)
class FaceResult:
    """Of the second match; ``hint_code`` names the sentence to show."""

    advice: str
    reason: str | None
    hint_code: str
    passed: bool
    tries: int


@dataclass(frozen=True, slots=True)
class Device:
    """A new device epoch and what the browser needs to check acknowledgements."""

    epoch: int
    origin: str
    stream_id: str
    server_key: bytes


class Entry:
    """Use cases at the seat before the paper."""

    def __init__(self, hall: Hall, lookup_key: bytes) -> None:
        self._hall = hall
        self._lookup_key = lookup_key

    async def sign_in(self, ticket_no: str, id_number: str, machine_token: str) -> SignedIn:
        """Raises ``gate.unknown`` (whichever number was wrong), ``gate.machine_unknown``,
        ``accounts.locked`` and what ``rules.gate.check`` raises.
        """
        hall = self._hall
        async with hall.database.read() as session:
            machine = await machine_of(session, machine_token)
        if machine is None:
            raise Refusal("gate.machine_unknown", Kind.FORBIDDEN)
        limit = Limit(hall.sign_in.seat_failures, hall.sign_in.seat_lock_s)
        attempt = Counted("seat", machine.seat_id, limit)
        await begin_attempt(hall.database, hall.clock, attempt)
        async with hall.database.write() as tx:
            candidate = await candidate_signing_in(tx, self._lookup_key, ticket_no, id_number)
            if candidate is None:
                raise Refusal("gate.unknown", Kind.FORBIDDEN)
            await clear_attempts(tx, attempt)
        refusal: Refusal | None = None
        token = ""
        async with hall.database.write() as tx:
            loaded = await ensure(tx, candidate.sitting_id)
            try:
                await self._check(tx, loaded, machine)
            except Refusal as refused:
                if refused.code != "gate.already_open":
                    raise
                # The request for a transfer must outlive the refusal, so it is raised afterwards.
                refusal = refused
                await self._request_transfer(tx, loaded, machine)
            else:
                token = await self._let_in(tx, loaded, machine)
        hall.moved(loaded)
        if refusal is not None:
            raise refusal
        hall.presence.touch(loaded.row.id, hall.clock.now_ms())
        return SignedIn(token, loaded.row.id)

    async def face(self, principal: Principal, image: bytes) -> FaceResult:
        """The second match, against the frame of the door; the machine only advises a person."""
        hall = self._hall
        async with hall.database.read() as session:
            loaded = await load(session, principal.subject)
        if loaded.row.face_passed:
            return FaceResult(
                "same", None, "verdict.same", passed=True, tries=loaded.row.face_tries
            )
        verdict = await hall.matcher.verify(
            subject_id=loaded.candidate.id, image=image, against="door", purpose="seat"
        )
        async with hall.database.write() as tx:
            loaded = await locked(tx, principal.subject)
            passed = await self._keep_verdict(tx, loaded, verdict)
            tries = loaded.row.face_tries
        hall.moved(loaded)
        reason = None if verdict.reason is None else str(verdict.reason)
        code = hint(reason or "", Advice(verdict.advice))
        return FaceResult(str(verdict.advice), reason, code, passed, tries)

    async def device(self, principal: Principal, public_key: bytes) -> Device:
        """A key made in this browser answers from now on; older devices are fenced.

        Raises ``device.bad_key``, ``gate.face_open``, ``gate.finished``, ``answer.stale_epoch`` for
        a sign-in that a newer one has replaced.
        """
        if not is_device_public_key(public_key):
            raise Refusal("device.bad_key")
        hall = self._hall
        async with hall.database.write() as tx:
            loaded = await locked(tx, principal.subject)
            row = loaded.row
            if principal.claims.get("sign_in") != row.sign_in:
                raise Refusal("answer.stale_epoch", Kind.CONFLICT, epoch=row.epoch)
            if row.submitted_at_ms is not None:
                raise Refusal("gate.finished", Kind.CONFLICT)
            if not row.face_passed:
                raise Refusal("gate.face_open", Kind.FORBIDDEN)
            row.epoch += 1
            row.holder = row.sign_in
            row.device_public = public_key
            await tx.flush()
            await hall.ledger.add_device(
                tx, sitting_stream(row.id), epoch=row.epoch, public_key=public_key
            )
        hall.presence.touch(row.id, hall.clock.now_ms())
        hall.moved(loaded)
        return Device(row.epoch, hall.origin, sitting_stream(row.id), hall.ledger.server_public)

    async def _check(self, tx: WriteSession, loaded: Loaded, machine: Machine) -> None:
        now_ms = self._hall.clock.now_ms()
        row = loaded.row
        admission = await admission_of(tx, row.id)
        room = await room_of(tx, row.room_id)
        answering = stage(now_ms, loaded.standing(now_ms)) in (Stage.ANSWERING, Stage.PAUSED)
        check(
            Arrival(
                at_ms=now_ms, machine_room_id=machine.room_id, machine_code=machine.machine_code,
                admitted=admission is not None,
                late_override=admission is not None and admission.late_override,
                signed_in_before=row.first_signed_in_at_ms is not None,
                finished=row.submitted_at_ms is not None, answering_elsewhere=answering,
            ),
            Place(room.name, row.seat_no, row.machine_code, row.room_id),
            late_after_ms=loaded.exam.starts_at_ms + loaded.policy.late_limit_s * 1_000,
        )  # fmt: skip

    async def _let_in(self, tx: WriteSession, loaded: Loaded, machine: Machine) -> str:
        hall, row = self._hall, loaded.row
        now_ms = hall.clock.now_ms()
        admission = await admission_of(tx, row.id)
        if admission is not None and admission.route is Route.MANUAL:
            row.face_passed = True
        row.sign_in += 1
        row.first_signed_in_at_ms = row.first_signed_in_at_ms or now_ms
        await tx.flush()
        await hall.write_record(
            tx, loaded, "signed_in",
            {"sign_in": row.sign_in, "machine": machine.machine_code, "seat_no": row.seat_no},
        )  # fmt: skip
        return await issue_token(
            tx, hall.clock, subject=row.id, kind="sitting",
            claims={
                "session_id": row.session_id, "sign_in": row.sign_in,
                "nonce": chance.token_text(8),
            },
            valid_s=hall.sign_in.token_s,
        )  # fmt: skip

    async def _request_transfer(self, tx: WriteSession, loaded: Loaded, machine: Machine) -> None:
        detail: dict[str, Any] = {
            "room_id": machine.room_id, "seat_id": machine.seat_id, "seat_no": machine.seat_no,
        }  # fmt: skip
        await self._hall.incidents.report(
            tx,
            Observation(
                loaded.row.id, "transfer", "amber", self._hall.clock.now_ms(), detail=detail
            ),
        )

    async def _keep_verdict(self, tx: WriteSession, loaded: Loaded, verdict: SeatVerdict) -> bool:
        hall, row = self._hall, loaded.row
        passed = str(verdict.advice) == Advice.SAME.value
        row.face_passed = row.face_passed or passed
        row.face_tries += 0 if passed else 1
        await tx.flush()
        help_needed = not row.face_passed and needs_help(row.face_tries)
        if help_needed:
            await hall.before_case(tx, loaded)
        reason = None if verdict.reason is None else str(verdict.reason)
        await hall.write_record(
            tx, loaded, "seat_matched",
            {
                "match_id": verdict.match_id, "advice": str(verdict.advice), "reason": reason,
                "score": verdict.score, "threshold": verdict.threshold, "model": verdict.model,
                "frame_sha256": verdict.frame_sha256, "tries": row.face_tries,
            },
        )  # fmt: skip
        if help_needed:
            await hall.incidents.report(
                tx,
                Observation(
                    row.id, "seat_face", "red", hall.clock.now_ms(), score=verdict.score,
                    threshold=verdict.threshold, detail={"match_id": verdict.match_id},
                ),
            )  # fmt: skip
        return row.face_passed

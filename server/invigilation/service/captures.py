"""Captures and recordings: judged by the proctor, indexed here, hashed into the camera's stream.

Rules kept here: the proctor answers outside our transactions; a repeated capture or segment is
recorded once; an episode becomes a case for a person and nothing else; the candidate is told when
to send the next capture and never what was seen.
"""

from collections.abc import Mapping

from sqlalchemy import select

from kernel.access import Principal
from kernel.crypto import chance
from kernel.db import WriteSession
from kernel.errors import Kind, Refusal
from ledger.book import Act
from server.checkin.rules import Route
from server.checkin.service import admission_of, camera_stream
from server.invigilation.ports import CaptureResult, Proctor
from server.invigilation.rules import EPISODES
from server.invigilation.service.incidents import CaptureFacts, IncidentBook
from server.invigilation.tables import CaptureRow, SegmentRow
from server.sittings.ports import Observation
from server.sittings.rules.timing import Stage, stage
from server.sittings.service import Hall, Loaded, load, locked

TAKING = frozenset({Stage.WAITING, Stage.ANSWERING, Stage.PAUSED, Stage.READY})
# Pictures queued during an outage come later; a recording's last piece comes after hand-in.
GRACE_S = 1_800


class Captures:
    """The candidate's camera."""

    def __init__(self, hall: Hall, book: IncidentBook, proctor: Proctor) -> None:
        self._hall = hall
        self._book = book
        self._proctor = proctor

    async def capture(self, principal: Principal, image: bytes, taken_at_ms: int) -> int:
        """Takes a capture; returns the seconds until the next one. Raises ``capture.not_now``."""
        hall = self._hall
        loaded = await self._taking(principal)
        policy = loaded.policy
        now_ms = hall.clock.now_ms()
        if not loaded.exam.starts_at_ms - 24 * 3_600_000 <= taken_at_ms <= now_ms + 60_000:
            raise Refusal("capture.time", taken_at_ms=taken_at_ms, now_ms=now_ms)
        if not await self._face_agreed(loaded.row.id):
            return chance.between(policy.capture_min_s, policy.capture_max_s)
        result = await self._proctor.capture(
            sitting_id=loaded.row.id, subject_id=loaded.candidate.id, image=image,
            taken_at_ms=taken_at_ms, window=policy.alert_window, misses=policy.alert_misses,
        )  # fmt: skip
        async with hall.database.write() as tx:
            await self._keep(tx, await locked(tx, loaded.row.id), result, now_ms)
        hall.moved(loaded)
        return chance.between(policy.capture_min_s, policy.capture_max_s)

    async def segment(
        self, principal: Principal, *, index: int, t0_ms: int, t1_ms: int, sha256: str,
        data: bytes,
    ) -> int:  # fmt: skip
        """Takes a recording segment; durable when it returns. Returns its index."""
        hall = self._hall
        loaded = await self._taking(principal)
        stored = await self._proctor.add_segment(
            sitting_id=loaded.row.id, index=index, t0_ms=t0_ms, t1_ms=t1_ms, sha256=sha256,
            data=data,
        )  # fmt: skip
        async with hall.database.write() as tx:
            loaded = await locked(tx, loaded.row.id)
            if await tx.get(SegmentRow, (loaded.row.id, index)) is None:
                now_ms = hall.clock.now_ms()
                facts = {"index": index, "t0_ms": t0_ms, "t1_ms": t1_ms, "sha256": stored.sha256}
                tx.add(SegmentRow(sitting_id=loaded.row.id, received_at_ms=now_ms, **facts))
                await tx.flush()
                await self._write(tx, loaded, "segment", {**facts, "at_ms": now_ms})
        return stored.index

    async def image(self, capture: CaptureRow) -> bytes:
        """The picture of a capture."""
        return await self._proctor.frame(capture.frame_blob)

    async def _face_agreed(self, sitting_id: str) -> bool:
        """Who took the manual route never agreed to face matching: nothing is matched or kept."""
        async with self._hall.database.read() as session:
            admission = await admission_of(session, sitting_id)
        return admission is not None and admission.route is Route.FACE

    async def _taking(self, principal: Principal) -> Loaded:
        hall = self._hall
        now_ms = hall.clock.now_ms()
        async with hall.database.read() as session:
            loaded = await load(session, principal.subject)
        hall.heard(loaded, principal)
        ended_ms = loaded.row.submitted_at_ms or loaded.deadline_ms(now_ms)
        in_grace = now_ms < ended_ms + GRACE_S * 1_000
        here = stage(now_ms, loaded.standing(now_ms))
        if not loaded.row.face_passed or (here not in TAKING and not in_grace):
            raise Refusal("capture.not_now", Kind.CONFLICT, stage=here.value)
        return loaded

    async def _keep(
        self, tx: WriteSession, loaded: Loaded, result: CaptureResult, now_ms: int
    ) -> None:
        verdict = result.verdict
        await self._report(tx, loaded, result, now_ms)  # before the camera's head, the session's
        known = await tx.execute(select(CaptureRow.id).where(CaptureRow.id == verdict.match_id))
        if known.first() is None:
            tx.add(
                CaptureRow(
                    id=verdict.match_id, sitting_id=loaded.row.id,
                    taken_at_ms=verdict.taken_at_ms, received_at_ms=now_ms,
                    outcome=str(verdict.advice), score=verdict.score, threshold=verdict.threshold,
                    faces=verdict.faces, frame_blob=verdict.frame_blob,
                    frame_sha256=verdict.frame_sha256,
                )
            )  # fmt: skip
            await tx.flush()
            body = {
                "at_ms": now_ms, "taken_at_ms": verdict.taken_at_ms,
                "capture_id": verdict.match_id, "frame_sha256": verdict.frame_sha256,
                "outcome": str(verdict.advice), "score": verdict.score,
                "threshold": verdict.threshold, "faces": verdict.faces, "model": verdict.model,
            }  # fmt: skip
            await self._write(tx, loaded, "capture", body)

    async def _report(
        self, tx: WriteSession, loaded: Loaded, result: CaptureResult, now_ms: int
    ) -> None:
        episode, verdict = result.episode, result.verdict
        missed = str(verdict.advice) != "ok"
        if not episode.episode_id or not missed or episode.kind not in EPISODES:
            return
        kind, severity = EPISODES[episode.kind]
        await self._book.add(
            tx,
            Observation(
                loaded.row.id, kind.value, severity.value, now_ms, score=verdict.score,
                threshold=verdict.threshold, name=verdict.match_id,
            ),
            CaptureFacts(verdict.match_id, episode.episode_id),
        )  # fmt: skip

    async def _write(
        self, tx: WriteSession, loaded: Loaded, kind: str, body: Mapping[str, object]
    ) -> None:
        act = Act(kind, dict(body), epoch=loaded.row.epoch)
        await self._hall.ledger.append(tx, camera_stream(loaded.row.id), [act])

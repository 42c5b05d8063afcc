"""Computing stored comparisons again, from the sealed pictures and the recorded thresholds.

Rules kept here: a replay writes nothing; it makes templates anew from the pictures, so it works
after the templates are gone; what cannot be computed any more is said, not skipped.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from kernel.errors import Kind, Refusal
from proctor import rules
from proctor.rules import Limits, Thresholds
from proctor.service.desk import Against, Desk
from proctor.service.vault import DataClass
from proctor.tables import MatchRow, ReferenceRow

SCORE_TOLERANCE = 1e-4


class Outcome(StrEnum):
    """How a replay ended."""

    EQUAL = "equal"
    DIFFERS = "differs"
    ERASED = "erased"
    OTHER_MODEL = "other_model"
    NO_FRAME = "no_frame"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A comparison computed again: the stored and the new score and outcome."""

    match_id: str
    purpose: str
    result: Outcome
    stored_score: float | None
    score: float | None
    stored_outcome: str
    outcome: str


class Replay(Desk):
    """The use case behind ``gongyuan face replay``."""

    async def match_ids(self, *, session_id: str) -> list[str]:
        """Every comparison of the session, oldest first."""
        async with self._db.read() as tx:
            query = (
                select(MatchRow.id)
                .where(MatchRow.session_id == session_id)
                .order_by(MatchRow.received_at_ms, MatchRow.id)
            )
            return list(await tx.scalars(query))

    async def replay(self, *, match_id: str) -> Replayed:
        """Computes one comparison again. Raises ``proctor.match_unknown``, ``proctor.damaged``."""
        async with self._db.read() as tx:
            row = await tx.get(MatchRow, match_id)
            if row is None:
                raise Refusal("proctor.match_unknown", Kind.NOT_FOUND, match_id=match_id)
            against = await tx.get(ReferenceRow, row.reference_id) if row.reference_id else None
        if row.frame_blob is None:
            return _ended(row, Outcome.NO_FRAME)
        if row.model != self._pool.model:
            return _ended(row, Outcome.OTHER_MODEL)
        if row.erased_at_ms is not None or (against and against.erased_at_ms is not None):
            return _ended(row, Outcome.ERASED)
        known = (await self._template(against),) if against else ()
        image = await self._vault.fetch(row.subject_id, DataClass.SNAPSHOT, row.frame_blob)
        sight = await self._pool.look(image, known)
        limits = Limits(row.sharpness_min, row.brightness_min, row.face_min_px)
        thresholds = Thresholds(row.accept, row.review, row.accept)
        judge = rules.judge_capture if row.purpose == "capture" else rules.advise
        judgement = judge(sight, thresholds, limits)
        same = judgement.outcome == row.outcome and judgement.reason == row.reason
        return Replayed(
            row.id, row.purpose,
            Outcome.EQUAL if same and _near(row.score, judgement.score) else Outcome.DIFFERS,
            row.score, judgement.score, row.outcome, judgement.outcome.value,
        )  # fmt: skip

    async def _template(self, reference: ReferenceRow) -> bytes:
        """The reference's template from its picture, as enrolment made it."""
        picture = await self._vault.fetch(
            reference.subject_id, DataClass(reference.data_class), reference.blob
        )
        known: tuple[bytes, ...] = ()
        if reference.kind == Against.DOOR:
            known = (await self._template(await self._portrait_before(reference)),)
        face = (await self._pool.look(picture, known, keep_templates=True)).best()
        if face is None:
            raise Refusal("proctor.damaged", Kind.CONFLICT, name=reference.blob)
        return face.template

    async def _portrait_before(self, door: ReferenceRow) -> ReferenceRow:
        async with self._db.read() as tx:
            query = (
                select(ReferenceRow)
                .where(
                    ReferenceRow.subject_id == door.subject_id,
                    ReferenceRow.kind == Against.PORTRAIT,
                    ReferenceRow.enrolled_at_ms <= door.enrolled_at_ms,
                )
                .order_by(ReferenceRow.enrolled_at_ms.desc(), ReferenceRow.id.desc())
            )
            row = (await tx.scalars(query)).first()
        if row is None:
            raise Refusal("face.not_enrolled", Kind.NOT_FOUND, subject_id=door.subject_id)
        return row


def _near(stored: float | None, score: float | None) -> bool:
    if stored is None or score is None:
        return stored is score
    return abs(stored - score) <= SCORE_TOLERANCE


def _ended(row: MatchRow, result: Outcome) -> Replayed:
    return Replayed(row.id, row.purpose, result, row.score, None, row.outcome, "")

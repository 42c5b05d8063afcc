"""One frame against one person: every comparison is stored with all that it rests on.

Rules kept here: the frame is sealed and durable before the comparison is recorded; thresholds,
limits, model and the reference stand in the record, so ``replay`` needs nothing else.
"""

from dataclasses import dataclass

from sqlalchemy import select

from kernel.errors import Kind, Refusal
from kernel.ids import mint
from proctor import rules
from proctor.rules import Judgement, Thresholds
from proctor.service.desk import Against, Desk, Reference
from proctor.service.vault import DataClass, Stored
from proctor.sight import Sight
from proctor.tables import MatchRow


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer about one frame. ``advice`` is advice, for a person who decides.

    At the gate it is same, review, different or unusable; for a capture it is the capture's state.
    ``threshold`` is the similarity that stands for "same" here. Hashes are SHA-256:
    ``frame_sha256`` of the picture, ``stored_sha256`` of the sealed blob. No frame: empty blob name
    and hashes.
    """

    match_id: str
    advice: str
    reason: str | None
    score: float | None
    threshold: float
    faces: int
    model: str
    against: str | None
    sharpness: float | None
    frozen: bool
    frame_sha256: str
    stored_sha256: str
    frame_blob: str
    taken_at_ms: int


class Matching(Desk):
    """Use cases of matching."""

    async def verify(
        self, *, subject_id: str, image: bytes, against: str = "portrait", purpose: str = "door",
        taken_at_ms: int | None = None, accept: float | None = None, review: float | None = None,
    ) -> Verdict:  # fmt: skip
        """Compares the frame with the portrait, or with the door frame.

        ``accept`` and ``review`` replace the settings' thresholds (a session's policy). Raises
        ``face.not_enrolled``, ``face.template_erased``, ``face.other_model``, ``proctor.busy`` and
        what ``FacePool.look`` raises.
        """
        references = await self._references(subject_id, Against(against))
        thresholds = self._thresholds(accept, review)
        sight = await self._pool.look(image, tuple(r.template for r in references))
        judgement = rules.advise(sight, thresholds, self._limits())
        frame = await self._keep_frame(subject_id, image)
        row = self._row(
            subject_id, references, thresholds, sight, judgement, frame, purpose=purpose,
            sitting_id=None, taken_at_ms=taken_at_ms,
        )  # fmt: skip
        async with self._db.write() as tx:
            tx.add(row)
        return verdict_of(row)

    async def match(self, *, match_id: str) -> Verdict:
        """A stored comparison. Raises ``proctor.match_unknown``."""
        async with self._db.read() as tx:
            row = await tx.get(MatchRow, match_id)
        if row is None:
            raise Refusal("proctor.match_unknown", Kind.NOT_FOUND, match_id=match_id)
        return verdict_of(row)

    async def frame(self, blob: str) -> bytes:
        """The picture behind a verdict's ``frame_blob``.

        Raises ``proctor.frame_unknown``, ``proctor.erased``, ``proctor.damaged``.
        """
        async with self._db.read() as tx:
            query = select(MatchRow).where(MatchRow.frame_blob == blob)
            row = (await tx.execute(query)).scalars().first()
        if row is None:
            raise Refusal("proctor.frame_unknown", Kind.NOT_FOUND, blob=blob)
        if row.erased_at_ms is not None:
            raise Refusal("proctor.erased", Kind.NOT_FOUND, data_class=DataClass.SNAPSHOT.value)
        return await self._vault.fetch(row.subject_id, DataClass.SNAPSHOT, blob)

    async def thumbnail(self, *, image: bytes, side_px: int = 320) -> bytes:
        """A small JPEG of any picture; stores nothing."""
        return await self._pool.thumbnail(image, side_px)

    def _thresholds(self, accept: float | None, review: float | None) -> Thresholds:
        default = self._pool.thresholds
        return Thresholds(
            default.accept if accept is None else accept,
            default.review if review is None else review,
            default.same_person,
        )

    async def _keep_frame(self, subject_id: str, image: bytes) -> Stored:
        name = f"proctor/frame/{mint('frame')}"
        return await self._vault.store(subject_id, DataClass.SNAPSHOT, name, image)

    def _row(
        self, subject_id: str, references: list[Reference], thresholds: Thresholds,
        sight: Sight | None, judgement: Judgement, frame: Stored | None, *, purpose: str,
        sitting_id: str | None, taken_at_ms: int | None, frozen: bool = False,
    ) -> MatchRow:  # fmt: skip
        now_ms = self._clock.now_ms()
        face = sight.best() if sight else None
        used = references[face.scores.index(face.score)] if face and face.scores else None
        limits = self._limits()
        is_capture = purpose == "capture"
        return MatchRow(
            id=mint("match"), session_id=references[0].session_id, subject_id=subject_id,
            sitting_id=sitting_id, purpose=purpose, against=used.kind if used else None,
            reference_id=used.id if used else None, model=self._pool.model,
            accept=thresholds.same_person if is_capture else thresholds.accept,
            review=thresholds.review, sharpness_min=limits.sharpness,
            brightness_min=limits.brightness, face_min_px=limits.face_px, score=judgement.score,
            faces=len(sight.faces) if sight else 0, outcome=judgement.outcome,
            reason=judgement.reason, sharpness=face.sharpness if face else None,
            brightness=face.brightness if face else (sight.brightness if sight else None),
            frozen=frozen, luma=sight.luma if sight else None,
            frame_blob=frame.name if frame else None,
            frame_sha256=frame.sha256 if frame else None,
            stored_sha256=frame.stored_sha256 if frame else None,
            stored_bytes=frame.stored_bytes if frame else 0,
            taken_at_ms=now_ms if taken_at_ms is None else taken_at_ms, received_at_ms=now_ms,
            case_id=None, erased_at_ms=None,
        )  # fmt: skip


def verdict_of(row: MatchRow) -> Verdict:
    """A stored comparison as the server gets it."""
    return Verdict(
        match_id=row.id, advice=str(row.outcome), reason=str(row.reason) if row.reason else None,
        score=row.score, threshold=row.accept, faces=row.faces, model=row.model,
        against=str(row.against) if row.against else None, sharpness=row.sharpness,
        frozen=row.frozen, frame_sha256=row.frame_sha256 or "",
        stored_sha256=row.stored_sha256 or "", frame_blob=row.frame_blob or "",
        taken_at_ms=row.taken_at_ms,
    )  # fmt: skip

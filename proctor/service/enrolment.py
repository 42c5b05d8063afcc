"""Portraits and door frames: the pictures that others are compared with.

Rules kept here: a portrait shows exactly one usable face or is refused with the reason as its code;
the picture is sealed apart from its template; a new reference replaces the old one, which stays on
file as replaced so that old comparisons can still be computed again.
"""

from dataclasses import dataclass

from sqlalchemy import select, update

from kernel.crypto import digest
from kernel.db import WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from proctor import rules
from proctor.service.desk import Against, Desk
from proctor.service.vault import DataClass, Stored
from proctor.sight import SeenFace, Sight
from proctor.tables import MatchRow, ReferenceRow, TemplateRow


@dataclass(frozen=True, slots=True)
class PortraitReport:
    """What was found in a portrait: ``code`` is None when it can be enrolled (``face.no_face``
    ...).
    """

    code: str | None
    faces: int
    width: int
    height: int
    face_height_px: int
    sharpness: float
    brightness: float
    model: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A portrait on file."""

    reference_id: str
    subject_id: str
    report: PortraitReport
    picture: Stored


class Enrolment(Desk):
    """Use cases of enrolment."""

    async def inspect_portrait(self, *, image: bytes) -> PortraitReport:
        """The quality of a portrait; stores nothing. For an import's dry run and its row errors."""
        return self._report(await self._pool.look(image))

    async def enrol_portrait(
        self, *, subject_id: str, image: bytes, session_id: str = ""
    ) -> Enrolled:
        """Puts the portrait on file. Templates are erased by ``session_id``.

        Raises ``face.no_face``, ``face.several_faces``, ``face.blurred``, ``face.dark``,
        ``face.too_small`` and what ``FacePool.look`` raises.
        """
        sight = await self._pool.look(image, keep_templates=True)
        report = self._report(sight)
        if report.code is not None:
            raise Refusal(report.code, subject_id=subject_id)
        name = f"proctor/portrait/{mint('portrait')}"
        stored = await self._vault.store(subject_id, DataClass.PORTRAIT, name, image)
        async with self._db.write() as tx:
            reference_id = await self._put(
                tx, session_id=session_id, subject_id=subject_id, kind=Against.PORTRAIT,
                data_class=DataClass.PORTRAIT, picture=stored, face=sight.faces[0],
            )  # fmt: skip
        return Enrolled(reference_id, subject_id, report, stored)

    async def set_door_frame(self, *, subject_id: str, match_id: str) -> None:
        """Makes the frame that was confirmed at the door the door reference.

        Of several faces the one that fits the portrait is taken. Raises ``proctor.match_unknown``,
        ``face.no_face``, ``face.not_enrolled`` and what ``FacePool.look`` raises.
        """
        async with self._db.read() as tx:
            match = await tx.get(MatchRow, match_id)
        if match is None or match.subject_id != subject_id or match.frame_blob is None:
            raise Refusal("proctor.match_unknown", Kind.NOT_FOUND, match_id=match_id)
        image = await self._vault.fetch(subject_id, DataClass.SNAPSHOT, match.frame_blob)
        portrait = await self._references(subject_id, Against.PORTRAIT)
        known = tuple(reference.template for reference in portrait)
        face = (await self._pool.look(image, known, keep_templates=True)).best()
        if face is None:
            raise Refusal("face.no_face", subject_id=subject_id)
        picture = Stored(
            match.frame_blob,
            digest.sha256(image).hex(),
            match.stored_sha256 or "",
            match.stored_bytes,
        )
        async with self._db.write() as tx:
            await self._put(
                tx, session_id=match.session_id, subject_id=subject_id, kind=Against.DOOR,
                data_class=DataClass.SNAPSHOT, picture=picture, face=face,
            )  # fmt: skip

    async def portrait(self, *, subject_id: str) -> bytes:
        """The portrait on file (JPEG or PNG). Raises ``face.not_enrolled``, ``proctor.erased``."""
        async with self._db.read() as tx:
            blob = await tx.scalar(
                select(ReferenceRow.blob).where(
                    ReferenceRow.subject_id == subject_id,
                    ReferenceRow.kind == Against.PORTRAIT,
                    ReferenceRow.replaced_at_ms.is_(None),
                )
            )
        if blob is None:
            raise Refusal("face.not_enrolled", Kind.NOT_FOUND, subject_id=subject_id)
        return await self._vault.fetch(subject_id, DataClass.PORTRAIT, blob)

    def _report(self, sight: Sight) -> PortraitReport:
        face = sight.faces[0] if sight.faces else None
        limits = rules.Limits(
            self._face.sharpness_min, self._face.brightness_min, self._face.portrait_face_min_px
        )
        fault = rules.portrait_fault(sight, limits)
        return PortraitReport(
            code=f"face.{fault}" if fault else None, faces=len(sight.faces), width=sight.width,
            height=sight.height, face_height_px=face.height if face else 0,
            sharpness=face.sharpness if face else 0.0,
            brightness=face.brightness if face else sight.brightness, model=self._pool.model,
        )  # fmt: skip

    async def _put(
        self, tx: WriteSession, *, session_id: str, subject_id: str, kind: Against,
        data_class: DataClass, picture: Stored, face: SeenFace,
    ) -> str:  # fmt: skip
        now_ms = self._clock.now_ms()
        await tx.execute(
            update(ReferenceRow)
            .where(
                ReferenceRow.subject_id == subject_id,
                ReferenceRow.kind == kind,
                ReferenceRow.replaced_at_ms.is_(None),
            )
            .values(replaced_at_ms=now_ms)
        )
        reference_id = mint("ref")
        tx.add(
            ReferenceRow(
                id=reference_id,
                session_id=session_id,
                subject_id=subject_id,
                kind=kind,
                data_class=data_class,
                blob=picture.name,
                picture_sha256=picture.sha256,
                stored_sha256=picture.stored_sha256,
                stored_bytes=picture.stored_bytes,
                enrolled_at_ms=now_ms,
                replaced_at_ms=None,
                erased_at_ms=None,
            )
        )
        sealed = await self._vault.seal_template(tx, reference_id, face.template)
        tx.add(
            TemplateRow(
                reference_id=reference_id,
                session_id=session_id,
                model=self._pool.model,
                sealed=sealed,
                made_at_ms=now_ms,
            )
        )
        return reference_id

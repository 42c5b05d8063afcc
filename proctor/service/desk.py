"""What every use case works with: database, vault, clock, settings, pool; and its small reads."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.crypto.keyring import KeyRing
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal
from kernel.settings import Settings
from proctor.pool import FacePool
from proctor.rules import Limits
from proctor.service.vault import Vault
from proctor.tables import ReferenceRow, TemplateRow


class Against(StrEnum):
    """Which picture on file a frame is compared with."""

    PORTRAIT = "portrait"
    DOOR = "door"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference with its template opened, for the time of one comparison."""

    id: str
    session_id: str
    kind: Against
    template: bytes


class Desk:
    """Base of the use cases."""

    def __init__(
        self, database: Database, blobs: BlobStore, keyring: KeyRing, clock: Clock,
        settings: Settings, pool: FacePool,
    ) -> None:  # fmt: skip
        self._db = database
        self._clock = clock
        self._face = settings.face
        self._exam = settings.exam
        self._pool = pool
        self._vault = Vault(database, blobs, keyring, clock)

    def _limits(self) -> Limits:
        face = self._face
        return Limits(face.sharpness_min, face.brightness_min, face.face_min_px)

    async def _references(self, subject_id: str, *kinds: Against) -> list[Reference]:
        """The subject's current references of these kinds.

        Raises ``face.not_enrolled``, ``face.template_erased``, ``face.other_model``.
        """
        async with self._db.read() as tx:
            rows = (
                await tx.execute(
                    select(ReferenceRow, TemplateRow)
                    .outerjoin(TemplateRow, TemplateRow.reference_id == ReferenceRow.id)
                    .where(
                        ReferenceRow.subject_id == subject_id,
                        ReferenceRow.kind.in_(kinds),
                        ReferenceRow.replaced_at_ms.is_(None),
                    )
                    .order_by(ReferenceRow.kind)
                )
            ).all()
            if not rows:
                raise Refusal("face.not_enrolled", Kind.NOT_FOUND, subject_id=subject_id)
            return [await self._opened(tx, row, template) for row, template in rows]

    async def _opened(
        self, tx: ReadSession, row: ReferenceRow, template: TemplateRow | None
    ) -> Reference:
        if template is None:
            raise Refusal("face.template_erased", Kind.CONFLICT, subject_id=row.subject_id)
        if template.model != self._pool.model:
            raise Refusal("face.other_model", Kind.CONFLICT, model=template.model)
        vector = await self._vault.open_template(tx, row.id, template.sealed)
        return Reference(row.id, row.session_id, Against(row.kind), vector)

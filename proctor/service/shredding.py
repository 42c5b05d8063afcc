"""Destroying the keys of pictures and recordings, in the caller's transaction."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, delete, or_, select

from kernel.db import ReadSession, WriteSession
from proctor.tables import KeyRow, ReferenceRow


class Shredding:
    """Keys by their owners: candidates, sittings, and the references of a session."""

    shredded_tables: Sequence[str] = (KeyRow.__tablename__,)

    async def keys_of(
        self, session: ReadSession, session_id: str, owner_ids: Collection[str]
    ) -> list[bytes]:
        """The wrapped keys that ``destroy_keys`` deletes."""
        return list(
            await session.scalars(select(KeyRow.wrapped).where(_mine(session_id, owner_ids)))
        )

    async def destroy_keys(
        self, tx: WriteSession, session_id: str, owner_ids: Collection[str]
    ) -> None:
        """What they sealed can never be read again, from whatever copy."""
        await tx.execute(delete(KeyRow).where(_mine(session_id, owner_ids)))


def _mine(session_id: str, owner_ids: Collection[str]) -> ColumnElement[bool]:
    references = select(ReferenceRow.id).where(ReferenceRow.session_id == session_id)
    return or_(KeyRow.owner_id.in_(list(owner_ids)), KeyRow.owner_id.in_(references))

"""Whether a published list is still the one that two people published.

Rules kept here: the log says which lists were published, by hash; rows that come to another hash,
or that the log knows nothing of, are not shown, not corrected and not archived.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import NoReturn

from sqlalchemy import select

from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger
from server.results.rules.lines import lines_hash
from server.results.service.listing import line_of
from server.results.tables import PublicationRow, ResultRow
from server.sessions.service import session_stream


async def need_newest_as_published(
    session: ReadSession, ledger: Ledger, publication: PublicationRow, rows: Sequence[ResultRow]
) -> None:
    """Raises ``results.list_differs``."""
    said = await _said(session, ledger, publication.session_id)
    if said is not None and _found(publication, rows) != (said[-1] if said else None):
        _differs(publication.version)


async def need_all_as_published(session: ReadSession, ledger: Ledger, session_id: str) -> None:
    """Every version of the session's list. Raises ``results.list_differs``."""
    said = await _said(session, ledger, session_id)
    kept = await session.scalars(
        select(PublicationRow)
        .where(PublicationRow.session_id == session_id)
        .order_by(PublicationRow.version)
    )
    for version, (publication, wanted) in enumerate(zip_longest(kept.all(), said or ()), 1):
        if said is None:
            return
        if publication is None:
            _differs(version)
        rows = await session.scalars(
            select(ResultRow).where(ResultRow.publication_id == publication.id)
        )
        if _found(publication, rows.all()) != wanted:
            _differs(version)


_Said = tuple[str, int, str]
"""Publication, version, hash of the list in hex."""


async def _said(session: ReadSession, ledger: Ledger, session_id: str) -> list[_Said] | None:
    """What the log says, in its order; None once its key is destroyed."""
    try:
        records = await ledger.read(session, session_stream(session_id))
    except Refusal as refused:
        if refused.code != "ledger.key_missing":
            raise
        return None
    bodies = [one.body for one in records if one.kind == "results_published"]
    return [(one["publication_id"], one["version"], one["list_hash"]) for one in bodies]


def _found(publication: PublicationRow, rows: Sequence[ResultRow]) -> _Said:
    lines = [line_of(row) for row in rows]
    found = lines_hash(publication.session_id, publication.totals_hash, lines).hex()
    return publication.id, publication.version, found


def _differs(version: int) -> NoReturn:
    raise Refusal("results.list_differs", Kind.CONFLICT, version=version)

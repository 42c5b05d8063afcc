"""Take bundles in, show papers, mark answers at once.

Rules kept here: a bundle enters only under a trusted signature; a key leaves only with a marked
answer.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec
from sqlalchemy import delete, select

from kernel.codec import canonical_json
from kernel.crypto import digest
from kernel.crypto.signing import server_signature_holds
from kernel.db import Database
from kernel.errors import Kind, Refusal
from paper.bundle import ReleasedPaper, read_bundle
from paper.items import FormItem
from paper.responses import parse_response
from paper.scoring import Key, score_item
from practice.tables import PaperRow


class Marked(msgspec.Struct, frozen=True):
    """One item's result. ``mark`` is None for a text answer, which the reader compares himself."""

    item_id: str
    mark: str | None
    full: str
    right: bool
    key: tuple[str, ...]
    model_answer: str
    explanation: str


class ScopeMark(msgspec.Struct, frozen=True):
    """Marks within one level-2 scope of the outline."""

    scope_code: str
    scope_name: str
    mark: str
    full: str


class Outcome(msgspec.Struct, frozen=True):
    """The result of one practice attempt; ``full`` counts machine-marked items only."""

    mark: str
    full: str
    items: tuple[Marked, ...]
    scopes: tuple[ScopeMark, ...]


class PracticeService:
    """The whole public program."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def take_in(self, data: bytes, trusted: bytes) -> int:
        """Replace the shown papers by the bundle's; returns how many.

        Raises ``bundle.unreadable``, ``bundle.incomplete``, ``bundle.untrusted``.
        """
        bundle, signed, signature = read_bundle(data)
        if bundle.signer_public != trusted.hex() or not server_signature_holds(
            trusted, signed, signature
        ):
            raise Refusal("bundle.untrusted", Kind.FORBIDDEN)
        async with self._db.write() as session:
            await session.execute(delete(PaperRow))
            session.add_all(
                PaperRow(
                    paper_id=paper.paper_id,
                    bundle_sha256=digest.sha256(data),
                    title=paper.title,
                    released_at_ms=bundle.released_at_ms,
                    content=canonical_json(msgspec.to_builtins(paper)),
                )
                for paper in bundle.papers
            )
        return len(bundle.papers)

    async def papers(self) -> list[ReleasedPaper]:
        """Every paper, in the order of their ids."""
        async with self._db.read() as session:
            rows = await session.scalars(select(PaperRow).order_by(PaperRow.paper_id))
            return [msgspec.json.decode(row.content, type=ReleasedPaper) for row in rows]

    async def paper(self, paper_id: str) -> ReleasedPaper:
        """Raises ``practice.paper_unknown``."""
        async with self._db.read() as session:
            row = await session.get(PaperRow, paper_id)
        if row is None:
            raise Refusal("practice.paper_unknown", Kind.NOT_FOUND)
        return msgspec.json.decode(row.content, type=ReleasedPaper)

    async def mark(self, paper_id: str, answers: Mapping[str, object]) -> Outcome:
        """Marks now; nothing is stored. Raises ``practice.item_unknown`` and ``response.*``."""
        paper = await self.paper(paper_id)
        unknown = set(answers) - set(paper.keys)
        if unknown:
            raise Refusal("practice.item_unknown", item=min(unknown)[:64])
        marked = [_mark(i, paper.keys[i.item_id], answers.get(i.item_id)) for i in paper.items]
        counted = [one for one in marked if one.mark is not None]
        return Outcome(
            mark=str(sum((Decimal(one.mark or 0) for one in counted), Decimal(0))),
            full=str(sum((Decimal(one.full) for one in counted), Decimal(0))),
            items=tuple(marked),
            scopes=tuple(_by_scope(paper, marked)),
        )


def _mark(item: FormItem, key: Key, answer: object) -> Marked:
    mark = score_item(key, parse_response(item, answer))
    return Marked(
        item_id=item.item_id,
        mark=None if mark is None or not item.type.is_objective else str(mark),
        full=item.score,
        right=mark == Decimal(item.score),
        key=key.options,
        model_answer=key.model_answer,
        explanation=key.explanation,
    )


def _by_scope(paper: ReleasedPaper, marked: list[Marked]) -> list[ScopeMark]:
    scope_of = {point.code: (point.scope_code, point.scope_name) for point in paper.outline}
    sums: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for item, one in zip(paper.items, marked, strict=True):
        if one.mark is None:
            continue
        scope = scope_of.get(item.point_code, ("", ""))
        mark, full = sums.get(scope, (Decimal(0), Decimal(0)))
        sums[scope] = (mark + Decimal(one.mark), full + Decimal(one.full))
    return [
        ScopeMark(code, name, str(mark), str(full))
        for (code, name), (mark, full) in sorted(sums.items())
    ]

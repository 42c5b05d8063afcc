"""Answers as the ledger holds them: the only thing that is ever marked.

Rules kept here: which papers were handed in, which form they were bound to and what was answered
are read from the streams; a database that says otherwise stops the marking.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from kernel.db import Database
from kernel.errors import Kind, Refusal
from ledger.book import Ledger, OpenRecord
from ledger.fold import fold
from paper.package import Content, Form
from paper.responses import Response, parse_responses
from server.checkin.service import sitting_stream
from server.sittings.rules.bound import bound_form
from server.sittings.rules.logged import late_until_ms
from server.sittings.tables import SittingRow

_FOLDED_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Folded:
    """A sitting's answers in the form they are marked. ``undecided`` counts late answers without a
    decision; until ``late_until_ms`` more may come.
    """

    sitting_id: str
    form: Form
    responses: dict[str, Response]
    undecided: int
    late_until_ms: int | None


async def fold_session(
    database: Database, ledger: Ledger, session_id: str, content: Content, late_data_s: int
) -> list[Folded]:
    """Every sitting that the ledger says was handed in, by sitting id; late answers are among them
    only where two people counted them.
    """
    async with database.read() as session:
        heads = await ledger.heads(session, session_id)
        found = await session.execute(
            select(SittingRow.id).where(
                SittingRow.session_id == session_id, SittingRow.submitted_at_ms.is_not(None)
            )
        )
        stored = set(found.scalars())
    prefix = sitting_stream("")
    streams = sorted(one.stream_id for one in heads if one.stream_id.startswith(prefix))
    folded: list[Folded] = []
    for at in range(0, len(streams), _FOLDED_AT_ONCE):
        async with database.read() as session:
            for stream in streams[at : at + _FOLDED_AT_ONCE]:
                records = await ledger.read(session, stream)
                if any(record.kind == "submitted" for record in records):
                    sitting_id = stream.removeprefix(prefix)
                    folded.append(_folded(sitting_id, records, content.forms, late_data_s))
    differing = stored.symmetric_difference(one.sitting_id for one in folded)
    if differing:
        raise Refusal("marking.submission_differs", Kind.CONFLICT, sitting=min(differing))
    return folded


def _folded(
    sitting_id: str, records: Sequence[OpenRecord], forms: Sequence[Form], late_data_s: int
) -> Folded:
    """The form is the one that the stream was bound to when it was opened."""
    form, state = bound_form(records, forms), fold(records)
    answers = parse_responses(form.items, state.answers)
    until_ms = late_until_ms(records, late_data_s)
    return Folded(sitting_id, form, answers, state.undecided, until_ms)

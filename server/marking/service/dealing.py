"""Bringing the markers' queue in line with the answers.

Rules kept here: an answer stands in the queue once, in an order drawn for each item; a mark by hand
stays as long as the answer it was given for is the same, and is withdrawn on record when it is not.
"""

from collections.abc import Sequence

from sqlalchemy import delete

from kernel.crypto import chance
from kernel.db import WriteSession
from kernel.ids import mint
from ledger.book import Act, Ledger
from server.marking.rules import Sheet, TextAnswer, queue_order
from server.marking.service.folding import Folded
from server.marking.service.marks import tasks_of
from server.marking.service.queue import response_mac
from server.marking.tables import TaskRow
from server.sessions.service import session_stream


class Dealing:
    """Deals text answers out to the queue, inside the run's transaction."""

    def __init__(self, ledger: Ledger, mac_key: bytes) -> None:
        self._ledger = ledger
        self._mac_key = mac_key

    async def deal(
        self,
        tx: WriteSession,
        session_id: str,
        folded: Sequence[Folded],
        sheets: Sequence[Sheet],
    ) -> int:
        """Brings the queue in line with the answers; how many earlier answers changed or went.

        A mark that was given for another answer is withdrawn, on record.
        """
        by_sitting = {one.sitting_id: one for one in folded}
        wanted = {
            (sheet.sitting_id, item_id): by_sitting[sheet.sitting_id]
            for sheet in sheets
            for item_id in sheet.waiting
        }
        kept = {(task.sitting_id, task.item_id): task for task in await tasks_of(tx, session_id)}
        reopened, withdrawn = 0, []
        for place, task in kept.items():
            one = wanted.get(place)
            mac = None if one is None else self._mac(one, task.item_id)
            if mac == task.response_mac:
                continue
            reopened += 1
            if task.mark is not None:
                body = {"task_id": task.id, "sitting_id": task.sitting_id, "item_id": task.item_id}
                withdrawn.append(Act("mark_withdrawn", {**body, "mark": task.mark, "by": None}))
            if mac is None:
                await tx.execute(delete(TaskRow).where(TaskRow.id == task.id))
                continue
            task.response_mac, task.mark, task.note = mac, None, ""
            task.marked_by, task.marked_at_ms, task.leased_by, task.lease_until_ms = (
                None, None, None, 0,
            )  # fmt: skip
        fresh = [TextAnswer(*place) for place in wanted if place not in kept]
        start = 1 + max((task.position for task in kept.values()), default=-1)
        order = queue_order(chance.token_bytes(32), fresh)
        for position, answer in enumerate(order, start):
            one = wanted[answer.sitting_id, answer.item_id]
            full = next(i.score for i in one.form.items if i.item_id == answer.item_id)
            tx.add(
                TaskRow(
                    id=mint("task"), session_id=session_id, sitting_id=answer.sitting_id,
                    item_id=answer.item_id, form_code=one.form.form_code, full=full,
                    position=position, response_mac=self._mac(one, answer.item_id), mark=None,
                    note="", marked_by=None, marked_at_ms=None, leased_by=None, lease_until_ms=0,
                )
            )  # fmt: skip
        await self._ledger.append(tx, session_stream(session_id), withdrawn)
        await tx.flush()
        return reopened

    def _mac(self, folded: Folded, item_id: str) -> bytes:
        return response_mac(
            self._mac_key, folded.sitting_id, item_id, folded.responses[item_id].text
        )

"""Group commit of client batches: one transaction for whatever has queued, then the
acknowledgements.

Rules kept here: nothing is acknowledged before the commit that holds it; when a group cannot be
committed, each of its batches is tried alone, so one bad batch fails alone; a full queue refuses in
words; a storage that fails is said in words and tried again with the next group.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from kernel.crypto.signing import Signer
from kernel.db import Database
from kernel.errors import Kind, Refusal
from ledger.append import Appender
from ledger.client import Ack, ClientBatch, ack_frame
from ledger.group import Guard, Outcome, repeated, take_group

__all__ = ["Guard", "LedgerWriter"]

QUEUE_LIMIT = 4_096
GROUP_LIMIT = 512
_STORAGE = (SQLAlchemyError, OSError)


@dataclass(slots=True)
class _Waiting:
    batch: ClientBatch
    guard: Guard
    done: "asyncio.Future[Ack]"


_Result = Outcome | Exception


class LedgerWriter:
    """One task writes; ``submit`` waits for its commit."""

    def __init__(self, database: Database, appender: Appender, signer: Signer) -> None:
        self._db = database
        self._appender = appender
        self._signer = signer
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue(QUEUE_LIMIT)
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    def start(self) -> None:
        """Begin writing; once per process."""
        self._stopped = False
        self._task = asyncio.create_task(self._run(), name="ledger-writer")

    async def stop(self) -> None:
        """Take no more, write what has queued, then end."""
        self._stopped = True
        if self._task is not None:
            await self._queue.put(None)
            await self._task
            self._task = None

    async def submit(self, batch: ClientBatch, guard: Guard) -> Ack:
        """The acknowledgement, after the commit.

        Raises ``ledger.busy``, ``ledger.not_stored``, ``ledger.numbers``, ``ledger.gap``,
        ``ledger.conflict``, ``ledger.signature``, ``ledger.device_unknown`` and what the guard or
        the append raise.
        """
        if self._stopped:
            raise Refusal("ledger.busy", Kind.UNAVAILABLE)
        waiting = _Waiting(batch, guard, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull as full:
            raise Refusal("ledger.busy", Kind.UNAVAILABLE) from full
        return await waiting.done

    async def repeated(self, batch: ClientBatch) -> Ack | None:
        """The acknowledgement of a batch that is in the log already; None for any other."""
        async with self._db.read() as session:
            outcome = await repeated(session, self._appender, batch)
        return None if outcome is None else self._ack(batch, outcome)

    async def _run(self) -> None:
        while True:
            first = await self._queue.get()
            if first is None:
                return
            group, last = [first], False
            while len(group) < GROUP_LIMIT and not self._queue.empty():
                another = self._queue.get_nowait()
                if another is None:
                    last = True
                    break
                group.append(another)
            await self._write(group)
            if last:
                return

    async def _write(self, group: list[_Waiting]) -> None:
        ordered = sorted(group, key=lambda w: w.batch.stream_id)
        outcomes: Sequence[_Result]
        try:
            outcomes = await self._commit(ordered)
        except Exception as failed:  # noqa: BLE001  # whoever waits is told, the writer goes on
            outcomes = [failed] if len(ordered) == 1 else await self._one_by_one(ordered)
        for waiting, outcome in zip(ordered, outcomes, strict=True):
            self._answer(waiting, outcome)

    async def _commit(self, ordered: Sequence[_Waiting]) -> Sequence[_Result]:
        """Outcomes of a group that is committed. Raises, with nothing committed, or with a commit
        whose answer was lost: then trying again finds the events there and acknowledges them.
        """
        async with self._db.write() as session:
            pairs = [(waiting.batch, waiting.guard) for waiting in ordered]
            return await take_group(session, self._appender, pairs)

    async def _one_by_one(self, ordered: Sequence[_Waiting]) -> list[_Result]:
        """A transaction each; a storage that fails again is not asked for every batch."""
        outcomes: list[_Result] = []
        broken: Exception | None = None
        for waiting in ordered:
            if broken is not None:
                outcomes.append(broken)
                continue
            try:
                outcomes += await self._commit([waiting])
            except Exception as failed:  # noqa: BLE001  # whoever waits is told
                outcomes.append(failed)
                broken = failed if _is_storage(failed) else None
        return outcomes

    def _answer(self, waiting: _Waiting, outcome: _Result) -> None:
        if waiting.done.done():
            return  # nobody waits any more; the log has it all the same
        if isinstance(outcome, Exception):
            waiting.done.set_exception(_said(outcome))
        elif outcome.refused is not None:
            waiting.done.set_exception(outcome.refused)
        else:
            waiting.done.set_result(self._ack(waiting.batch, outcome))

    def _ack(self, batch: ClientBatch, outcome: Outcome) -> Ack:
        at = outcome.appended
        origin = self._appender.origin
        frame = ack_frame(
            origin, batch.stream_id, batch.epoch, outcome.acked_through, at.head, at.server_ms
        )
        return Ack(
            origin=origin,
            stream_id=batch.stream_id,
            epoch=batch.epoch,
            acked_through=outcome.acked_through,
            head=at.head,
            server_ms=at.server_ms,
            frame=frame,
            signature=self._signer.sign(frame),
        )


def _is_storage(failed: Exception) -> bool:
    """A database or disk that fails as such; a broken constraint is one batch's own fault."""
    return isinstance(failed, _STORAGE) and not isinstance(failed, IntegrityError)


def _said(failed: Exception) -> Exception:
    if not isinstance(failed, _STORAGE):
        return failed
    refusal = Refusal("ledger.not_stored", Kind.UNAVAILABLE)
    refusal.__cause__ = failed
    return refusal

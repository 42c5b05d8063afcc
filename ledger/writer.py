"""Group commit of client batches: one transaction for whatever has queued, then the
acknowledgements.

Rules kept here: nothing is acknowledged before the commit that holds it; when a group cannot be
committed, each of its batches is tried alone, so one bad batch fails alone; a full queue refuses in
words; a storage that fails is said in words and tried again with the next group. One task proves
signatures while another commits and a third acknowledges what was committed before; whatever is
proved when a commit is done is the next group; all keep the order in which the batches came, within
each stream. Who repeats what is in the log waits
aside for the look-up, and nobody else does.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from kernel.crypto.signing import Signer
from kernel.db import Database
from kernel.errors import Kind, Refusal
from ledger.append import Appender
from ledger.asked import Asked, Guard
from ledger.client import Ack, ClientBatch, ack_frame, check_batch
from ledger.group import take_group
from ledger.outcome import Deferred, Outcome
from ledger.proving import Proving
from ledger.repeats import in_log, repeated

__all__ = ["Guard", "LedgerWriter"]

QUEUE_LIMIT = 4_096
GROUP_LIMIT = 512
_BREATH = 4
COMMITTED_LIMIT = 2
"""Groups that are committed and not acknowledged yet."""
LOOKUPS = 2
ASIDE_LIMIT = 32
"""Batches of one stream that wait for a look-up: a device repeats one or two, an enemy floods."""
_STORAGE = (SQLAlchemyError, OSError)


@dataclass(slots=True)
class _Waiting:
    asked: Asked
    done: "asyncio.Future[Ack]"

    @property
    def stream_id(self) -> str:
        return self.asked.batch.stream_id


_Result = Outcome | Deferred | Exception
_Group = list[_Waiting]
_Pairs = list[tuple[_Waiting, Outcome | Exception]]


class LedgerWriter:
    """Three tasks prove, write and acknowledge; ``submit`` waits for its acknowledgement."""

    def __init__(self, database: Database, appender: Appender, signer: Signer) -> None:
        self._db = database
        self._appender = appender
        self._signer = signer
        self._proving = Proving()
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue(QUEUE_LIMIT)
        self._proved: asyncio.Queue[_Waiting | None] = asyncio.Queue(GROUP_LIMIT)
        self._committed: asyncio.Queue[_Pairs | None] = asyncio.Queue(COMMITTED_LIMIT)
        self._aside: dict[str, _Group] = {}
        self._lookups = asyncio.Semaphore(LOOKUPS)
        self._tasks: list[asyncio.Task[None]] = []
        self._looking: set[asyncio.Task[None]] = set()
        self._stopped = False

    def start(self) -> None:
        """Begin writing; once per process."""
        self._stopped = False
        self._tasks = [
            asyncio.create_task(self._prove(), name="ledger-prover"),
            asyncio.create_task(self._run(), name="ledger-writer"),
        ]
        self._answering = asyncio.create_task(self._acknowledge(), name="ledger-signer")

    async def stop(self) -> None:
        """Take no more, write what has queued, then end."""
        self._stopped = True
        if self._tasks:
            await self._queue.put(None)
            await asyncio.gather(*self._tasks)
            self._tasks = []
            while self._looking:
                await asyncio.gather(*self._looking)
            await self._committed.put(None)
            await self._answering
            await self._proving.stop()

    async def submit(self, batch: ClientBatch, guard: Guard, claim: Any = None) -> Ack:
        """The acknowledgement, after the commit; ``claim`` is for the guard.

        Raises ``ledger.busy``, ``ledger.not_stored``, ``ledger.numbers``, ``ledger.gap``,
        ``ledger.conflict``, ``ledger.signature``, ``ledger.device_unknown`` and what the guard or
        the append raise.
        """
        if self._stopped:
            raise Refusal("ledger.busy", Kind.UNAVAILABLE)
        asked = Asked(batch, check_batch(batch), guard, claim)
        waiting = _Waiting(asked, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull as full:
            raise Refusal("ledger.busy", Kind.UNAVAILABLE) from full
        return await waiting.done

    async def repeated(self, batch: ClientBatch) -> Ack | None:
        """The acknowledgement of a batch that is in the log already; None for any other."""
        content = check_batch(batch)
        async with self._db.read() as session:
            outcome = await repeated(session, self._appender, self._proving, batch, content)
        return None if outcome is None else self._ack(batch, outcome)

    async def _prove(self) -> None:
        last = False
        while not last:
            some, last = await _whatever(self._queue)
            with suppress(Exception):  # what is not proved here is proved in the transaction
                await self._proving.prove([one.asked for one in some])
            for one in some:
                await self._proved.put(one)
        await self._proved.put(None)

    async def _run(self) -> None:
        last = False
        while not last:
            group, last = await _whatever(self._proved)
            now = [one for one in group if not self._waits_aside(one)]
            for repeating in await self._write(now):
                self._put_aside(repeating)

    def _waits_aside(self, waiting: _Waiting) -> bool:
        """Behind a batch of its own stream that is being looked up."""
        behind = self._aside.get(waiting.stream_id)
        if behind is not None:
            self._stand_behind(behind, waiting)
        return behind is not None

    @staticmethod
    def _stand_behind(behind: _Group, waiting: _Waiting) -> None:
        """Every look-up writes what is behind it again, so the row is kept short."""
        if len(behind) < ASIDE_LIMIT:
            behind.append(waiting)
        else:
            _fail(waiting, Refusal("ledger.busy", Kind.UNAVAILABLE))

    async def _write(self, group: _Group) -> _Group:
        """Commits and hands on to be answered; returns what has to be looked up first."""
        ordered = sorted(group, key=lambda w: w.stream_id)
        if not ordered:
            return []
        outcomes: Sequence[_Result]
        try:
            outcomes = await self._commit(ordered)
        except Exception as failed:  # noqa: BLE001  # whoever waits is told, the writer goes on
            outcomes = [failed] if len(ordered) == 1 else await self._one_by_one(ordered)
        deferred: _Group = []
        told: _Pairs = []
        for waiting, outcome in zip(ordered, outcomes, strict=True):
            if isinstance(outcome, Deferred):
                deferred.append(waiting)
            else:
                told.append((waiting, outcome))
        await self._committed.put(told)
        return deferred

    async def _commit(self, ordered: Sequence[_Waiting]) -> Sequence[_Result]:
        """Outcomes of a group that is committed. Raises, with nothing committed, or with a commit
        whose answer was lost: then trying again finds the events there and acknowledges them.
        """
        asked = [waiting.asked for waiting in ordered]
        async with self._db.write() as session:
            return await take_group(session, self._appender, self._proving, asked)

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

    async def _acknowledge(self) -> None:
        while (pairs := await self._committed.get()) is not None:
            try:
                await self._answer(pairs)
            except Exception as failed:  # noqa: BLE001  # whoever waits is told, the writer goes on
                for waiting, _ in pairs:
                    _fail(waiting, failed)

    async def _answer(self, pairs: _Pairs) -> None:
        """Tells everybody who waits, and lets others have a turn between a few signatures."""
        for number, (waiting, outcome) in enumerate(pairs, 1):
            if isinstance(outcome, Exception):
                _fail(waiting, _said(outcome))
            elif outcome.refused is not None:
                _fail(waiting, outcome.refused)
            elif not waiting.done.done():  # else nobody waits; the log has it all the same
                waiting.done.set_result(self._ack(waiting.asked.batch, outcome))
            if number % _BREATH == 0:
                await asyncio.sleep(0)

    def _put_aside(self, waiting: _Waiting) -> None:
        if waiting.stream_id in self._aside:
            self._stand_behind(self._aside[waiting.stream_id], waiting)
        else:
            self._aside[waiting.stream_id] = [waiting]
            looking = asyncio.create_task(self._look_up(waiting.stream_id))
            self._looking.add(looking)
            looking.add_done_callback(self._looking.discard)

    async def _look_up(self, stream_id: str) -> None:
        """Reads what the log holds, then writes the batch and what came behind it, until nothing
        of the stream waits any more.
        """
        behind = self._aside[stream_id]
        while behind:
            now, behind[:] = behind[:], []
            asked = now[0].asked
            try:
                async with self._lookups, self._db.read() as session:
                    asked.held = await in_log(session, self._appender, asked.batch)
            except Exception as failed:  # noqa: BLE001  # whoever waits is told
                _fail(now[0], _said(failed))
            again = await self._write([one for one in now if not one.done.done()])
            behind[:0] = again
        del self._aside[stream_id]

    def _ack(self, batch: ClientBatch, outcome: Outcome) -> Ack:
        at, origin = outcome.appended, outcome.origin
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


async def _whatever(queue: "asyncio.Queue[_Waiting | None]") -> tuple[_Group, bool]:
    """What has queued, at least one and at most a group; and whether nothing comes any more."""
    some: _Group = []
    while not some or (len(some) < GROUP_LIMIT and not queue.empty()):
        one = await queue.get()
        if one is None:
            return some, True
        some.append(one)
    return some, False


def _fail(waiting: _Waiting, failed: Exception) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(failed)


def _is_storage(failed: Exception) -> bool:
    """A database or disk that fails as such; a broken constraint is one batch's own fault."""
    return isinstance(failed, _STORAGE) and not isinstance(failed, IntegrityError)


def _said(failed: Exception) -> Exception:
    if not isinstance(failed, _STORAGE):
        return failed
    refusal = Refusal("ledger.not_stored", Kind.UNAVAILABLE)
    refusal.__cause__ = failed
    return refusal

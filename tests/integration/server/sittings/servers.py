"""Servers of the hall: one that was started again, its loops, and their end."""

import asyncio
from pathlib import Path

from kernel.lease import lease_of
from server.sittings.jobs import SittingJobs
from server.sittings.service import Forgetting, SittingsService
from tests.integration.server.hall import ExamDay, NoFaces


def started_again(day: ExamDay, *, keep: bool = False) -> SittingsService:
    """A server with nothing in memory, which the day goes on with unless the first is kept."""
    first = (day.book, day.presence, day.hall, day.sittings, day.desk, day.room)
    day.build()
    fresh = day.sittings
    if keep:
        day.book, day.presence, day.hall, day.sittings, day.desk, day.room = first
    return fresh


def jobs_of(day: ExamDay, server: SittingsService, folder: Path) -> SittingJobs:
    forgetting = Forgetting(day.world.database, day.world.ledger, NoFaces())
    return SittingJobs(server, forgetting, lease_of(day.world.database, "hall", folder))


async def given_up(jobs: SittingJobs) -> None:
    """The loop has ended."""
    stop = asyncio.Event()
    stop.set()
    await jobs.run(stop)

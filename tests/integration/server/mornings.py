"""The exam day as most tests of desk, seat and room begin it: arranged once per engine by the real
services, and given to each test as a copy of its database and files, as after a restart.

Arranging it anew was half of those tests' time.
"""

import asyncio
import shutil
from pathlib import Path

from kernel.db import Database
from migrations.run import upgrade
from tests.integration.server.hall import ExamDay, exam_day
from tests.integration.server.world import World


class Mornings:
    """One arranged day for each engine; ``folder`` keeps their files for the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, ExamDay] = {}

    def bring(self, url: str) -> None:
        """Schema and the arranged day, into an empty database (a ``Prepare``)."""
        upgrade(url)
        asyncio.run(self._arrange(url))

    def lay_out(self, engine: str, home: Path) -> None:
        """The day's files into a test's folder, before its world is built on them."""
        shutil.copytree(self._home(engine), home, dirs_exist_ok=True)

    def again(self, engine: str, world: World) -> ExamDay:
        """The day in a world that stands on copies of its database and files."""
        return self._kept[engine].again(world)

    async def _arrange(self, url: str) -> None:
        database = Database.open(url)
        engine = database.writer_engine.dialect.name
        home = self._home(engine)
        home.mkdir()
        self._kept[engine] = await exam_day(World(database, home))
        await database.close()

    def _home(self, engine: str) -> Path:
        return self._folder / engine

"""An exam day on both databases, with the ledger's writer running."""

from collections.abc import AsyncIterator

import pytest

import server.checkin.tables
import server.invigilation.tables
import server.sittings.tables
from tests.integration.server.hall import ExamDay
from tests.integration.server.world import World

DECLARING = (server.checkin.tables, server.invigilation.tables, server.sittings.tables)


@pytest.fixture
async def day(morning: ExamDay, world: World) -> AsyncIterator[ExamDay]:
    assert DECLARING
    world.ledger.start()
    yield morning
    await world.ledger.stop()

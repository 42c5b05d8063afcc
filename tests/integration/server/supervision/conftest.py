"""A closed session on both databases, and its supervision."""

from pathlib import Path

import pytest

from kernel.db import Database
from kernel.errors import Kind, Refusal
from kernel.settings import SupervisionSettings
from server.invigilation.tables import CaptureRow
from server.supervision.service import SupervisionService
from tests.conftest import FreshDatabase
from tests.integration.server.after import Afternoon, schema


class Pictures:
    """Pictures of the camera by blob; what is not here is gone."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def image(self, capture: CaptureRow) -> bytes:
        if capture.frame_blob not in self.kept:
            raise Refusal("frame.gone", Kind.NOT_FOUND)
        return self.kept[capture.frame_blob]


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> str:
    return fresh_database(schema)


@pytest.fixture
async def hall(database: Database, tmp_path: Path) -> Afternoon:
    return await Afternoon(database, tmp_path).build()


@pytest.fixture
def pictures() -> Pictures:
    return Pictures()


@pytest.fixture
def supervision(hall: Afternoon, pictures: Pictures) -> SupervisionService:
    return SupervisionService(
        hall.database, hall.clock, hall.ledger, hall.papers, pictures, SupervisionSettings()
    )

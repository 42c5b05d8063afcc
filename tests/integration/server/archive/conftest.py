"""A published session, and the archive service over real parts."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from kernel.bus import LocalBus
from kernel.db import Database
from kernel.settings import Settings
from server.archive.service import ArchiveService
from server.invigilation.service import Absences, IncidentBook, Records
from server.marking.service import MarkingService
from server.results.service import ResultsService
from server.sittings.ports import SeatVerdict
from server.sittings.service import Hall, Presence, SittingsService
from tests.conftest import FreshDatabase
from tests.integration.server.after import ORIGIN, SESSION, Afternoon, schema, sitting_of, staff


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> str:
    return fresh_database(schema)


@pytest.fixture
async def hall(database: Database, tmp_path: Path) -> Afternoon:
    return await Afternoon(database, tmp_path).build()


@dataclass(frozen=True)
class Blob:
    """A sealed piece in the store."""

    name: str
    data_class: str
    sha256: str
    size_bytes: int


class Kept:
    """Sealed pieces that lie in the real blob store."""

    def __init__(self, hall: Afternoon) -> None:
        self._hall = hall
        self.blobs: list[Blob] = []

    async def put(self, name: str, data: bytes) -> None:
        await self._hall.blobs.put(name, data)
        self.blobs.append(Blob(name, "recording", sha256(data).hexdigest(), len(data)))

    async def archive_blobs(
        self, *, session_id: str, sitting_ids: Collection[str] = ()
    ) -> list[Blob]:
        assert session_id == SESSION
        return [one for one in self.blobs if one.name.split("/")[1] in sitting_ids]


class NoMatcher:
    """Nobody is matched after the exam."""

    async def verify(
        self, *, subject_id: str, image: bytes, against: str, purpose: str
    ) -> SeatVerdict:
        raise AssertionError((subject_id, image, against, purpose))

    async def portrait(self, *, subject_id: str) -> bytes:
        raise AssertionError(subject_id)


@pytest.fixture
async def kept(hall: Afternoon) -> Kept:
    kept = Kept(hall)
    for n in range(2):
        await kept.put(f"recording/{sitting_of('alice')}/{n}.bin", bytes([n + 1]) * 500)
    await kept.put("recording/somebody-else/0.bin", b"x")
    return kept


@pytest.fixture
async def unpublished(hall: Afternoon, kept: Kept) -> ArchiveService:
    lobby = Hall(
        database=hall.database, clock=hall.clock, ledger=hall.ledger, bus=LocalBus(),
        keyring=hall.keyring, papers=hall.papers, matcher=NoMatcher(),
        incidents=IncidentBook(hall.ledger, hall.clock), presence=Presence(0), origin=ORIGIN,
    )  # fmt: skip
    records = Records(SittingsService(lobby, b"k" * 32), Absences(lobby))
    settings = Settings(data_dir=hall.folder / "data")
    return ArchiveService(
        hall.database, hall.clock, hall.ledger, hall.keyring, hall.blobs, kept, records, settings
    )


@pytest.fixture
async def in_publicity(hall: Afternoon, unpublished: ArchiveService) -> ArchiveService:
    """Results published just now."""
    marking = MarkingService(hall.database, hall.clock, hall.ledger, hall.keyring, hall.papers)
    await marking.run(staff("officer"), SESSION)
    while task := await marking.queue.next(staff("marker"), SESSION):
        await marking.queue.mark(staff("marker"), task.task_id, score="2", remark="")
    results = ResultsService(hall.database, hall.clock, hall.ledger)
    for name in ("officer", "chief"):
        await results.publish(staff(name), SESSION)
    return unpublished


@pytest.fixture
async def archives(hall: Afternoon, in_publicity: ArchiveService) -> ArchiveService:
    """No review can be asked for any more."""
    hall.clock.advance(minutes=60 * 24 * 60)
    return in_publicity

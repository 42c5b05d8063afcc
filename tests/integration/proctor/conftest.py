"""A proctor on both databases, with the real engine in its own processes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from kernel.blobs import LocalBlobs
from kernel.clock import HandClock
from kernel.crypto.keyring import FileKeyRing
from kernel.db import Database
from kernel.settings import FaceSettings, Settings
from migrations.run import upgrade
from proctor.pool import FacePool
from proctor.service import ProctorService
from tests.conftest import FreshDatabase
from tests.unit.proctor import faces

Enrol = Callable[[str, str], Awaitable[None]]


def schema(url: str) -> None:
    upgrade(url, ("proctor",))


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> str:
    return fresh_database(schema)


@pytest.fixture(scope="package")
def pool() -> Iterator[FacePool]:
    """One pool for all: starting a process and loading the models takes half a second."""
    running = FacePool(FaceSettings())
    asyncio.run(running.start())
    yield running
    asyncio.run(running.stop())


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "blobs")


@pytest.fixture
def proctor(
    database: Database, blobs: LocalBlobs, clock: HandClock, pool: FacePool, tmp_path: Path
) -> ProctorService:
    keyring = FileKeyRing(tmp_path / "keyring.json")
    return ProctorService(database, blobs, keyring, clock, Settings(data_dir=tmp_path), pool)


@pytest.fixture
def enrol(proctor: ProctorService) -> Enrol:
    async def enrol(subject_id: str, name: str) -> None:
        await proctor.enrol_portrait(
            subject_id=subject_id, image=faces.portrait(name), session_id="session_1"
        )

    return enrol

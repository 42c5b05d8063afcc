"""Registration with the real matcher: no face is a fault of the row, and nothing is written."""

import asyncio
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.access import Role
from kernel.blobs import LocalBlobs
from kernel.db import Database
from kernel.settings import FaceSettings, Settings
from proctor.pool import FacePool
from proctor.service import ProctorService
from server.registration.service import RegistrationService
from tests.integration.server.world import World, id_number, roster_of
from tests.unit.proctor import faces


@pytest.fixture(scope="module")
def pool() -> Iterator[FacePool]:
    running = FacePool(FaceSettings())
    asyncio.run(running.start())
    yield running
    asyncio.run(running.stop())


def pictures(*given: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for number, data in enumerate(given, start=1):
            file.writestr(f"{id_number(number)}.jpg", data)
    return out.getvalue()


async def test_a_portrait_without_a_face_stops_the_file(
    world: World, database: Database, pool: FacePool, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    blobs = LocalBlobs(tmp_path / "faces")
    desk = ProctorService(database, blobs, world.keyring, world.clock, settings, pool)
    registration = RegistrationService(
        database, world.clock, world.ledger, world.blobs, world.keyring, desk
    )
    officer = await world.person("officer", Role.OFFICER)
    session_id = await world.session(officer, await world.rooms((2, 2)))

    async def bring(second: bytes) -> tuple[bool, list[tuple[int, str]]]:
        report = await registration.importing.run(
            officer, session_id, roster=roster_of(2), dry_run=False, partial=False,
            portraits=pictures(faces.portrait("obama"), second),
        )  # fmt: skip
        return report.written, [(fault.row, fault.code) for fault in report.faults]

    assert await bring(faces.frame("empty_chair")) == (False, [(3, "face.no_face")])
    assert await bring(faces.frame("two_people")) == (False, [(3, "face.several_faces")])
    assert await registration.candidates(officer, session_id) == []
    assert await bring(faces.portrait("collins")) == (True, [])
    first, _ = await registration.candidates(officer, session_id)
    verdict = await desk.verify(
        subject_id=first.id, image=faces.frame("obama_640"), against="portrait", purpose="door"
    )
    assert verdict.advice == "same"

"""A session whose keys were destroyed is archived again, and the archive says by whose order."""

import asyncio
from collections.abc import Collection, Sequence

import pytest

from kernel.db import ReadSession, WriteSession
from kernel.errors import Refusal
from kernel.settings import ErasureSettings
from ledger.verify import verify
from server.archive.rules import DESTRUCTION
from server.archive.service import ArchiveService
from server.archive.service.erasing import Erasing
from tests.integration.ledger.test_tree import AlwaysHeld
from tests.integration.server.after import SESSION, Afternoon, staff

OFFICER = staff("officer")


class NoPictures:
    """A session without pictures and recordings."""

    shredded_tables: Sequence[str] = ()

    async def keys_of(
        self, _session: ReadSession, _session_id: str, _owner_ids: Collection[str], /
    ) -> list[bytes]:
        return []

    async def destroy_keys(
        self, _tx: WriteSession, _session_id: str, _owner_ids: Collection[str], /
    ) -> None:
        """Nothing to destroy."""


async def _grow(hall: Afternoon) -> None:
    sequencer = hall.ledger.sequencer(hall.folder / "checkpoint", AlwaysHeld())
    for _ in range(3):
        await sequencer.round()


async def test_an_archive_made_after_the_destruction_tells_the_order(
    hall: Afternoon, archives: ArchiveService
) -> None:
    before = await archives.export(OFFICER, SESSION)
    await _grow(hall)
    erasing = Erasing(
        hall.database, hall.clock, hall.ledger, NoPictures(), ErasureSettings(),
        hall.database.sqlite_file,
    )  # fmt: skip
    others = ["chief", "supervisor", "outsider"]
    ordered = await erasing.order(OFFICER, SESSION, "保存期满", others)
    for name in ("chief", "supervisor"):
        await erasing.agree(staff(name), ordered.erasure_id)
    with pytest.raises(Refusal, match="not_covered"):
        await erasing.run(OFFICER, ordered.erasure_id)
    await _grow(hall)
    await erasing.run(OFFICER, ordered.erasure_id)
    await _grow(hall)
    archive = await archives.export(OFFICER, SESSION)
    report = await asyncio.to_thread(verify, archive.path)
    assert report.good, report.words()
    (order,) = report.erased
    assert (order.ordered_by, order.agreed) == ("officer", ("chief", "supervisor"))
    said = report.words()
    assert f"erased under order {ordered.erasure_id} at position {order.position}" in said
    assert "保存期满" in said
    assert "Custody of the log's keys: file" in said
    old = await asyncio.to_thread(verify, before.path)
    assert old.good
    assert old.erased == []
    assert DESTRUCTION not in before.path.read_bytes().decode("latin-1")

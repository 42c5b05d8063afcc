"""A session whose keys were destroyed is archived again, and the archive says by whose order."""

import asyncio
from collections.abc import Collection, Sequence

import pytest

from kernel.db import ReadSession, WriteSession
from kernel.errors import Refusal
from kernel.settings import ErasureSettings
from ledger.erasure import State
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


def _erasing(hall: Afternoon) -> Erasing:
    return Erasing(
        hall.database, hall.clock, hall.ledger, NoPictures(), ErasureSettings(),
        hall.database.sqlite_file,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("approvers", "unfit"),
    [
        (["nobody", "chief", "no one"], "nobody, no one"),
        (["chief", "marker", "supervisor"], "marker"),
        (["chief", "invigilator", "marker2"], "invigilator, marker2"),
    ],
)
async def test_only_people_with_an_account_and_a_role_to_agree_are_named(
    hall: Afternoon, archives: ArchiveService, approvers: list[str], unfit: str
) -> None:
    await archives.export(OFFICER, SESSION)
    with pytest.raises(Refusal) as refused:
        await _erasing(hall).order(OFFICER, SESSION, "保存期满", approvers)
    assert refused.value.code == "erasure.approver_unfit"
    assert refused.value.params == {"people": unfit}


async def test_any_officer_and_nobody_else_withdraws_an_order(
    hall: Afternoon, archives: ArchiveService
) -> None:
    await archives.export(OFFICER, SESSION)
    erasing, others = _erasing(hall), ["chief", "supervisor", "outsider"]
    ordered = await erasing.order(OFFICER, SESSION, "保存期满", others)
    with pytest.raises(Refusal, match=r"access\.role_missing"):
        await erasing.withdraw(staff("supervisor"), ordered.erasure_id, "写错")
    with pytest.raises(Refusal, match=r"erasure\.reason"):
        await erasing.withdraw(staff("outsider"), ordered.erasure_id, " ")
    await erasing.withdraw(staff("outsider"), ordered.erasure_id, "写错")
    _, standing = await erasing.standing(staff("chief"), SESSION)
    assert standing is not None
    assert (standing.state, standing.withdrawn_by) == (State.WITHDRAWN, "outsider")
    again = await erasing.order(OFFICER, SESSION, "保存期满", others)
    _, standing = await erasing.standing(staff("chief"), SESSION)
    assert standing == again


async def test_an_archive_made_after_the_destruction_tells_the_order(
    hall: Afternoon, archives: ArchiveService
) -> None:
    before = await archives.export(OFFICER, SESSION)
    await _grow(hall)
    erasing = _erasing(hall)
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

"""A session whose keys were destroyed is archived again, and the archive says by whose order."""

import asyncio
import io
import re
from collections.abc import Awaitable, Collection, Sequence

import pytest
from pypdf import PdfReader

from kernel.db import ReadSession, WriteSession
from kernel.errors import Refusal
from kernel.settings import ErasureSettings
from kernel.words import say_refusal
from ledger.erasure import State, read_statement
from ledger.verify import verify
from server.archive.rules import DESTRUCTION
from server.archive.service import ArchiveService
from server.archive.service.destruction_sheet import destruction_pdf
from server.archive.service.erasing import Erasing
from setup.places import FONTS
from tests.integration.ledger.test_tree import AlwaysHeld
from tests.integration.server.after import SESSION, Afternoon, staff
from tests.qr import images_of, read_qr

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
        (["chief", "marker", "supervisor"], "Marker"),
        (["chief", "invigilator", "marker2"], "Invigilator, Marker2"),
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


async def test_refusals_name_people_and_the_session_and_no_ids(
    hall: Afternoon, archives: ArchiveService
) -> None:
    await archives.export(OFFICER, SESSION)
    erasing = _erasing(hall)
    others = ["chief", "supervisor", "outsider"]

    async def refused(doing: Awaitable[object]) -> tuple[str, str]:
        with pytest.raises(Refusal) as caught:
            await doing
        english = say_refusal(caught.value, "en")
        assert not set(re.split(r"\W+", english)) & {*others, SESSION}, english
        return caught.value.code, english

    hold = await erasing.hold(staff("supervisor"), SESSION, "法院冻结")
    held = await refused(erasing.order(OFFICER, SESSION, "保存期满", others))
    assert held[0] == "erasure.held"
    assert "by Supervisor" in held[1]
    await erasing.lift(staff("outsider"), hold.hold_id, "已结案")
    again = await refused(erasing.lift(staff("supervisor"), hold.hold_id, "已结案"))
    assert again == ("erasure.hold_lifted", "Outsider has lifted this hold already.")
    lifter = await refused(erasing.order(OFFICER, SESSION, "保存期满", others))
    assert lifter[0] == "erasure.lifted_hold"
    assert lifter[1].startswith("Outsider ")
    standing = await erasing.standing(OFFICER, SESSION)
    assert [one.name for one in standing.fit if one.lifted] == ["Outsider"]
    assert {one.name for one in standing.fit} == {"Chief", "Officer", "Outsider", "Supervisor"}


async def test_a_session_with_an_order_is_named_and_so_is_who_withdrew_it(
    hall: Afternoon, archives: ArchiveService
) -> None:
    erasing = _erasing(hall)
    others = ["chief", "supervisor", "outsider"]
    with pytest.raises(Refusal) as open_still:
        await erasing.order(OFFICER, SESSION, "保存期满", others)
    assert "十一月理论" in say_refusal(open_still.value)
    assert not (await erasing.standing(OFFICER, SESSION)).sealed
    await archives.export(OFFICER, SESSION)
    first = await erasing.order(OFFICER, SESSION, "保存期满", others)
    with pytest.raises(Refusal) as ordered:
        await erasing.order(OFFICER, SESSION, "保存期满", others)
    assert say_refusal(ordered.value) == "场次 十一月理论 已有销毁令。"
    await erasing.withdraw(staff("outsider"), first.erasure_id, "写错")
    with pytest.raises(Refusal) as withdrawn:
        await erasing.agree(staff("chief"), first.erasure_id)
    assert say_refusal(withdrawn.value) == "这份销毁令已由 Outsider 撤回。"


async def test_the_order_is_seen_in_the_log_before_a_key_goes(
    hall: Afternoon, archives: ArchiveService
) -> None:
    await archives.export(OFFICER, SESSION)
    erasing = _erasing(hall)
    ordered = await erasing.order(OFFICER, SESSION, "保存期满", ["chief", "supervisor", "outsider"])
    with pytest.raises(Refusal, match="not_approved"):
        await erasing.sequence(OFFICER, ordered.erasure_id)
    for name in ("chief", "supervisor"):
        await erasing.agree(staff(name), ordered.erasure_id)
    stands = await erasing.sequence(OFFICER, ordered.erasure_id)
    assert stands == await erasing.sequence(OFFICER, ordered.erasure_id)
    assert stands.state is State.SEQUENCED
    assert (await erasing.told(stands)).order_leaf is None
    await _grow(hall)
    leaf = (await erasing.told(stands)).order_leaf
    assert leaf is not None
    async with hall.database.read() as session:
        await hall.ledger.read(session, f"session/{SESSION}")
    with pytest.raises(Refusal, match="begun"):
        await erasing.withdraw(OFFICER, ordered.erasure_id, "写错")
    gone = await erasing.run(OFFICER, ordered.erasure_id)
    await _grow(hall)
    told = await erasing.told(gone)
    assert told.order_leaf == leaf
    assert told.record_leaf is not None
    assert told.record_leaf > leaf
    assert gone.complete
    assert gone.keys["ledger"] > 0


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
    standing = (await erasing.standing(staff("chief"), SESSION)).told
    assert standing is not None
    withdrawn = standing.erasure
    assert (withdrawn.state, withdrawn.withdrawn_by) == (State.WITHDRAWN, "outsider")
    assert standing.names["outsider"] == "Outsider"
    again = await erasing.order(OFFICER, SESSION, "保存期满", others)
    standing = (await erasing.standing(staff("chief"), SESSION)).told
    assert standing is not None
    assert standing.erasure == again


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


async def test_the_record_on_paper_names_people_and_carries_the_signed_record(
    hall: Afternoon, archives: ArchiveService
) -> None:
    await archives.export(OFFICER, SESSION)
    await _grow(hall)
    erasing = _erasing(hall)
    hold = await erasing.hold(staff("supervisor"), SESSION, "法院冻结")
    await erasing.lift(staff("supervisor"), hold.hold_id, "已结案")
    ordered = await erasing.order(OFFICER, SESSION, "保存期满", ["chief", "supervisor", "outsider"])
    for name in ("chief", "supervisor"):
        await erasing.agree(staff(name), ordered.erasure_id)
    await erasing.sequence(OFFICER, ordered.erasure_id)
    with pytest.raises(Refusal, match="not_erased"):
        await erasing.printed(OFFICER, ordered.erasure_id)
    await _grow(hall)
    await erasing.run(OFFICER, ordered.erasure_id)
    uncovered = await erasing.printed(OFFICER, ordered.erasure_id)
    assert uncovered.told.record_leaf is None
    await _grow(hall)
    made = await erasing.printed(staff("chief"), ordered.erasure_id)
    pdf = destruction_pdf(made, FONTS / "NotoSansSC-Regular.ttf")
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    text = "".join("\n".join(pages).split())
    leaves = (made.told.order_leaf, made.told.record_leaf)
    assert None not in leaves
    for words in (
        "十一月理论", "Officer(officer)", "Chief(chief)", "Supervisor(supervisor)", "法院冻结",
        "Outsider(outsider)", *(f"第{leaf}位leaf{leaf}" for leaf in leaves),
        f"erasedunderorder{ordered.erasure_id}atposition{made.told.order_leaf}", "内容已依令销毁",
    ):  # fmt: skip
        assert words in text, words
    scanned = "".join(read_qr(image) for image in images_of(pdf))
    assert read_statement(scanned.encode()).facts["reason"] == "保存期满"


@pytest.mark.parametrize(("holds", "scans"), [(4, True), (14, False)])
async def test_long_reasons_and_many_holds_still_fit_on_paper(
    hall: Afternoon, archives: ArchiveService, holds: int, scans: bool
) -> None:
    await archives.export(OFFICER, SESSION)
    erasing = _erasing(hall)
    long = "保" * 500
    for _ in range(holds):
        hold = await erasing.hold(staff("supervisor"), SESSION, long)
        await erasing.lift(staff("supervisor"), hold.hold_id, long)
    ordered = await erasing.order(OFFICER, SESSION, long, ["chief", "supervisor", "outsider"])
    for name in ("chief", "supervisor"):
        await erasing.agree(staff(name), ordered.erasure_id)
    await erasing.run(OFFICER, ordered.erasure_id)
    made = await erasing.printed(OFFICER, ordered.erasure_id)
    pdf = destruction_pdf(made, FONTS / "NotoSansSC-Regular.ttf")
    assert (len(images_of(pdf)) > 1) == scans
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    assert ("太长,不能印成二维码" in "".join(pages)) != scans

"""The five volumes: complete, sealed where they name people, found wanting when anything
changed.
"""

import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select, update

from kernel.errors import Refusal
from ledger.archive import export_keys
from ledger.chain import Damage
from ledger.parcel import check_parcel
from ledger.tables import StreamRow
from ledger.verify import verify
from server.archive import rules
from server.archive.rules import SEALED, Volume
from server.archive.service import Archive, ArchiveService, unsealed
from server.results.rules.periods import Calendar
from server.results.rules.reviews import Outcome, Proposal
from server.results.service import Applying, Deciding
from server.results.tables import PublicationRow, ResultRow
from server.seating.rules import verify_proof
from tests.integration.server.after import PEOPLE, SESSION, Afternoon, sitting_of, staff
from tests.integration.server.archive.conftest import Kept

OFFICER = staff("officer")
NAMES = [name.title().encode() for name in PEOPLE if len(name) > 3]  # three bytes occur by chance


def contents(archive: Archive) -> dict[str, bytes]:
    with zipfile.ZipFile(archive.path) as file:
        return {name: file.read(name) for name in file.namelist()}


async def test_an_archive_has_five_volumes_and_every_file_is_in_the_manifest(
    hall: Afternoon, archives: ArchiveService
) -> None:
    archive = await archives.export(OFFICER, SESSION)
    files = contents(archive)
    seen = check_parcel(archive.path)
    assert seen.faults == ()
    assert seen.files == archive.files == len(files) - 2
    assert archive.size_bytes == archive.path.stat().st_size
    volumes = {path.partition("/")[0] for path in files if "/" in path}
    assert volumes == set(Volume)
    assert await hall.state() == "archived"
    assert seen.manifest is not None
    assert [one.path for one in seen.manifest.absent if "certificates" in one.path]
    assert await archives.file(staff("chief"), archive.archive_id) == archive.path
    assert await archives.archives(OFFICER, SESSION) == [archive]


async def test_nobody_is_named_outside_sealed_files(archives: ArchiveService) -> None:
    files = contents(await archives.export(OFFICER, SESSION))
    for path, data in files.items():
        assert not any(name in data for name in NAMES), path
        assert b"202611" not in data, path
        assert "因为模型".encode() not in data, path
    roster = json.loads(files[rules.ROSTER])
    assert {one["name_masked"] for one in roster["candidates"]} == {
        "A***e", "B*b", "C**n", "D**a", "E**k",
    }  # fmt: skip


async def test_sealed_files_open_with_the_key_and_nowhere_else(
    hall: Afternoon, archives: ArchiveService
) -> None:
    archive = await archives.export(OFFICER, SESSION)
    files = contents(archive)
    sealed = [path for path in files if path.endswith(SEALED)]
    assert len(sealed) >= 6
    async with hall.database.read() as session:
        opened = {
            path: await unsealed(session, hall.keyring, archive.archive_id, path, files[path])
            for path in sealed
        }
        with pytest.raises(ValueError, match="does not open"):
            await unsealed(
                session, hall.keyring, archive.archive_id, rules.PEOPLE, files[rules.MARKS]
            )
    people = json.loads(opened[rules.PEOPLE])["candidates"]
    assert {one["name"] for one in people} == {name.title() for name in PEOPLE}
    page = openpyxl.load_workbook(io.BytesIO(opened[rules.RESULTS])).active
    assert page is not None
    assert page.max_row == len(PEOPLE) + 1
    record = json.loads(opened[rules.room_record("room_1", "json")])
    assert record["counts"]["violations"] == 1


async def test_paper_draw_and_recordings_are_there_as_they_were(
    hall: Afternoon, archives: ArchiveService, kept: Kept
) -> None:
    files = contents(await archives.export(OFFICER, SESSION))
    assert files[rules.PACKAGE] == hall.package_bytes
    assert verify_proof(json.loads(files[rules.DRAW])) == []
    listed = json.loads(files[rules.BLOB_LIST])["blobs"]
    assert len(listed) == 2
    assert all(sitting_of("alice") in one["path"] for one in listed)
    assert files[rules.blob_path(kept.blobs[0].name)] == b"\x01" * 500


async def test_a_stranger_verifies_it_offline_and_with_the_keys_every_record_opens(
    hall: Afternoon, archives: ArchiveService, tmp_path: Path
) -> None:
    archive = await archives.export(OFFICER, SESSION)
    report = verify(archive.path)
    assert report.good, report.words()
    assert (report.origin, report.session_id) == (hall.ledger.origin, SESSION)
    assert (report.roster, report.never_opened, report.blobs) == (5, 1, 2)
    assert report.server_public == hall.ledger.server_public.hex()
    async with hall.database.read() as session:
        keys = tmp_path / "keys.json"
        keys.write_bytes(await export_keys(session, hall.ledger, SESSION))
    opened = verify(archive.path, key_file=keys)
    assert opened.opened == opened.streams


async def test_one_changed_byte_in_any_file_is_found_and_named(
    archives: ArchiveService, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    await archives.export_to(SESSION, folder)
    assert verify(folder).good
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len({path.suffix for path in paths}) >= 5
    for path in paths:
        good = path.read_bytes()
        for at in {0, len(good) // 2, len(good) - 1}:
            path.write_bytes(good[:at] + bytes([good[at] ^ 0x20]) + good[at + 1 :])
            name = path.relative_to(folder).as_posix()
            expected = "manifest.json" if name.startswith("manifest") else name
            assert [fault.place for fault in check_parcel(folder).faults][:1] == [expected]
        assert not verify(folder).good
        path.write_bytes(good)
    assert verify(folder).good


async def test_a_file_taken_out_or_put_in_is_found(
    archives: ArchiveService, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    await archives.export_to(SESSION, folder)
    (folder / "3-process" / "more.json").write_bytes(b"{}")
    (folder / rules.DRAW).unlink()
    places = [fault.place for fault in check_parcel(folder).faults]
    assert places == [rules.DRAW, "3-process/more.json"]


async def test_a_second_export_has_the_same_seal_and_its_own_key(
    hall: Afternoon, archives: ArchiveService
) -> None:
    first, second = [contents(await archives.export(OFFICER, SESSION)) for _ in range(2)]
    log = [path for path in first if path.startswith(rules.LEDGER)]
    assert len(log) > 10
    assert all(first[path] == second[path] for path in log)
    assert first[rules.PEOPLE] != second[rules.PEOPLE]
    assert len(await hall.session_acts("archived")) == 1


async def test_nothing_is_archived_before_publication(
    hall: Afternoon, unpublished: ArchiveService
) -> None:
    with pytest.raises(Refusal, match="sessions.wrong_state"):
        await unpublished.export(OFFICER, SESSION)
    assert await hall.state() == "closed"
    assert list((hall.folder / "data").rglob("*")) == []


async def test_an_unanswered_review_keeps_the_log_open(
    hall: Afternoon, in_publicity: ArchiveService
) -> None:
    archives = in_publicity
    hall.clock.advance(minutes=14 * 24 * 60)
    applying = Applying(hall.database, hall.clock, hall.ledger, Calendar())
    review_id = await applying.apply(sitting_of("alice"), reason="请复核", positions=[])
    with pytest.raises(Refusal, match="archive.review_open"):
        await archives.export(OFFICER, SESSION)
    assert await hall.state() == "published"
    deciding = Deciding(hall.database, hall.clock, hall.ledger)
    unchanged = Proposal(Outcome.UNCHANGED, "评分无误", None)
    await deciding.propose(OFFICER, SESSION, review_id, unchanged)
    await deciding.approve(staff("chief"), SESSION, review_id)
    hall.clock.advance(minutes=30 * 24 * 60)
    archive = await archives.export(OFFICER, SESSION)
    assert verify(archive.path).good


async def test_a_paper_that_was_taken_out_of_the_log_before_the_seal_is_missed(
    hall: Afternoon, archives: ArchiveService
) -> None:
    stream = f"sitting/{sitting_of('alice')}"
    async with hall.database.write() as tx:
        elsewhere = update(StreamRow).where(StreamRow.stream_id == stream)
        await tx.execute(elsewhere.values(session_id="session_elsewhere"))
    first = verify((await archives.export(OFFICER, SESSION)).path).first
    assert first is not None
    assert (first.damage, first.place) == (Damage.MISSING_SITTING, stream)


@pytest.mark.parametrize("corrected", [False, True])
async def test_a_result_that_was_changed_after_publication_is_not_archived(
    hall: Afternoon, in_publicity: ArchiveService, *, corrected: bool
) -> None:
    if corrected:  # the change is in the list before
        await _corrected(hall, "bob")
    hall.clock.advance(minutes=60 * 24 * 60)
    async with hall.database.write() as tx:
        first = select(PublicationRow.id).where(PublicationRow.version == 1).scalar_subquery()
        mine = ResultRow.publication_id == first, ResultRow.sitting_id == sitting_of("alice")
        await tx.execute(update(ResultRow).where(*mine).values(state="absent", score=None))
    with pytest.raises(Refusal, match="results.list_differs"):
        await in_publicity.export(OFFICER, SESSION)
    assert await hall.state() == "published"


async def _corrected(hall: Afternoon, name: str) -> None:
    """By two people, in the time for reviews."""
    hall.clock.advance(minutes=14 * 24 * 60)
    applying = Applying(hall.database, hall.clock, hall.ledger, Calendar())
    review_id = await applying.apply(sitting_of(name), reason="请复核", positions=[])
    deciding = Deciding(hall.database, hall.clock, hall.ledger)
    corrected = Proposal(Outcome.CORRECTED, "另行评分", "3")
    await deciding.propose(OFFICER, SESSION, review_id, corrected)
    await deciding.approve(staff("chief"), SESSION, review_id)


async def test_who_was_absent_and_got_a_mark_by_review_misses_no_paper(
    hall: Afternoon, in_publicity: ArchiveService
) -> None:
    await _corrected(hall, "dora")
    hall.clock.advance(minutes=30 * 24 * 60)
    report = verify((await in_publicity.export(OFFICER, SESSION)).path)
    assert report.good, report.words()
    assert report.never_opened == 1


async def test_while_a_review_may_still_be_asked_for_nothing_is_archived_unasked(
    hall: Afternoon, in_publicity: ArchiveService
) -> None:
    for _ in range(2):  # while the result is made public, and while reviews are asked for
        with pytest.raises(Refusal, match="archive.window_open") as refused:
            await in_publicity.export(OFFICER, SESSION)
        assert str(refused.value.params["until"]).startswith("20")
        assert await hall.state() == "published"
        hall.clock.advance(minutes=14 * 24 * 60)
    assert await hall.session_acts("archived") == []
    hall.clock.advance(minutes=30 * 24 * 60)
    assert verify((await in_publicity.export(OFFICER, SESSION)).path).good


async def test_an_early_archive_has_its_reason_in_the_log(
    hall: Afternoon, in_publicity: ArchiveService
) -> None:
    with pytest.raises(Refusal, match="review.reason"):
        await in_publicity.export(OFFICER, SESSION, early_reason="急")
    await in_publicity.export(OFFICER, SESSION, early_reason="试考,不设复核期")
    [act] = await hall.session_acts("archived")
    assert act["early_reason"] == "试考,不设复核期"


async def test_an_early_archive_still_waits_for_the_reviews_that_were_asked_for(
    hall: Afternoon, in_publicity: ArchiveService
) -> None:
    hall.clock.advance(minutes=14 * 24 * 60)
    applying = Applying(hall.database, hall.clock, hall.ledger, Calendar())
    await applying.apply(sitting_of("alice"), reason="请复核", positions=[])
    with pytest.raises(Refusal, match="archive.review_open"):
        await in_publicity.export(OFFICER, SESSION, early_reason="试考,不设复核期")


@pytest.mark.parametrize("name", ["invigilator", "marker", "outsider"])
async def test_others_neither_export_nor_fetch(archives: ArchiveService, name: str) -> None:
    with pytest.raises(Refusal, match="access.role_missing|sessions.not_staffed"):
        await archives.export(staff(name), SESSION)
    archive = await archives.export(OFFICER, SESSION)
    with pytest.raises(Refusal, match="access.role_missing|sessions.not_staffed"):
        await archives.file(staff(name), archive.archive_id)


async def test_a_recording_that_changed_in_the_store_stops_the_export(
    hall: Afternoon, archives: ArchiveService, kept: Kept
) -> None:
    await hall.blobs.delete(kept.blobs[1].name)
    await hall.blobs.put(kept.blobs[1].name, b"other")
    with pytest.raises(Refusal, match="archive.blob_differs"):
        await archives.export(OFFICER, SESSION)
    assert [path.name for path in (hall.folder / "data").rglob("*")] == ["archives"]
    assert await archives.archives(OFFICER, SESSION) == []


async def test_an_existing_file_is_never_overwritten(
    archives: ArchiveService, tmp_path: Path
) -> None:
    out = tmp_path / "out.zip"
    out.write_bytes(b"mine")
    with pytest.raises(Refusal, match="archive.exists"):
        await archives.export_to(SESSION, out)
    assert out.read_bytes() == b"mine"


async def test_a_place_that_cannot_be_written_is_said_in_words(
    archives: ArchiveService, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refusal, match="archive.disk"):
        await archives.export_to(SESSION, tmp_path / "file" / "out.zip")
    with pytest.raises(Refusal, match="archive.unknown"):
        await archives.file(OFFICER, "archive_none")

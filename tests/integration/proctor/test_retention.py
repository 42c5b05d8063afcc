"""Replays, and the end of each class of data by its own clock."""

import pytest
from sqlalchemy import select, update

from kernel.blobs import LocalBlobs
from kernel.crypto import digest
from kernel.db import Database
from kernel.errors import Refusal
from proctor.commands import ReplaySummary, replay
from proctor.service import ProctorService
from proctor.service.matching import Verdict
from proctor.tables import KeyRow, MatchRow, TemplateRow
from tests.integration.proctor.conftest import Enrol
from tests.unit.proctor import faces


@pytest.fixture
async def day(proctor: ProctorService, enrol: Enrol) -> list[Verdict]:
    """A small day: door, seat against the door frame, two captures and a lost camera."""
    await enrol("cand_1", "obama")
    door = await proctor.verify(subject_id="cand_1", image=faces.frame("obama_640"))
    await proctor.set_door_frame(subject_id="cand_1", match_id=door.match_id)
    seat = await proctor.verify(
        subject_id="cand_1", image=faces.frame("obama_b_640"), against="door", purpose="seat"
    )
    verdicts = [door, seat]
    for number, name in enumerate(["obama_c_640", "collins_640", None]):
        result = await proctor.capture(
            sitting_id="sitting_1", subject_id="cand_1",
            image=faces.frame(name) if name else None, taken_at_ms=number,
        )  # fmt: skip
        verdicts.append(result.verdict)
    return verdicts


async def replayed(proctor: ProctorService) -> ReplaySummary:
    return await replay("session_1", proctor, emit=lambda _line: None)


async def test_every_stored_comparison_can_be_computed_again(
    proctor: ProctorService, day: list[Verdict]
) -> None:
    summary = await replayed(proctor)
    assert summary.holds
    assert summary.comparisons == len(day)
    assert summary.results == {"equal": 4, "no_frame": 1}


async def test_a_changed_score_is_found_by_the_replay(
    proctor: ProctorService, day: list[Verdict], database: Database
) -> None:
    async with database.write() as tx:
        await tx.execute(
            update(MatchRow).where(MatchRow.id == day[3].match_id).values(score=0.9, outcome="ok")
        )
    lines: list[dict[str, object]] = []
    summary = await replay("session_1", proctor, emit=lines.append)
    assert not summary.holds
    assert [line["match_id"] for line in lines if line.get("result") == "differs"] == [
        day[3].match_id
    ]


async def test_templates_are_erased_alone_and_replays_still_hold(
    proctor: ProctorService, day: list[Verdict], database: Database
) -> None:
    assert await proctor.erase_templates(session_id="session_1") == 2
    async with database.read() as tx:
        assert (await tx.scalars(select(TemplateRow))).all() == []
        classes = (await tx.scalars(select(KeyRow.data_class))).all()
    assert sorted(classes) == ["portrait", "snapshot"]
    with pytest.raises(Refusal, match=r"face.template_erased"):
        await proctor.verify(subject_id="cand_1", image=faces.frame("obama_640"))
    assert await proctor.frame(day[0].frame_blob) == faces.frame("obama_640")
    assert (await replayed(proctor)).results == {"equal": 4, "no_frame": 1}


async def test_routine_snapshots_go_and_evidence_stays(
    proctor: ProctorService, day: list[Verdict], blobs: LocalBlobs
) -> None:
    await proctor.hold(match_ids=[day[3].match_id], case_id="case_1")
    assert await proctor.erase_snapshots(session_id="session_1") == 3
    assert await blobs.names("proctor/frame/") == [day[3].frame_blob]
    assert await proctor.frame(day[3].frame_blob) == faces.frame("collins_640")
    with pytest.raises(Refusal, match=r"proctor.erased"):
        await proctor.frame(day[0].frame_blob)
    assert (await proctor.match(match_id=day[0].match_id)).score == day[0].score
    summary = await replayed(proctor)
    assert summary.holds
    await proctor.release(match_ids=[day[3].match_id])
    assert await proctor.erase_snapshots(session_id="session_1") == 1
    assert await blobs.names("proctor/frame/") == []


async def test_portraits_and_recordings_have_their_own_ends(
    proctor: ProctorService, day: list[Verdict], blobs: LocalBlobs, database: Database
) -> None:
    video = b"\x1a\x45\xdf\xa3" + bytes(100)
    await proctor.add_segment(
        sitting_id="sitting_1", index=0, t0_ms=0, t1_ms=9, sha256=digest.sha256(video).hex(),
        data=video,
    )  # fmt: skip
    assert await proctor.stored_persons() == 1
    assert await proctor.erase_recordings(sitting_id="sitting_1") == 1
    with pytest.raises(Refusal, match=r"proctor.erased"):
        await proctor.segment(sitting_id="sitting_1", index=0)
    assert await proctor.erase_portraits(session_id="session_1") == 1
    assert await blobs.names("proctor/") == sorted(v.frame_blob for v in day if v.frame_blob)
    await proctor.erase_snapshots(session_id="session_1")
    await proctor.erase_templates(session_id="session_1")
    assert await proctor.stored_persons() == 0
    assert await blobs.names("") == []
    async with database.read() as tx:
        assert (await tx.scalars(select(KeyRow))).all() == []


async def test_the_archive_gets_every_blob_by_the_hash_of_its_stored_bytes(
    proctor: ProctorService, day: list[Verdict], blobs: LocalBlobs
) -> None:
    entries = await proctor.archive_blobs(session_id="session_1", sitting_ids=["sitting_1"])
    assert [entry.name for entry in entries] == await blobs.names("")
    assert len(entries) == 5
    for entry in entries:
        stored = await blobs.get(entry.name)
        assert (digest.sha256(stored).hex(), len(stored)) == (entry.sha256, entry.size_bytes)
    assert {verdict.frame_blob for verdict in day} - {""} < {entry.name for entry in entries}

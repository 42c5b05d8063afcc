"""Enrolment and the gate's two comparisons."""

from pathlib import Path

import pytest
from sqlalchemy import select

from kernel.blobs import LocalBlobs
from kernel.crypto import digest
from kernel.db import Database
from kernel.errors import Refusal
from proctor.service import ProctorService
from proctor.tables import MatchRow, ReferenceRow, TemplateRow
from tests.integration.proctor.conftest import Enrol
from tests.unit.proctor import faces


async def test_the_enrolled_person_is_advised_as_same(
    proctor: ProctorService, enrol: Enrol
) -> None:
    await enrol("cand_1", "obama")
    verdict = await proctor.verify(subject_id="cand_1", image=faces.frame("obama_640"))
    assert (verdict.advice, verdict.reason, verdict.faces) == ("same", None, 1)
    assert verdict.score is not None
    assert verdict.score > verdict.threshold == 0.45
    assert verdict.frame_sha256 == digest.sha256(faces.frame("obama_640")).hex()
    assert await proctor.match(match_id=verdict.match_id) == verdict


async def test_another_person_is_advised_as_different(
    proctor: ProctorService, enrol: Enrol
) -> None:
    await enrol("cand_1", "obama")
    verdict = await proctor.verify(subject_id="cand_1", image=faces.frame("biden_640"))
    assert verdict.advice == "different"


async def test_a_sessions_own_thresholds_are_used_and_recorded(
    proctor: ProctorService, enrol: Enrol
) -> None:
    await enrol("cand_1", "obama")
    verdict = await proctor.verify(
        subject_id="cand_1", image=faces.frame("obama_640"), accept=0.9, review=0.5
    )
    assert (verdict.advice, verdict.threshold) == ("review", 0.9)


async def test_the_seat_is_matched_with_the_frame_of_the_door(
    proctor: ProctorService, enrol: Enrol
) -> None:
    await enrol("cand_1", "obama")
    door = await proctor.verify(subject_id="cand_1", image=faces.frame("obama_640"))
    await proctor.set_door_frame(subject_id="cand_1", match_id=door.match_id)
    seat = await proctor.verify(
        subject_id="cand_1", image=faces.frame("obama_b_640"), against="door", purpose="seat"
    )
    swapped = await proctor.verify(
        subject_id="cand_1", image=faces.frame("collins_640"), against="door", purpose="seat"
    )
    assert (seat.advice, seat.against) == ("same", "door")
    assert swapped.advice == "different"


async def test_the_door_frame_of_two_people_is_the_candidates_face(
    proctor: ProctorService, enrol: Enrol
) -> None:
    await enrol("cand_1", "biden")
    door = await proctor.verify(subject_id="cand_1", image=faces.frame("two_people"))
    assert (door.advice, door.reason, door.faces) == ("review", "several_faces", 2)
    await proctor.set_door_frame(subject_id="cand_1", match_id=door.match_id)
    seat = await proctor.verify(subject_id="cand_1", image=faces.frame("biden_640"), against="door")
    assert seat.advice == "same"


async def test_a_match_of_another_subject_cannot_be_the_door_frame(
    proctor: ProctorService, enrol: Enrol
) -> None:
    await enrol("cand_1", "obama")
    await enrol("cand_2", "biden")
    match = await proctor.verify(subject_id="cand_2", image=faces.frame("biden_640"))
    with pytest.raises(Refusal) as refused:
        await proctor.set_door_frame(subject_id="cand_1", match_id=match.match_id)
    assert refused.value.code == "proctor.match_unknown"


async def test_a_subject_without_a_reference_is_refused(
    proctor: ProctorService, enrol: Enrol
) -> None:
    with pytest.raises(Refusal, match=r"face.not_enrolled"):
        await proctor.verify(subject_id="cand_1", image=faces.frame("obama_640"))
    await enrol("cand_1", "obama")
    with pytest.raises(Refusal, match=r"face.not_enrolled"):
        await proctor.verify(subject_id="cand_1", image=faces.frame("obama_640"), against="door")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("two_people", "face.several_faces"),
        ("empty_chair", "face.no_face"),
        ("obama_blur", "face.blurred"),
        ("obama_dark", "face.dark"),
        ("obama_far", "face.too_small"),
    ],
)
async def test_a_bad_portrait_is_refused_by_code_and_nothing_is_written(
    proctor: ProctorService, database: Database, tmp_path: Path, name: str, code: str
) -> None:
    report = await proctor.inspect_portrait(image=faces.frame(name))
    assert report.code == code
    with pytest.raises(Refusal) as refused:
        await proctor.enrol_portrait(subject_id="cand_1", image=faces.frame(name))
    assert refused.value.code == code
    async with database.read() as tx:
        assert (await tx.scalars(select(ReferenceRow))).all() == []
    assert not any(path.is_file() for path in (tmp_path / "blobs").rglob("*"))


async def test_a_new_portrait_replaces_the_old_one(
    proctor: ProctorService, enrol: Enrol, database: Database
) -> None:
    await enrol("cand_1", "biden")
    await enrol("cand_1", "obama")
    verdict = await proctor.verify(subject_id="cand_1", image=faces.frame("obama_640"))
    assert verdict.advice == "same"
    assert await proctor.portrait(subject_id="cand_1") == faces.portrait("obama")
    async with database.read() as tx:
        rows = (await tx.scalars(select(ReferenceRow))).all()
    assert sorted(row.replaced_at_ms is None for row in rows) == [False, True]


async def test_pictures_and_templates_are_stored_only_sealed(
    proctor: ProctorService, enrol: Enrol, database: Database, blobs: LocalBlobs
) -> None:
    await enrol("cand_1", "obama")
    verdict = await proctor.verify(subject_id="cand_1", image=faces.frame("obama_640"))
    stored = await blobs.get(verdict.frame_blob)
    assert digest.sha256(stored).hex() == verdict.stored_sha256
    for name in await blobs.names("proctor/"):
        assert b"JFIF" not in await blobs.get(name)
    assert await proctor.frame(verdict.frame_blob) == faces.frame("obama_640")
    async with database.read() as tx:
        (template,) = (await tx.scalars(select(TemplateRow))).all()
    assert len(template.sealed) == 512 + 29


async def test_a_frame_put_in_the_place_of_another_does_not_open(
    proctor: ProctorService, enrol: Enrol, blobs: LocalBlobs
) -> None:
    await enrol("cand_1", "obama")
    one = await proctor.verify(subject_id="cand_1", image=faces.frame("obama_640"))
    two = await proctor.verify(subject_id="cand_1", image=faces.frame("biden_640"))
    stolen = await blobs.get(one.frame_blob)
    await blobs.delete(two.frame_blob)
    await blobs.put(two.frame_blob, stolen)
    with pytest.raises(Refusal, match=r"proctor.damaged"):
        await proctor.frame(two.frame_blob)


async def test_a_broken_upload_is_refused_and_leaves_no_record(
    proctor: ProctorService, enrol: Enrol, database: Database
) -> None:
    await enrol("cand_1", "obama")
    with pytest.raises(Refusal, match=r"image.unreadable"):
        await proctor.verify(subject_id="cand_1", image=b"\xff\xd8 not a picture")
    async with database.read() as tx:
        assert (await tx.scalars(select(MatchRow))).all() == []

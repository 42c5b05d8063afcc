"""Captures and episodes, with real pictures."""

from collections.abc import Awaitable, Callable

import pytest

from proctor.service import ProctorService
from proctor.service.capturing import CaptureResult
from tests.integration.proctor.conftest import Enrol
from tests.unit.proctor import faces

Play = Callable[..., Awaitable[list[CaptureResult]]]


@pytest.fixture
async def play(proctor: ProctorService, enrol: Enrol) -> Play:
    """Sends the named pictures as captures 30 s apart; ``-`` is a lost camera."""
    await enrol("cand_1", "obama")

    async def play(*names: str, accommodations: tuple[str, ...] = ()) -> list[CaptureResult]:
        return [
            await proctor.capture(
                sitting_id="sitting_1",
                subject_id="cand_1",
                image=None if name == "-" else faces.frame(name),
                taken_at_ms=1_000_000 + number * 30_000,
                accommodations=accommodations,
            )
            for number, name in enumerate(names)
        ]

    return play


async def test_the_candidate_alone_is_fine(play: Play, proctor: ProctorService) -> None:
    results = await play("obama_640", "obama_b_640")
    assert [result.verdict.advice for result in results] == ["ok", "ok"]
    assert [result.episode.change for result in results] == ["none", "none"]
    captures = await proctor.captures(sitting_id="sitting_1")
    assert captures == [result.verdict for result in results]


async def test_an_exchanged_person_opens_an_episode_after_three_captures(play: Play) -> None:
    results = await play("obama_640", "collins_640", "collins_640", "hopper_640", "obama_640")
    assert [result.verdict.advice for result in results] == [
        "ok", "mismatch", "mismatch", "mismatch", "ok",
    ]  # fmt: skip
    changes = [result.episode.change for result in results]
    assert changes == ["none", "none", "none", "opened", "none"]
    opened = results[3].episode
    assert (opened.kind, opened.opened_at_ms, opened.counts) == (
        "mismatch", 1_030_000, (("mismatch", 3),),
    )  # fmt: skip
    assert results[4].episode.episode_id == opened.episode_id


async def test_an_episode_continues_and_closes_and_the_next_is_another(play: Play) -> None:
    away, back = "empty_chair", "obama_640"
    results = await play(away, away, away, "black", back, back, back, away, away, away)
    changes = [result.episode.change for result in results if result.episode.change != "none"]
    assert changes == ["opened", "continued", "closed", "opened"]
    assert results[3].episode.counts == (("blocked", 1), ("no_face", 3))
    assert results[-1].episode.episode_id != results[2].episode.episode_id


async def test_a_second_person_and_a_lost_camera_are_named(play: Play) -> None:
    results = await play("two_people", "-")
    assert [result.verdict.advice for result in results] == ["several_faces", "lost"]
    assert results[1].verdict.frame_blob == ""


async def test_an_accommodation_mutes_the_alert_and_keeps_the_record(play: Play) -> None:
    results = await play(*["two_people"] * 5, accommodations=("companion",))
    assert {result.verdict.advice for result in results} == {"several_faces"}
    assert {result.episode.change for result in results} == {"none"}


async def test_a_picture_that_does_not_move_is_marked_frozen(play: Play) -> None:
    results = await play("obama_640", "obama_640", "obama_b_640")
    assert [result.verdict.frozen for result in results] == [False, True, False]


async def test_a_capture_sent_twice_is_counted_once(play: Play, proctor: ProctorService) -> None:
    first = await play("collins_640", "collins_640")
    again = await play("collins_640", "collins_640")
    assert [result.repeated for result in again] == [True, True]
    assert [r.verdict for r in again] == [r.verdict for r in first]
    assert len(await proctor.captures(sitting_id="sitting_1")) == 2


async def test_the_door_frame_counts_when_it_fits_better(
    proctor: ProctorService, play: Play
) -> None:
    door = await proctor.verify(subject_id="cand_1", image=faces.frame("obama_mask"))
    await proctor.set_door_frame(subject_id="cand_1", match_id=door.match_id)
    (result,) = await play("obama_mask")
    assert result.verdict.against == "door"
    assert result.verdict.score == pytest.approx(1.0, abs=1e-6)


async def test_captures_that_were_queued_offline_are_judged_in_their_own_order(
    play: Play, proctor: ProctorService
) -> None:
    await play("obama_640", "obama_b_640")
    for taken_at_ms in (500_000, 530_000, 560_000):
        result = await proctor.capture(
            sitting_id="sitting_1",
            subject_id="cand_1",
            image=faces.frame("empty_chair"),
            taken_at_ms=taken_at_ms,
        )
    assert result.episode.change == "opened"
    assert (result.episode.opened_at_ms, result.episode.last_at_ms) == (500_000, 560_000)

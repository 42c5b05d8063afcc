"""The tables of advice, verdicts and episodes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor import rules
from proctor.rules import Advice, Change, Episode, Limits, Reason, Signal, State, Thresholds
from proctor.sight import SeenFace, Sight

THRESHOLDS = Thresholds(accept=0.45, review=0.36, same_person=0.40)
LIMITS = Limits(sharpness=1.6, brightness=20.0, face_px=40)


def face(
    score: float = 0.7, height: int = 180, brightness: float = 120.0, sharpness: float = 10.0
) -> SeenFace:
    return SeenFace(200, 100, 130, height, 0.95, brightness, sharpness, (score,))


def sight(*faces: SeenFace, brightness: float = 120.0, contrast: float = 50.0) -> Sight:
    return Sight(640, 480, brightness, contrast, faces, bytes(192))


@pytest.mark.parametrize(
    ("seen", "advice", "reason"),
    [
        (sight(face(0.45)), Advice.SAME, None),
        (sight(face(0.4499)), Advice.REVIEW, None),
        (sight(face(0.36)), Advice.REVIEW, None),
        (sight(face(0.3599)), Advice.DIFFERENT, None),
        (sight(face(-0.2)), Advice.DIFFERENT, None),
        (sight(), Advice.UNUSABLE, Reason.NO_FACE),
        (sight(brightness=3.0), Advice.UNUSABLE, Reason.DARK),
        (sight(face(0.9, height=39)), Advice.UNUSABLE, Reason.TOO_SMALL),
        (sight(face(0.9, brightness=19.0)), Advice.UNUSABLE, Reason.DARK),
        (sight(face(0.9, sharpness=1.5)), Advice.UNUSABLE, Reason.BLURRED),
        (sight(face(0.1, sharpness=1.5)), Advice.UNUSABLE, Reason.BLURRED),
        (sight(face(0.1), face(0.8)), Advice.REVIEW, Reason.SEVERAL_FACES),
        (sight(face(0.8), face(0.1, height=80)), Advice.SAME, None),
        (sight(face(0.1), face(0.2)), Advice.DIFFERENT, Reason.SEVERAL_FACES),
    ],
)
def test_the_gate_is_advised_by_the_table(
    seen: Sight, advice: Advice, reason: Reason | None
) -> None:
    judgement = rules.advise(seen, THRESHOLDS, LIMITS)
    assert (judgement.outcome, judgement.reason) == (advice, reason)


@pytest.mark.parametrize(
    ("seen", "state", "reason"),
    [
        (None, State.LOST, None),
        (sight(), State.NO_FACE, None),
        (sight(contrast=2.0), State.BLOCKED, None),
        (sight(brightness=1.0), State.BLOCKED, None),
        (sight(face(0.40)), State.OK, None),
        (sight(face(0.41, sharpness=0.5)), State.OK, None),
        (sight(face(0.399)), State.LOW, None),
        (sight(face(0.36)), State.LOW, None),
        (sight(face(0.359)), State.MISMATCH, None),
        (sight(face(0.1, sharpness=0.5)), State.LOW, Reason.BLURRED),
        (sight(face(0.1, brightness=5.0)), State.LOW, Reason.DARK),
        (sight(face(0.1, height=20)), State.LOW, Reason.TOO_SMALL),
        (sight(face(0.9), face(0.1)), State.SEVERAL_FACES, None),
    ],
)
def test_a_capture_is_judged_by_the_table(
    seen: Sight | None, state: State, reason: Reason | None
) -> None:
    judgement = rules.judge_capture(seen, THRESHOLDS, LIMITS)
    assert (judgement.outcome, judgement.reason) == (state, reason)


@given(
    score=st.floats(-1, 1), sharpness=st.floats(0, 30), brightness=st.floats(0, 255),
    height=st.integers(1, 480),
)  # fmt: skip
def test_a_picture_too_poor_to_judge_by_never_says_another_person(
    score: float, sharpness: float, brightness: float, height: int
) -> None:
    one = face(score, height, brightness, sharpness)
    capture = rules.judge_capture(sight(one), THRESHOLDS, LIMITS)
    gate = rules.advise(sight(one), THRESHOLDS, LIMITS)
    if rules.flaw(one, LIMITS) is not None:
        assert capture.outcome is not State.MISMATCH
        assert gate.outcome is Advice.UNUSABLE


def test_several_faces_are_judged_by_the_best_match_not_the_largest() -> None:
    large_stranger, small_candidate = face(0.1, height=300), face(0.8, height=160)
    judgement = rules.advise(sight(large_stranger, small_candidate), THRESHOLDS, LIMITS)
    assert judgement.score == 0.8


@pytest.mark.parametrize(
    ("seen", "fault"),
    [
        (sight(face()), None),
        (sight(), Reason.NO_FACE),
        (sight(face(), face(height=50)), Reason.SEVERAL_FACES),
        (sight(face(height=20)), Reason.TOO_SMALL),
        (sight(face(sharpness=0.3)), Reason.BLURRED),
    ],
)
def test_a_portrait_shows_exactly_one_usable_face(seen: Sight, fault: Reason | None) -> None:
    assert rules.portrait_fault(seen, LIMITS) == fault


def played(
    *states: State, window: int = 5, misses: int = 3, muted: frozenset[State] = frozenset()
) -> list[tuple[Change, Episode | None]]:
    """Every capture's change, in order."""
    signals: list[Signal] = []
    episode: Episode | None = None
    changes = []
    for number, state in enumerate(states):
        signals.append(Signal(state, number * 30_000))
        change, episode = rules.watch(signals[-window:], episode, misses=misses, muted=muted)
        changes.append((change, episode))
        if change is Change.CLOSED:
            episode = None
    return changes


OK, NO, MM, SF, LOW = State.OK, State.NO_FACE, State.MISMATCH, State.SEVERAL_FACES, State.LOW


@pytest.mark.parametrize(
    ("states", "changes"),
    [
        ((MM, MM), "--"),
        ((MM, MM, MM), "--o"),
        ((MM, OK, MM, OK, MM), "----o"),
        ((MM, OK, MM, OK, OK, MM), "------"),
        ((MM, MM, MM, MM, OK), "--oc-"),
        ((MM, MM, MM, OK, OK, OK), "--o--x"),
        ((MM, MM, MM, OK, OK, MM), "--o--c"),
        ((MM, MM, MM, OK, OK, OK, MM), "--o--x-"),
        ((OK, OK, OK, OK), "----"),
    ],
)
def test_an_episode_opens_after_three_of_five_and_closes_after_three_good(
    states: tuple[State, ...], changes: str
) -> None:
    signs = {Change.NONE: "-", Change.OPENED: "o", Change.CONTINUED: "c", Change.CLOSED: "x"}
    assert "".join(signs[change] for change, _ in played(*states)) == changes


def test_an_episode_begins_with_its_first_miss_and_counts_every_one() -> None:
    _, episode = played(OK, MM, OK, NO, MM, MM)[-1]
    assert episode is not None
    assert (episode.kind, episode.opened_at_ms, episode.last_at_ms) == (MM, 30_000, 150_000)
    assert episode.counts == {MM: 3, NO: 1}


def test_an_episode_takes_the_graver_kind_when_that_prevails() -> None:
    kinds = [episode.kind for _, episode in played(NO, NO, NO, MM, MM, MM) if episode]
    assert kinds == [NO, NO, NO, MM]


@given(st.lists(st.sampled_from([NO, SF, OK]), min_size=1, max_size=30))
def test_a_muted_state_never_opens_an_episode(states: list[State]) -> None:
    muted = frozenset({NO, SF})
    assert all(change is Change.NONE for change, _ in played(*states, muted=muted))


@given(st.lists(st.sampled_from(list(State)), min_size=1, max_size=40))
def test_an_episode_never_opens_below_the_count(states: list[State]) -> None:
    changes = played(*states)
    for number, (change, _) in enumerate(changes):
        recent = states[max(0, number - 4) : number + 1]
        if change is Change.OPENED:
            assert sum(state is not OK for state in recent) >= 3


def test_good_captures_that_come_late_close_no_episode() -> None:
    episode = Episode(MM, 60_000, 120_000, {MM: 3})
    late = [Signal(OK, number * 1_000) for number in range(5)]
    assert rules.watch(late, episode, misses=3) == (Change.NONE, episode)


def test_a_miss_that_comes_late_moves_the_beginning() -> None:
    episode = Episode(MM, 60_000, 120_000, {MM: 3})
    change, after = rules.watch([Signal(NO, 30_000)], episode, misses=3)
    assert (change, after) == (Change.CONTINUED, Episode(MM, 30_000, 120_000, {MM: 3, NO: 1}))


def test_a_profile_mutes_what_would_accuse_a_disability() -> None:
    assert rules.muted_by(["companion", "rest_breaks"]) == {SF, NO}
    assert rules.muted_by(["face_difference"]) == {LOW, MM}
    assert rules.muted_by(["unheard_of"]) == frozenset()


def test_no_profile_mutes_a_covered_or_lost_camera() -> None:
    assert rules.muted_by(rules.MUTES).isdisjoint({State.BLOCKED, State.LOST})


def test_two_prints_of_one_picture_are_frozen_and_a_noisy_one_is_live() -> None:
    still = bytes(range(192))
    noisy = bytes(value + (place % 16 == 0) for place, value in enumerate(still))
    assert rules.frozen(still, still)
    assert not rules.frozen(still, noisy)
    assert not rules.frozen(None, still)
    assert not rules.frozen(b"", b"")

"""The one deadline, the stages, and which answers count."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refusal
from server.sittings.rules.timing import (
    Accommodation,
    Pause,
    Plan,
    Stage,
    Standing,
    SubmitKind,
    Timing,
    deadline,
    due,
    earliest_submit,
    may_answer,
    may_submit,
    outage_s,
    stage,
)

START = 1_000_000
PLAN = Plan(START, 5_400)
END = START + 5_400_000
MIN = 60_000

pauses = st.lists(
    st.tuples(st.integers(-10 * MIN, 200 * MIN), st.integers(0, 60 * MIN)).map(
        lambda p: Pause(START + p[0], START + p[0] + p[1])
    ),
    max_size=5,
)
extensions = st.lists(st.integers(1, 3_600), max_size=4)
percents = st.integers(0, 100)


@pytest.mark.parametrize(
    ("pct", "added", "stops", "expected"),
    [
        (0, [], [], END),
        (25, [], [], START + 6_750_000),
        (50, [], [], START + 8_100_000),
        (0, [240], [], END + 240_000),
        (0, [240, 60], [], END + 300_000),
        (0, [], [Pause(START + MIN, START + 3 * MIN)], END + 2 * MIN),
        (0, [], [Pause(START - 5 * MIN, START + MIN)], END + MIN),
        (0, [], [Pause(START - 5 * MIN, START - MIN)], END),
        (0, [], [Pause(END, END + MIN)], END),
        (0, [], [Pause(END - MIN, END + 9 * MIN)], END + 10 * MIN),
        (0, [60], [Pause(END, END + MIN)], END + 60_000 + MIN),
        (0, [], [Pause(START + MIN, START + 3 * MIN), Pause(START + 2 * MIN, START + 4 * MIN)],
         END + 3 * MIN),
        (0, [], [Pause(START + MIN, START + 9 * MIN), Pause(START + 2 * MIN, START + 4 * MIN)],
         END + 8 * MIN),
        (10, [30], [Pause(START + MIN, START + 2 * MIN)], START + 5_940_000 + 30_000 + MIN),
    ],
)  # fmt: skip
def test_the_deadline_is_plan_accommodation_extensions_and_pauses(
    pct: int, added: list[int], stops: list[Pause], expected: int
) -> None:
    assert deadline(PLAN, Accommodation(pct), added, stops) == expected


@given(percents, extensions, pauses)
def test_nobody_gets_less_than_the_plan(pct: int, added: list[int], stops: list[Pause]) -> None:
    assert deadline(PLAN, Accommodation(pct), added, stops) >= END


@given(percents, extensions, pauses, st.integers(1, 3_600))
def test_an_extension_never_takes_time_away(
    pct: int, added: list[int], stops: list[Pause], more_s: int
) -> None:
    before = deadline(PLAN, Accommodation(pct), added, stops)
    after = deadline(PLAN, Accommodation(pct), [*added, more_s], stops)
    assert after >= before + more_s * 1_000


@given(percents, extensions, pauses, st.randoms(use_true_random=False))
def test_the_order_of_grants_and_pauses_does_not_matter(
    pct: int, added: list[int], stops: list[Pause], chance: Random
) -> None:
    mixed, others = list(stops), list(added)
    chance.shuffle(mixed)
    chance.shuffle(others)
    assert deadline(PLAN, Accommodation(pct), added, stops) == deadline(
        PLAN, Accommodation(pct), others, mixed
    )


@given(st.integers(0, 80 * MIN), st.integers(1, 20 * MIN), st.integers(0, 20 * MIN))
def test_a_pause_in_two_pieces_counts_as_one(begin: int, first: int, second: int) -> None:
    whole = [Pause(START + begin, START + begin + first + second)]
    pieces = [
        Pause(START + begin, START + begin + first),
        Pause(START + begin + first, START + begin + first + second),
    ]
    assert deadline(PLAN, Accommodation(), [], whole) == deadline(PLAN, Accommodation(), [], pieces)


@given(pauses)
def test_a_pause_repeated_counts_once(stops: list[Pause]) -> None:
    assert deadline(PLAN, Accommodation(), [], stops) == deadline(
        PLAN, Accommodation(), [], stops * 2
    )


def standing(
    *,
    paper: bool = True,
    face: bool = True,
    device: bool = True,
    paused: bool = False,
    submitted: SubmitKind | None = None,
) -> Standing:
    return Standing(START, END, paper, face, device, paused, submitted)


@pytest.mark.parametrize(
    ("now", "where", "expected"),
    [
        (START - 1, standing(face=False), Stage.FACE),
        (START + 1, standing(face=False), Stage.FACE),
        (START - 1, standing(device=False), Stage.READY),
        (START - 1, standing(), Stage.WAITING),
        (START, standing(paper=False), Stage.WAITING),
        (START, standing(), Stage.ANSWERING),
        (END - 1, standing(), Stage.ANSWERING),
        (END, standing(), Stage.ENDED),
        (START + 1, standing(paused=True), Stage.PAUSED),
        (END + 1, standing(paused=True), Stage.PAUSED),
        (START + 1, standing(submitted=SubmitKind.SELF), Stage.SUBMITTED),
        (END, standing(submitted=SubmitKind.DEADLINE), Stage.SUBMITTED),
        (START + 1, standing(submitted=SubmitKind.FORCED), Stage.ENDED),
    ],
)
def test_each_moment_has_one_stage(now: int, where: Standing, expected: Stage) -> None:
    assert stage(now, where) is expected


@pytest.mark.parametrize(
    ("now", "client", "where", "outcome"),
    [
        (START - 1, START - 1, standing(), "answer.too_early"),
        (START, START, standing(), Timing.ON_TIME),
        (START, START, standing(paper=False), "answer.too_early"),
        (END - 1, END + 99 * MIN, standing(), Timing.ON_TIME),
        (END, END - 1, standing(), Timing.LATE),
        (END, END, standing(), "answer.too_late"),
        (END + 600_000 - 1, END - 1, standing(), Timing.LATE),
        (END + 600_000, END - 1, standing(), "answer.too_late"),
        (END + MIN, END - 1, standing(submitted=SubmitKind.DEADLINE), Timing.LATE),
        (END + MIN, END + 1, standing(submitted=SubmitKind.DEADLINE), "answer.too_late"),
        (START + MIN, START, standing(submitted=SubmitKind.SELF), "sitting.closed"),
        (START + MIN, START, standing(submitted=SubmitKind.FORCED), "sitting.closed"),
        (START + MIN, START, standing(paused=True), "sitting.paused"),
        (START + MIN, START, standing(face=False), "gate.face_open"),
    ],
)
def test_an_answer_counts_by_server_time(
    now: int, client: int, where: Standing, outcome: Timing | str
) -> None:
    if isinstance(outcome, Timing):
        assert may_answer(now, where, newest_client_ms=client, late_data_s=600) is outcome
        return
    with pytest.raises(Refusal) as refused:
        may_answer(now, where, newest_client_ms=client, late_data_s=600)
    assert refused.value.code == outcome


@given(st.integers(START - MIN, END + 30 * MIN), st.integers(START - MIN, END + 30 * MIN))
def test_no_client_time_makes_an_answer_count_after_the_deadline(now: int, client: int) -> None:
    try:
        timing = may_answer(now, standing(), newest_client_ms=client, late_data_s=600)
    except Refusal:
        return
    assert (timing is Timing.ON_TIME) == (START <= now < END)


@pytest.mark.parametrize(
    ("now", "where", "code"),
    [
        (START + 1_799_999, standing(), "submit.too_early"),
        (START + 1_800_000, standing(), None),
        (END, standing(), None),
        (END + MIN, standing(), None),
        (START + 1_800_000, standing(paused=True), "sitting.paused"),
        (START - 1, standing(), "answer.too_early"),
        (END, standing(face=False), "gate.face_open"),
    ],
)
def test_handing_in_opens_at_the_earliest_moment(
    now: int, where: Standing, code: str | None
) -> None:
    if code is None:
        may_submit(now, where, earliest_submit_s=1_800)
        return
    with pytest.raises(Refusal) as refused:
        may_submit(now, where, earliest_submit_s=1_800)
    assert refused.value.code == code


def test_a_short_exam_can_always_be_handed_in_at_its_end() -> None:
    short = Standing(START, START + 10 * MIN, True, True, True, False, None)
    assert earliest_submit(short, 1_800) == short.deadline_ms
    may_submit(short.deadline_ms, short, earliest_submit_s=1_800)


def test_the_server_hands_in_at_the_deadline_and_never_during_a_pause() -> None:
    assert not due(END - 1, standing())
    assert due(END, standing())
    assert not due(END, standing(paused=True))
    assert not due(END, standing(submitted=SubmitKind.SELF))


def test_an_outage_is_rounded_up_in_the_candidates_favour() -> None:
    assert outage_s(0, 1) == 1
    assert outage_s(0, 220_000) == 220
    assert outage_s(5, 5) == 1  # it has an end; nothing would mean that it has none


def test_an_outage_counts_nothing_that_a_pause_gave_already() -> None:
    around, within, after = Pause(0, 10_000), Pause(20_000, 30_000), Pause(35_000, 90_000)
    assert outage_s(5_000, 40_000, [after, within, around]) == 35 - 5 - 10 - 5
    assert outage_s(5_000, 40_000, [within, within, Pause(22_000, 31_000)]) == 35 - 11
    assert outage_s(5_000, 40_000, [Pause(0, 90_000)]) == 1

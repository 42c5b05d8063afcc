"""The replay against the fold, and against a story told by hand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refusal
from ledger.fold import fold
from ledger.reading import OpenRecord
from paper.package import Form
from server.sittings.rules.dealing import deal
from server.sittings.rules.logged import late_data, late_until_ms, shown, times_of
from server.supervision.rules.moments import Group, moments
from server.supervision.rules.replaying import Phase, replay
from tests.unit.server.supervision.histories import (
    FORM,
    JUDGE,
    MINUTE,
    MULTIPLE,
    SEED,
    SHORT,
    SINGLE,
    T0,
    Story,
    histories,
    opened,
)

DEALT = deal(FORM, SEED)


def letter_of(item_id: str, option: str) -> str:
    dealt = next(one for one in DEALT if one.item.item_id == item_id)
    return "ABCD"[[one.id for one in dealt.options].index(option)]


@given(records=histories())
def test_at_its_last_moment_the_replay_is_the_fold(records: list[OpenRecord]) -> None:
    frame, whole = replay(records, FORM, times_of(records)[-1]), fold(records)
    assert (dict(frame.answers), set(frame.marks)) == (whole.answers, whole.marks)
    assert len(frame.late) == whole.late
    assert frame.through_seq == len(records)
    assert frame.on_its_way == ()
    assert list(frame.items) == DEALT


@given(records=histories(), data=st.data())
def test_a_moment_knows_what_had_come_and_nothing_later(
    records: list[OpenRecord], data: st.DataObject
) -> None:
    times = times_of(records)
    at_ms = data.draw(st.integers(times[0] - 1, times[-1] + 1))
    known = [one for one, came in zip(records, times, strict=True) if came <= at_ms]
    frame = replay(records, FORM, at_ms)
    assert frame.through_seq == len(known)
    assert dict(frame.answers) == fold(known).answers
    assert set(frame.marks) == fold(known).marks
    assert all(one.seq <= frame.through_seq for one in (*frame.late, *frame.conflicts))
    assert all(one.seq > frame.through_seq for one in frame.on_its_way)
    assert all(one.client_ms <= at_ms < one.came_ms for one in frame.on_its_way)


@given(records=histories(), data=st.data())
def test_the_replay_only_goes_forward(records: list[OpenRecord], data: st.DataObject) -> None:
    times = times_of(records)
    moment = st.integers(times[0] - 1, times[-1] + 1)
    earlier, later = sorted([data.draw(moment), data.draw(moment)])
    one, other = replay(records, FORM, earlier), replay(records, FORM, later)
    assert one.through_seq <= other.through_seq
    assert one.late == other.late[: len(one.late)] or any(x.counted is not None for x in other.late)
    assert one.conflicts == other.conflicts[: len(one.conflicts)]
    assert one.notices == other.notices[: len(one.notices)]
    assert one.extended_s <= other.extended_s
    assert one.phase is not Phase.OVER or other.phase is Phase.OVER
    assert not one.items or other.items == one.items


@given(records=histories())
def test_every_record_has_its_moment(records: list[OpenRecord]) -> None:
    found = moments(records, DEALT)
    assert [one.seq for one in found] == [one.seq for one in records]
    assert [one.at_ms for one in found] == sorted(one.at_ms for one in found)
    for moment, record in zip(found, records, strict=True):
        frame = replay(records, FORM, moment.at_ms)
        assert frame.through_seq >= record.seq


def told() -> Story:
    story = opened().wait(MINUTE)
    story.event("item_viewed", SINGLE).event("answer_set", SINGLE, response={"options": ["a"]})
    return story


def test_answers_marks_and_the_item_on_the_screen() -> None:
    story = told().wait(1_000).event("marked", JUDGE)
    story.wait(1_000).event("answer_cleared", SINGLE)
    records = story.records
    before = replay(records, FORM, T0 + MINUTE + 999)
    assert (before.phase, before.answers, before.current_item) == (Phase.ANSWERING, {}, None)
    at = replay(records, FORM, T0 + MINUTE + 1_000)
    assert (at.answers, at.current_item) == ({SINGLE: {"options": ["a"]}}, SINGLE)
    assert replay(records, FORM, T0 + MINUTE + 2_000).marks == {JUDGE}
    assert replay(records, FORM, T0 + MINUTE + 3_000).answers == {}


def test_nothing_is_shown_before_the_form_was_dealt() -> None:
    frame = replay(told().records, FORM, T0 - MINUTE)
    assert (frame.phase, frame.items, frame.deadline_ms) == (Phase.BEFORE, (), None)
    assert (frame.connection.machine, frame.connection.seat_no) == ("PC-07", "07")


def test_time_left_follows_extensions_and_pauses() -> None:
    story = told()
    start = story.at_ms
    story.wait(MINUTE).tell("paused", from_ms=story.at_ms, reason_text="设备故障")
    story.wait(5 * MINUTE).tell("resumed", to_ms=story.at_ms)
    story.wait(MINUTE).tell("extended", extend_s=120, reason_text="断网")
    records, end = story.records, T0 + 60 * MINUTE
    assert replay(records, FORM, start).left_ms == end - start
    paused = replay(records, FORM, start + 3 * MINUTE)
    assert paused.phase is Phase.PAUSED
    assert (paused.deadline_ms, paused.left_ms) == (end + 2 * MINUTE, end - start - MINUTE)
    after = replay(records, FORM, start + 7 * MINUTE)
    assert after.deadline_ms == end + 5 * MINUTE + 2 * MINUTE
    assert after.extended_s == 120
    assert [(one.kind, one.text, one.extend_s) for one in after.notices] == [
        ("paused", "设备故障", None), ("resumed", "", None), ("extended", "断网", 120),
    ]  # fmt: skip


def test_a_log_without_the_plan_says_that_it_does_not_know_the_time_left() -> None:
    frame = replay(opened(plan=False).wait(MINUTE).records, FORM, T0 + MINUTE)
    assert (frame.phase, frame.deadline_ms, frame.left_ms) == (Phase.ANSWERING, None, None)


def test_what_was_made_offline_is_on_its_way_until_it_comes() -> None:
    story = told()
    made = story.at_ms + MINUTE
    story.wait(30_000).tell("disconnected", since_ms=story.at_ms - 15_000)
    story.wait(4 * MINUTE).event(
        "answer_set", MULTIPLE, made_ms=made, response={"options": ["b", "c"]}
    )
    story.tell("reconnected", outage_s=240)
    frame = replay(story.records, FORM, made)
    assert MULTIPLE not in frame.answers
    assert [(one.item_id, one.client_ms) for one in frame.on_its_way] == [(MULTIPLE, made)]
    assert frame.current_item == MULTIPLE
    assert frame.connection.offline_since_ms is not None
    done = replay(story.records, FORM, story.at_ms)
    assert done.answers[MULTIPLE] == {"options": ["b", "c"]}
    assert (done.on_its_way, done.connection.offline_since_ms) == ((), None)


def late_story() -> Story:
    story = told()
    story.at_ms = T0 + 61 * MINUTE
    story.tell("submitted", kind="deadline", deadline_ms=T0 + 60 * MINUTE)
    story.wait(MINUTE).event(
        "answer_set", SINGLE, made_ms=T0 + 59 * MINUTE, response={"options": ["b"]}, late=True
    )
    return story.event(
        "answer_set", SHORT, made_ms=T0 + 59 * MINUTE + 1, response={"text": "迟"}, late=True
    )


def test_late_data_stand_beside_what_counts_by_position_and_letter() -> None:
    records = late_story().records
    frame = replay(records, FORM, records[-1].server_ms)
    assert frame.answers == {SINGLE: {"options": ["a"]}}
    assert [one.counted for one in frame.late] == [None, None]
    found = late_data(records, DEALT)
    assert found is not None
    assert (found.seqs, found.through_seq, found.decision) == ((8, 9), 9, None)
    assert found.deadline_ms == T0 + 60 * MINUTE
    by_id = {one.item_id: one for one in found.items}
    assert (by_id[SINGLE].counted, by_id[SINGLE].late) == (
        letter_of(SINGLE, "a"), letter_of(SINGLE, "b"),
    )  # fmt: skip
    assert (by_id[SHORT].counted, by_id[SHORT].late) == ("", "迟")
    assert by_id[SINGLE].late_client_ms < found.deadline_ms < by_id[SINGLE].late_server_ms


def test_a_decision_counts_them_from_its_own_moment_on() -> None:
    story = late_story().wait(MINUTE)
    before = story.at_ms - 1
    story.tell("late_decided", counted=True, through_seq=9, by="one", second="two")
    records = story.records
    assert replay(records, FORM, before).answers == {SINGLE: {"options": ["a"]}}
    after = replay(records, FORM, story.at_ms)
    assert after.answers == {SINGLE: {"options": ["b"]}, SHORT: {"text": "迟"}}
    assert [one.counted for one in after.late] == [True, True]
    found = late_data(records, DEALT)
    assert found is not None
    assert found.decision is not None
    assert found.decision.counted


def test_late_data_may_come_only_after_the_server_handed_in() -> None:
    assert late_until_ms(told().records, 600) is None
    assert late_until_ms(late_story().records, 600) == T0 + 70 * MINUTE
    own = told().tell("submitted", kind="self").records
    assert late_until_ms(own, 600) is None


def test_a_conflict_is_shown_apart_and_changes_nothing() -> None:
    story = told().tell(
        "conflict", client_seq=2, client_ms=T0, item_id=SINGLE, given_kind="answer_set",
        response={"options": ["d"]},
    )  # fmt: skip
    frame = replay(story.records, FORM, story.at_ms)
    assert frame.answers == {SINGLE: {"options": ["a"]}}
    [other] = frame.conflicts
    assert (other.kind, other.response, other.client_seq) == ("answer_set", {"options": ["d"]}, 2)
    assert moments(story.records, DEALT)[-1].group is Group.CONFLICT


@pytest.mark.parametrize(
    ("item_id", "response", "words"),
    [
        (JUDGE, {"options": ["true"]}, "A"),
        (SHORT, {"text": "因为"}, "因为"),
        (SINGLE, None, ""),
        (SINGLE, {"options": ["unknown"]}, ""),
    ],
)
def test_a_response_is_shown_in_displayed_letters(item_id: str, response: Any, words: str) -> None:
    dealt = next(one for one in DEALT if one.item.item_id == item_id)
    assert shown(dealt, response) == words


def test_several_letters_stand_in_the_order_of_the_screen() -> None:
    dealt = next(one for one in DEALT if one.item.item_id == MULTIPLE)
    everything = {"options": ["d", "c", "b", "a"]}
    assert shown(dealt, everything) == "A B C D"


def test_a_replay_is_of_the_form_that_was_dealt() -> None:
    changed = Form("A", FORM.items[:-1])
    with pytest.raises(Refusal, match=r"sitting\.form_unknown"):
        replay(told().records, changed, T0 + MINUTE)

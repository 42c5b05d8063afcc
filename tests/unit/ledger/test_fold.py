"""The fold against a plain dictionary that is told the same story."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.fold import counts, fold, late_decisions, standing
from ledger.reading import OpenRecord

Step = tuple[str, str, int, bool]

steps = st.lists(
    st.tuples(
        st.sampled_from(["answer_set", "answer_cleared", "marked", "unmarked", "item_viewed"]),
        st.sampled_from(["item_1", "item_2", "item_3"]),
        st.integers(0, 9),
        st.booleans(),
    ),
    max_size=30,
)


def records(story: list[Step], epochs: list[int]) -> list[OpenRecord]:
    found, counts = [], dict.fromkeys(epochs, 0)
    for seq, (step, epoch) in enumerate(zip(story, sorted(epochs), strict=True), 1):
        kind, item_id, value, late = step
        counts[epoch] += 1
        body: dict[str, Any] = {"client_seq": counts[epoch], "client_ms": seq, "item_id": item_id}
        if kind == "answer_set":
            body["response"] = {"options": [value]}
        if late:
            body["late"] = True
        found.append(OpenRecord("sitting/s", seq, seq * 10, epoch, kind, body, b""))
    return found


def noise(seq: int) -> list[OpenRecord]:
    """What changes no answer: a conflict and acts of server and staff."""
    other = {"client_seq": 1, "item_id": "item_1", "response": {"options": ["other"]}}
    return [
        OpenRecord("sitting/s", seq, seq, 1, "conflict", other, b""),
        OpenRecord("sitting/s", seq, seq, 0, "warned", {"item_id": "item_1"}, b""),
    ]


@given(story=steps, count_late=st.booleans(), data=st.data())
def test_the_fold_is_what_a_dictionary_would_hold(
    story: list[Step], count_late: bool, data: st.DataObject
) -> None:
    epochs = data.draw(st.lists(st.integers(1, 3), min_size=len(story), max_size=len(story)))
    answers: dict[str, Any] = {}
    marks: set[str] = set()
    for kind, item_id, value, late in story:
        if late and not count_late:
            continue
        if kind == "answer_set":
            answers[item_id] = {"options": [value]}
        elif kind == "answer_cleared":
            answers.pop(item_id, None)
        elif kind == "marked":
            marks.add(item_id)
        elif kind == "unmarked":
            marks.discard(item_id)
    held = records(story, epochs)
    found = fold([*noise(0), *held, *noise(99)], count_late=count_late)
    assert (found.answers, found.marks) == (answers, marks)
    assert found.late == sum(step[3] for step in story)
    assert found.acknowledged == {epoch: epochs.count(epoch) for epoch in set(epochs)}


@given(story=steps)
def test_the_order_of_arrival_does_not_matter_the_devices_numbers_do(story: list[Step]) -> None:
    held = records(story, [1] * len(story))
    assert fold(held).answers == fold(list(reversed(held))).answers


def late(seq: int, number: int, option: str) -> OpenRecord:
    body = {"client_seq": number, "client_ms": 1, "item_id": "item_1", "late": True}
    body |= {"response": {"options": [option]}}
    return OpenRecord("sitting/s", seq, seq, 1, "answer_set", body, b"")


def decided(seq: int, *, counted: Any, by: Any = "one", second: Any = "two") -> OpenRecord:
    body = {"counted": counted, "through_seq": seq - 1, "by": by, "second": second}
    return OpenRecord("sitting/s", seq, seq, 1, "late_decided", body, b"")


def test_late_data_count_only_when_two_people_said_so() -> None:
    waiting = fold([late(1, 1, "a")])
    assert (waiting.answers, waiting.undecided) == ({}, 1)
    counted = fold([late(1, 1, "a"), decided(2, counted=True)])
    assert (counted.answers, counted.undecided) == ({"item_1": {"options": ["a"]}}, 0)
    refused = fold([late(1, 1, "a"), decided(2, counted=False)])
    assert (refused.answers, refused.undecided) == ({}, 0)


@pytest.mark.parametrize(
    ("by", "second"), [("one", "one"), ("one", None), (None, "two"), ("one", "")]
)
def test_one_person_decides_nothing(by: Any, second: Any) -> None:
    found = fold([late(1, 1, "a"), decided(2, counted=True, by=by, second=second)])
    assert (found.answers, found.undecided) == ({}, 1)


def test_what_counted_says_must_be_true_itself() -> None:
    assert fold([late(1, 1, "a"), decided(2, counted="yes")]).answers == {}


def test_a_decision_covers_what_came_before_it_and_the_first_one_holds() -> None:
    story = [late(1, 1, "a"), decided(2, counted=False), decided(3, counted=True)]
    assert fold(story).answers == {}
    later = [*story, late(4, 2, "b")]
    assert (fold(later).answers, fold(later).undecided) == ({}, 1)
    assert fold([*later, decided(5, counted=True)]).answers == {"item_1": {"options": ["b"]}}


def test_what_stands_about_an_item_tells_when_it_was_made_a_clearing_too() -> None:
    story: list[Step] = [
        ("answer_set", "item_1", 1, False),
        ("answer_set", "item_2", 1, False),
        ("answer_cleared", "item_1", 0, False),
        ("marked", "item_2", 0, False),
        ("answer_set", "item_2", 2, True),
    ]
    found = fold(records(story, [1, 1, 2, 2, 2]))
    assert found.settled_ms == {"item_1": 3, "item_2": 2}


def test_an_empty_stream_has_no_answers() -> None:
    empty = fold([])
    assert (empty.answers, empty.acked(1), empty.last_answer_ms) == ({}, 0, None)


@given(story=steps, data=st.data())
def test_the_record_that_stands_holds_the_answer_that_the_fold_finds(
    story: list[Step], data: st.DataObject
) -> None:
    epochs = data.draw(st.lists(st.integers(1, 3), min_size=len(story), max_size=len(story)))
    held = records(story, epochs)
    for _ in range(data.draw(st.integers(0, 2))):
        held.append(decided(len(held) + 1, counted=data.draw(st.booleans())))
    held = [*noise(0), *held, *noise(len(held) + 1)]
    answers = fold(held).answers
    for item_id in ("item_1", "item_2", "item_3"):
        record = standing(held, item_id)
        assert answers.get(item_id) == (None if record is None else record.body["response"])
        assert record is None or counts(record, late_decisions(held))


def test_what_came_in_time_counts_and_what_came_late_waits_for_two() -> None:
    [timely] = records([("answer_set", "item_1", 1, False)], [1])
    assert counts(timely, [])
    assert not counts(late(1, 1, "a"), [])
    for counted in (True, False):
        decisions = late_decisions([decided(2, counted=counted)])
        assert counts(late(1, 1, "a"), decisions) is counted
        assert not counts(late(3, 2, "a"), decisions)

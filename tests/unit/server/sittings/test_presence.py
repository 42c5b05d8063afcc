"""What is known in memory: it follows the ledger and never runs ahead of it."""

from hypothesis import given
from hypothesis import strategies as st

from server.sittings.service.presence import GAP_MS, THUMBNAILS_KEPT, Presence, Progress

Change = tuple[int, str, str | None, bool]
changes = st.lists(
    st.tuples(
        st.sampled_from(["answer_set", "answer_cleared", "marked", "item_viewed"]),
        st.sampled_from(["a", "b", "c"]),
        st.booleans(),
    ),
    max_size=20,
)


def folded(events: list[Change]) -> set[str]:
    """The plain reading: the last word on each item."""
    state: dict[str, bool] = {}
    for _, kind, item, blank in events:
        if item and kind == "answer_set":
            state[item] = not blank
        elif item and kind == "answer_cleared":
            state[item] = False
    return {item for item, answered in state.items() if answered}


@given(changes, st.lists(st.integers(0, 19), max_size=10))
def test_replayed_batches_change_no_count(
    raw: list[tuple[str, str, bool]], cuts: list[int]
) -> None:
    events: list[Change] = [(n + 1, k, i, b) for n, (k, i, b) in enumerate(raw)]
    progress = Progress()
    progress.apply(1, events)
    for cut in cuts:
        progress.apply(1, events[: cut + 1])
    assert progress.answered == folded(events)
    assert progress.acked_through == len(events)


def test_a_new_device_keeps_the_answers_and_counts_from_one() -> None:
    progress = Progress()
    progress.apply(1, [(1, "answer_set", "a", False), (2, "answer_set", "b", False)])
    progress.apply(2, [(1, "answer_cleared", "a", True)])
    progress.apply(1, [(3, "answer_set", "c", False)])
    assert (progress.answered, progress.epoch, progress.acked_through) == ({"b"}, 2, 1)


def test_an_older_reading_does_not_replace_what_is_known_to_be_durable() -> None:
    presence = Presence(0)
    presence.keep_progress("s", Progress(set(), 1, 0))
    presence.counted("s", 1, [(1, "answer_set", "a", False)])
    presence.keep_progress("s", Progress(set(), 1, 0))
    assert presence.progress("s") == Progress({"a"}, 1, 1)
    presence.keep_progress("s", Progress({"a", "b"}, 1, 2))
    assert presence.progress("s") == Progress({"a", "b"}, 1, 2)


def test_an_older_reading_is_not_kept_either_when_nothing_was_known_meanwhile() -> None:
    presence = Presence(0)
    presence.counted("s", 1, [(1, "answer_set", "a", False)])
    presence.keep_progress("s", Progress(set(), 1, 0))
    assert presence.progress("s") is None
    presence.keep_progress("s", Progress({"a"}, 1, 1))
    presence.outdated("s", 1, 3)
    presence.keep_progress("s", Progress({"a"}, 1, 2))
    assert presence.progress("s") is None


def test_events_after_some_that_are_not_known_here_are_not_counted_alone() -> None:
    presence = Presence(0)
    presence.keep_progress("s", Progress({"a"}, 1, 1))
    presence.counted("s", 1, [(3, "answer_set", "c", False)])
    assert presence.progress("s") is None
    presence.keep_progress("s", Progress({"a", "b", "c"}, 1, 3))
    presence.counted("s", 1, [(2, "answer_set", "b", False), (3, "answer_set", "c", False)])
    presence.counted("s", 1, [(4, "answer_cleared", "a", True)])
    assert presence.progress("s") == Progress({"b", "c"}, 1, 4)


def test_nobody_is_offline_before_the_policy_says_so() -> None:
    presence = Presence(1_000)
    assert presence.offline_since("s", 16_000, 15) is None
    assert presence.offline_since("s", 16_001, 15) == 1_000
    presence.touch("s", 20_000)
    assert presence.offline_since("s", 35_000, 15) is None


def test_the_first_word_after_a_gap_ends_the_outage() -> None:
    presence = Presence(0)
    presence.touch("s", 1_000)
    assert presence.back_ms("s") is None
    presence.touch("s", 1_000 + GAP_MS + 1)
    presence.touch("s", 1_000 + GAP_MS + 2)
    assert presence.back_ms("s") == 1_000 + GAP_MS + 1


def test_time_heard_never_goes_backwards() -> None:
    presence = Presence(0)
    presence.touch("s", 9_000)
    presence.touch("s", 8_000)
    assert presence.last_seen_ms("s") == 9_000


def test_small_pictures_do_not_fill_the_memory() -> None:
    presence = Presence(0)
    for n in range(THUMBNAILS_KEPT + 5):
        presence.keep_thumbnail(f"s{n}", b"x", n)
    assert presence.thumbnail("s0") is None
    kept = presence.thumbnail(f"s{THUMBNAILS_KEPT + 4}")
    assert kept is not None

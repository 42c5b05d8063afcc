"""A batch is checked by itself before anybody asks the database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kernel.codec import canonical_json
from kernel.errors import Refusal
from ledger.client import EVENTS_LIMIT, ClientBatch, ClientEvent, check_batch

EVENT = ClientEvent(1, "answer_set", "item_1", '{"options":["A"]}', 1_795_000_000_000)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def batch(*events: ClientEvent, first_seq: int = 1, epoch: int = 1) -> ClientBatch:
    return ClientBatch("sitting/s", epoch, first_seq, events, bytes(64))


def refusal(wrong: ClientBatch) -> str:
    with pytest.raises(Refusal) as caught:
        check_batch(wrong)
    return caught.value.code


@pytest.mark.parametrize("kind", ["submitted", "violation", "device", "no_such_kind", ""])
def test_a_device_cannot_say_what_is_not_its_to_say(kind: str) -> None:
    assert refusal(batch(replace(EVENT, kind=kind))) == "ledger.kind_unknown"


@pytest.mark.parametrize(
    "response_json",
    ["{", "not json", '{"b":1,"a":2}', '{"a": 1}', '"\ud800"', "[" * 5_000 + "]" * 5_000, "1.0e5"],
)
def test_a_response_that_is_not_canonical_json_is_refused(response_json: str) -> None:
    assert refusal(batch(replace(EVENT, response_json=response_json))) == "ledger.bad_event"


@pytest.mark.parametrize("client_ms", [-1, 1 << 53, 1 << 64])
def test_an_impossible_time_is_refused(client_ms: int) -> None:
    assert refusal(batch(replace(EVENT, client_ms=client_ms))) == "ledger.bad_event"


@pytest.mark.parametrize(
    "wrong",
    [
        batch(),
        batch(EVENT, first_seq=2),
        batch(EVENT, replace(EVENT, seq=3)),
        batch(EVENT, EVENT),
        batch(replace(EVENT, seq=0), first_seq=0),
        batch(EVENT, epoch=0),
        batch(EVENT, epoch=1 << 60),
        batch(replace(EVENT, seq=1 << 53), first_seq=1 << 53),
    ],
)
def test_numbers_that_do_not_follow_each_other_are_refused(wrong: ClientBatch) -> None:
    assert refusal(wrong) == "ledger.numbers"


def test_ten_thousand_events_in_one_batch_are_refused() -> None:
    many = [replace(EVENT, seq=seq) for seq in range(1, 10_001)]
    assert refusal(batch(*many)) == "ledger.too_many"
    check_batch(batch(*many[:EVENTS_LIMIT]))


@given(response=JSON)
def test_every_canonical_response_passes(response: object) -> None:
    check_batch(batch(replace(EVENT, response_json=canonical_json(response).decode())))

"""A batch read at once is the batch that the declared shape reads, or nothing at all."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from kernel.errors import Refusal
from kernel.web import check_plain
from server.sittings.service import Batch
from server.sittings.service.shapes import EventsIn, quickly, quickly_said

USUAL: dict[str, Any] = {
    "epoch": 1,
    "first_seq": 4,
    "events": [
        {
            "seq": 4, "kind": "answer_set", "item_id": "item-1", "client_ms": 1_700_000_000_000,
            "response": {"options": ["o1", "o2"]},
        },
        {"seq": 5, "kind": "answer_set", "item_id": "题", "client_ms": 0,
         "response": {"text": "甲\n乙"}},
        {"seq": 6, "kind": "focus_lost", "client_ms": 7},
    ],
    "signature_b64": "AAAA",
}  # fmt: skip

odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1, "1", 1.0, 1.5, 1e16, (1 << 53) - 1, 1 << 53, 1 << 64, "x" * 201, "", [],
     {}, float("inf"), float("nan"), "\0", "\ud800", "=", "QQ==", {"text": {"a": [1 << 60]}}]
)  # fmt: skip
anything = st.recursive(
    odd | st.text(max_size=5) | st.integers(),
    lambda one: st.lists(one, max_size=2) | st.dictionaries(st.text(max_size=3), one, max_size=2),
    max_leaves=6,
)
event = st.fixed_dictionaries(
    {},
    optional={
        "seq": st.integers(1, 9) | odd, "kind": st.sampled_from(["marked", "k" * 41]) | odd,
        "item_id": st.just("i") | odd, "response": st.just({"text": "x"}) | anything,
        "client_ms": st.integers(0, 9) | odd, "more": odd,
    },
)  # fmt: skip
body = st.fixed_dictionaries(
    {},
    optional={
        "epoch": st.just(1) | odd, "first_seq": st.just(1) | odd,
        "events": st.lists(event, max_size=3) | odd,
        "signature_b64": st.sampled_from(["AAAA", "QQ=", "A" * 204]) | odd, "more": odd,
    },
)  # fmt: skip


def declared(raw: bytes) -> Batch | None:
    """What the declared endpoint's checks make of it; None for a refusal."""
    try:
        given_json = json.loads(raw)
        check_plain(given_json)
        return EventsIn.model_validate(given_json).batch()
    except (ValueError, ValidationError, Refusal):
        return None


@given(body, st.booleans())
@example(USUAL, False)
def test_what_is_read_at_once_is_read_the_same_by_the_declared_shape(
    value: object, pretty: bool
) -> None:
    raw = json.dumps(value, ensure_ascii=pretty).encode(errors="surrogatepass")
    batch = quickly(raw)
    assert batch is None or batch == declared(raw)


@given(st.integers(0, 400), st.binary(max_size=2))
def test_a_body_with_a_few_bytes_wrong_is_read_the_same_or_not_at_once(
    at: int, wrong: bytes
) -> None:
    raw = json.dumps(USUAL, ensure_ascii=False).encode()
    raw = raw[:at] + wrong + raw[at + len(wrong) :]
    batch = quickly(raw)
    assert batch is None or batch == declared(raw)


@given(body, st.just("events") | odd)
def test_a_message_of_the_socket_is_read_the_same_or_not_at_once(
    value: dict[str, Any], kind: object
) -> None:
    raw = json.dumps({"type": kind, **value}, ensure_ascii=False)
    batch = quickly_said(raw)
    assert batch is None or (kind == "events" and batch == declared(json.dumps(value).encode()))


@pytest.mark.parametrize("kind", ["help", "", None])
def test_another_message_is_not_taken_for_events(kind: object) -> None:
    usual = json.dumps(USUAL, ensure_ascii=False)
    assert quickly_said(f'{{"type": "events", {usual[1:]}') == quickly(usual.encode()) is not None
    assert quickly_said(f'{{"type": {json.dumps(kind)}, {usual[1:]}') is None
    assert quickly_said(usual) is None


def test_what_the_player_sends_is_read_at_once() -> None:
    batch = quickly(json.dumps(USUAL, ensure_ascii=False).encode())
    assert batch is not None
    assert [one.kind for one in batch.events] == ["answer_set", "answer_set", "focus_lost"]


@pytest.mark.parametrize(
    "response",
    ['{"text": "\\u0000"}', '{"text": 1e400}', '{"text": 1.5}', '{"a":' * 9 + "1" + "}" * 9,
     '{"a":' * 5_000 + "1" + "}" * 5_000, '{"text": 9007199254740993}'],
)  # fmt: skip
def test_an_odd_response_is_left_to_the_declared_shape(response: str) -> None:
    raw = json.dumps(USUAL).replace('{"options": ["o1", "o2"]}', response)
    assert quickly(raw.encode()) is None

"""The bytes a candidate's device signs; the client's own tests read the same file."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from kernel.codec import canonical_json, encode
from ledger.client import ClientEvent, batch_message
from server.sittings.service.submitting import FinalState, final_message

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("client_device.json").read_text())


def _field(value: Any) -> Any:
    if isinstance(value, dict):
        return bytes.fromhex(value["bytes"])
    return [_field(part) for part in value] if isinstance(value, list) else value


def _event(row: dict[str, Any]) -> ClientEvent:
    response = row["response"]
    text = "" if response is None else canonical_json(response).decode()
    return ClientEvent(row["seq"], row["kind"], row["item_id"] or "", text, row["client_ms"])


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda vector: vector["kind"])
def test_a_frame_has_its_published_bytes(vector: dict[str, Any]) -> None:
    frame = encode(vector["kind"], vector["version"], _field(vector["fields"]))
    assert frame.hex() == vector["hex"]


def test_canonical_json_has_its_published_text() -> None:
    for vector in VECTORS["json"]:
        assert canonical_json(vector["value"]).decode() == vector["text"]


def test_a_batch_has_its_published_message() -> None:
    batch = VECTORS["batch"]
    events = [_event(row) for row in batch["events"]]
    assert [e.to_bytes(batch["epoch"]).hex() for e in events] == [
        row["hex"] for row in batch["events"]
    ]
    message = batch_message(batch["origin"], batch["stream_id"], batch["epoch"], events)
    assert message.hex() == batch["message_hex"]


def test_a_final_state_has_its_published_message() -> None:
    batch, final = VECTORS["batch"], VECTORS["final"]
    state = hashlib.sha256(canonical_json(final["answers"])).digest()
    assert state.hex() == final["state_hash_hex"]
    stated = FinalState(batch["epoch"], final["last_seq"], state, b"")
    message = final_message(batch["origin"], batch["stream_id"], stated)
    assert message.hex() == final["message_hex"]

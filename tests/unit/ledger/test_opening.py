"""With the key: a server that writes what no device signed is found, though chain and seal hold."""

from collections.abc import Callable
from typing import Any

import pytest

from kernel.codec import canonical_json
from kernel.crypto.signing import DeviceKey
from kernel.crypto.suite import InternationalSuite
from ledger.chain import Damage, Sealed, Stored, diagnose, read_stream_file
from ledger.client import ClientEvent, batch_message, final_message, state_hash
from ledger.layout import stream_bytes
from ledger.opening import Opened, open_bodies
from ledger.record import ZERO_HASH, Place, seal_record
from ledger.scopes import key_commitment

ORIGIN, STREAM, SESSION = "origin", "sitting/s1", "session_1"
KEY = bytes(range(32))
SUITE = InternationalSuite()
Entry = tuple[str, dict[str, Any], int, int]


class Story:
    """Records of one sitting as a server would write them; a test falsifies them before sealing."""

    def __init__(self) -> None:
        self.device = DeviceKey()
        self.keys: dict[tuple[str, int], bytes] = {(STREAM, 1): KEY}
        opening = {
            "session_id": SESSION,
            "sitting_id": "s1",
            "data_key": key_commitment(KEY).hex(),
        }
        self.entries: list[Entry] = [
            ("opened", opening, 0, 1),
            ("device", {"public_key": self.device.public.hex()}, 1, 1),
        ]
        self.batch(1, "A", "B")
        self.batch(3, "C")
        state = state_hash({"item_1": {"options": ["A"]}})
        message = final_message(ORIGIN, STREAM, 1, 3, state)
        final = {
            "epoch": 1,
            "last_seq": 3,
            "state_hash": state.hex(),
            "client_signature": self.device.sign(message).hex(),
        }
        self.entries.append(("submitted", final, 1, 1))

    def batch(self, first: int, *letters: str) -> None:
        responses = [{"options": [letter]} for letter in letters]
        events = [
            ClientEvent(first + n, "answer_set", "item_1", canonical_json(r).decode(), 9)
            for n, r in enumerate(responses)
        ]
        signature = self.device.sign(batch_message(ORIGIN, STREAM, 1, events))
        for event, response in zip(events, responses, strict=True):
            body: dict[str, Any] = {
                "client_seq": event.seq,
                "client_ms": 9,
                "item_id": "item_1",
                "response": response,
            }
            if event is events[-1]:
                body["batch"] = {"first_seq": first, "signature": signature.hex()}
            self.entries.append(("answer_set", body, 1, 1))

    def records(self) -> tuple[Stored, ...]:
        """Sealed in good order: the chain of a liar holds."""
        previous, held = ZERO_HASH, []
        for seq, (kind, content, epoch, version) in enumerate(self.entries, 1):
            key = self.keys.get((STREAM, version), KEY)
            sealed = seal_record(
                SUITE, key, Place(ORIGIN, STREAM, seq, previous, version), salt=bytes(32),
                server_ms=seq, epoch=epoch, kind=kind, content=content,
            )  # fmt: skip
            held.append((sealed.header, sealed.ciphertext))
            previous = sealed.hash
        file = read_stream_file(stream_bytes(held), previous)
        expected = Sealed(ORIGIN, STREAM, len(held))
        found = diagnose(expected, file, lambda _other: None)
        assert found is None or found.damage is Damage.WRONG_KEY_VERSION
        return file.records

    def opened(self, key: bytes = KEY) -> Opened:
        keys = {**self.keys, (STREAM, 1): key}
        return open_bodies(ORIGIN, STREAM, SESSION, self.records(), keys)


def body(story: Story, seq: int) -> dict[str, Any]:
    return story.entries[seq - 1][1]


def change_answer(story: Story) -> None:
    body(story, 3)["response"] = {"options": ["D"]}


def change_time(story: Story) -> None:
    body(story, 4)["client_ms"] = 10


def add_answer(story: Story) -> None:
    added = {"client_seq": 4, "client_ms": 9, "item_id": "item_1", "response": {"options": ["D"]}}
    story.entries.append(("answer_set", added, 1, 1))


def add_act_of_a_device(story: Story) -> None:
    story.entries.append(("answer_cleared", {"item_id": "item_1"}, 1, 1))


def leave_out(story: Story) -> None:
    del story.entries[3]


def leave_out_whole_batch(story: Story) -> None:
    del story.entries[2:4]


def change_device(story: Story) -> None:
    body(story, 2)["public_key"] = DeviceKey().public.hex()


def second_device_of_one_epoch(story: Story) -> None:
    story.entries.insert(4, ("device", {"public_key": DeviceKey().public.hex()}, 1, 1))


def change_final_state(story: Story) -> None:
    body(story, 6)["state_hash"] = "00" * 32


def another_session(story: Story) -> None:
    body(story, 1)["session_id"] = "session_2"


def another_sitting(story: Story) -> None:
    body(story, 1)["sitting_id"] = "s2"


def another_key(story: Story) -> None:
    body(story, 1)["data_key"] = "00" * 32


def no_opening(story: Story) -> None:
    del story.entries[0]


def unknown_kind(story: Story) -> None:
    story.entries[4] = ("capture", {}, 1, 1)


def later_key(story: Story) -> None:
    story.entries[5] = (*story.entries[5][:3], 2)


CASES: tuple[tuple[Callable[[Story], None], Damage, int], ...] = (
    (change_answer, Damage.FORGED, 4),
    (change_time, Damage.FORGED, 4),
    (add_answer, Damage.FORGED, 7),
    (add_act_of_a_device, Damage.FORGED, 7),
    (leave_out, Damage.CLIENT_GAP, 4),
    (leave_out_whole_batch, Damage.CLIENT_GAP, 3),
    (change_device, Damage.FORGED, 4),
    (second_device_of_one_epoch, Damage.FORGED, 5),
    (change_final_state, Damage.FORGED, 6),
    (another_session, Damage.RELABELLED, 1),
    (another_sitting, Damage.RELABELLED, 1),
    (another_key, Damage.WRONG_KEY, 1),
    (no_opening, Damage.UNKNOWN_KIND, 1),
    (unknown_kind, Damage.UNKNOWN_KIND, 5),
    (later_key, Damage.WRONG_KEY_VERSION, 6),
)


def test_an_honest_stream_opens_whole() -> None:
    opened = Story().opened()
    assert opened.finding is None
    assert (opened.bodies, opened.device_events, opened.signatures) == (6, 3, 3)


@pytest.mark.parametrize(("falsify", "damage", "seq"), CASES, ids=[c[0].__name__ for c in CASES])
def test_what_no_device_signed_is_found_at_its_record(
    falsify: Callable[[Story], None], damage: Damage, seq: int
) -> None:
    story = Story()
    falsify(story)
    found = story.opened().finding
    assert found is not None
    assert (found.damage, found.place, found.seq) == (damage, STREAM, seq)


def test_another_key_opens_nothing() -> None:
    found = Story().opened(bytes(32)).finding
    assert found is not None
    assert (found.damage, found.seq) == (Damage.UNREADABLE, 1)


SECOND = bytes(range(1, 33))


def rotate(story: Story, version: int = 2, key: bytes = SECOND) -> None:
    """The announcement after record 4, and the rest under version 2."""
    story.keys[STREAM, 2] = SECOND
    act = {"version": version, "data_key": key_commitment(key).hex()}
    later = [(*entry[:3], 2) for entry in story.entries[4:]]
    story.entries[4:] = [("key_rotated", act, 1, 1), *later]


def test_an_announced_key_is_taken_up_by_the_next_record() -> None:
    story = Story()
    rotate(story)
    opened = story.opened()
    assert opened.finding is None
    assert opened.bodies == len(story.entries)


def jump_unannounced(story: Story) -> None:
    rotate(story)
    del story.entries[4]


def announce_and_stay(story: Story) -> None:
    rotate(story)
    story.entries[5] = (*story.entries[5][:3], 1)


def announce_two_steps(story: Story) -> None:
    rotate(story, version=3)


def announce_another_key(story: Story) -> None:
    rotate(story, key=bytes(32))


@pytest.mark.parametrize(
    ("change", "damage", "seq"),
    [
        (jump_unannounced, Damage.WRONG_KEY_VERSION, 5),
        (announce_and_stay, Damage.WRONG_KEY_VERSION, 6),
        (announce_two_steps, Damage.WRONG_KEY_VERSION, 5),
        (announce_another_key, Damage.WRONG_KEY, 5),
    ],
)
def test_a_key_that_changes_without_its_record_is_found(
    change: Callable[[Story], None], damage: Damage, seq: int
) -> None:
    story = Story()
    change(story)
    finding = story.opened().finding
    assert finding is not None
    assert (finding.damage, finding.seq) == (damage, seq)

"""A simulated candidate: everything the player does, without the browser.

Rules kept here: it signs like a browser (P-256 over canonical frames); it counts an answer as saved
only after the acknowledgement came back; what it was promised is kept for the check afterwards.
"""

import base64
from dataclasses import dataclass, field
from typing import Any

import httpx

from kernel.clock import Clock
from kernel.codec import canonical_json, encode
from kernel.crypto import digest
from kernel.crypto.signing import DeviceKey
from server.rehearsal.api import Api
from server.rehearsal.figures import Figures


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass
class Desk:
    """The seat PC and the papers in the candidate's hand."""

    ticket_no: str
    id_number: str
    machine_token: str


@dataclass
class Promised:
    """What the server acknowledged: the last response per item, and how many events."""

    answers: dict[str, Any] = field(default_factory=dict)
    events: int = 0


class SimulatedCandidate:
    """One candidate at one seat."""

    def __init__(self, http: httpx.AsyncClient, desk: Desk, clock: Clock, figures: Figures) -> None:
        self.api = Api(http, figures)
        self.desk = desk
        self.promised = Promised()
        self.paper: dict[str, Any] = {}
        self.sitting_id = ""
        self._clock = clock
        self._key = DeviceKey()
        self._epoch = 0
        self._next_seq = 1
        self._stream_id = ""
        self._origin = ""
        self._unsent: list[dict[str, Any]] = []

    @property
    def epoch(self) -> int:
        """The device epoch in force; 0 before the first."""
        return self._epoch

    @property
    def unsent(self) -> tuple[dict[str, Any], ...]:
        """Events that are queued and not acknowledged."""
        return tuple(self._unsent)

    @property
    def standing(self) -> dict[str, Any]:
        """The acknowledged answers, blanks left out."""
        return {item: given for item, given in self.promised.answers.items() if given is not None}

    async def sign_in(self) -> None:
        """At the seat: ticket number, ID number, this machine."""
        body = {
            "ticket_no": self.desk.ticket_no,
            "id_number": self.desk.id_number,
            "machine_token": self.desk.machine_token,
        }
        reply = await self.api.insist("sign_in", "POST", "/api/sitting/sign-in", json=body)
        self.api.token = reply["token"]
        self.sitting_id = reply["sitting_id"]

    async def show_face(self, jpeg: bytes) -> dict[str, Any]:
        """The second match, against the frame taken at the door."""
        reply: dict[str, Any] = await self.api.insist(
            "seat_face", "POST", "/api/sitting/face", content=jpeg,
            headers={"content-type": "image/jpeg"},
        )  # fmt: skip
        return reply

    async def enrol_device(self) -> None:
        """A new device epoch with this machine's public key."""
        reply = await self.api.insist(
            "device", "POST", "/api/sitting/device",
            json={"public_key_b64": _b64(self._key.public)},
        )  # fmt: skip
        self._epoch, self._stream_id = reply["epoch"], reply["stream_id"]
        self._origin, self._next_seq = reply["origin"], 1

    async def state(self) -> dict[str, Any]:
        reply: dict[str, Any] = await self.api.insist("state", "GET", "/api/sitting/state")
        return reply

    async def take_paper(self) -> dict[str, Any]:
        """The dealt form with what the ledger holds of this sitting."""
        self.paper = await self.api.insist("paper", "GET", "/api/sitting/paper")
        self._next_seq = max(self._next_seq, self.paper.get("next_seq", 1))
        return self.paper

    def answer(self, item_id: str, response: dict[str, Any] | None) -> None:
        """Choose or write; it is not saved before ``send`` came back."""
        kind = "answer_set" if response else "answer_cleared"
        self.note(kind, item_id, response)

    def note(self, kind: str, item_id: str | None = None, response: Any = None) -> None:
        """Queue one event."""
        self._unsent.append(
            {
                "seq": self._next_seq,
                "kind": kind,
                "item_id": item_id,
                "response": response,
                "client_ms": self._clock.now_ms(),
            }
        )
        self._next_seq += 1

    async def send(self) -> None:
        """One signed batch; what comes back acknowledged is promised."""
        if self._unsent:
            body = self.signed_batch()
            ack = await self.api.insist("save", "POST", "/api/sitting/events", json=body)
            self.take_ack(body, ack)

    def signed_batch(self) -> dict[str, Any]:
        """Everything queued as the body of one save; it stays queued until ``take_ack``."""
        batch = list(self._unsent)
        return {
            "epoch": self._epoch,
            "first_seq": batch[0]["seq"],
            "events": batch,
            "signature_b64": _b64(self._key.sign(self._batch_message(batch))),
        }

    def set_apart(self) -> dict[str, Any]:
        """The same, out of the queue: whoever takes it sends it, in order, and brings the ack."""
        body = self.signed_batch()
        self._unsent.clear()
        return body

    def take_ack(self, body: dict[str, Any], ack: dict[str, Any]) -> None:
        """The server's answer to that save: the batch is promised from now on."""
        batch = body["events"]
        if ack["acked_through"] < batch[-1]["seq"]:
            raise AssertionError(f"acknowledged only through {ack['acked_through']}")
        del self._unsent[: len(batch)]
        self.promised.events += len(batch)
        for event in batch:
            if event["kind"] in {"answer_set", "answer_cleared"}:
                self.promised.answers[event["item_id"]] = event["response"]

    def _batch_message(self, batch: list[dict[str, Any]]) -> bytes:
        pieces = b"".join(
            encode(
                "client-event", 1,
                [
                    self._epoch, event["seq"], event["kind"], event["item_id"] or "",
                    "" if event["response"] is None
                    else canonical_json(event["response"]).decode(),
                    event["client_ms"],
                ],
            )
            for event in batch
        )  # fmt: skip
        return encode(
            "client-batch", 1,
            [
                self._origin, self._stream_id, self._epoch, batch[0]["seq"], batch[-1]["seq"],
                digest.sha256(pieces),
            ],
        )  # fmt: skip

    async def capture(self, jpeg: bytes) -> None:
        """A frame that is matched."""
        await self.api.insist(
            "capture", "POST", "/api/sitting/captures",
            params={"taken_at_ms": self._clock.now_ms()}, content=jpeg,
            headers={"content-type": "image/jpeg"},
        )  # fmt: skip

    async def thumbnail(self, jpeg: bytes) -> None:
        """A picture for the wall; not matched, not kept."""
        await self.api.call(
            "thumbnail", "POST", "/api/sitting/thumbnail", content=jpeg,
            headers={"content-type": "image/jpeg"},
        )  # fmt: skip

    def missing(self, held: dict[str, Any]) -> list[str]:
        """Items whose acknowledged answer is not what the ledger's fold holds."""
        return [
            item for item, response in self.promised.answers.items() if held.get(item) != response
        ]

    async def submit(self) -> dict[str, Any]:
        """Hand in; the same receipt however often it is asked."""
        stated = digest.sha256(encode("client-state", 1, [canonical_json(self.standing).decode()]))
        last = self._next_seq - 1
        message = encode(
            "client-final", 1, [self._origin, self._stream_id, self._epoch, last, stated]
        )
        reply: dict[str, Any] = await self.api.insist(
            "submit",
            "POST",
            "/api/sitting/submit",
            json={
                "epoch": self._epoch,
                "last_seq": last,
                "state_hash_hex": stated.hex(),
                "signature_b64": _b64(self._key.sign(message)),
            },
        )
        return reply

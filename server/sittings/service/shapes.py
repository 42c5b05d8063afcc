"""Shapes that HTTP and the socket share: a batch of events in, state and acknowledgement out."""

import base64
import binascii
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from kernel.errors import Refusal
from server.sittings.rules.dealing import LETTERS
from server.sittings.rules.timing import earliest_submit
from server.sittings.service.answers import BATCH_LIMIT, Acked, Batch, Event
from server.sittings.service.paper import DealtPaper, State
from server.sittings.tables import NoticeRow


class EventIn(BaseModel):
    """One client event; ``response`` is the whole state of the item."""

    model_config = ConfigDict(extra="forbid")

    seq: int = Field(ge=1)
    kind: str = Field(max_length=40)
    item_id: str | None = Field(None, max_length=200)
    response: dict[str, Any] | None = None
    client_ms: int = Field(ge=0, lt=1 << 53)


class EventsIn(BaseModel):
    """A signed batch."""

    epoch: int = Field(ge=1)
    first_seq: int = Field(ge=1)
    events: list[EventIn] = Field(min_length=1, max_length=BATCH_LIMIT)
    signature_b64: str = Field(max_length=200)

    def batch(self) -> Batch:
        """Raises ``request.base64``."""
        return Batch(
            self.epoch,
            self.first_seq,
            [Event(e.seq, e.kind, e.item_id, e.response, e.client_ms) for e in self.events],
            from_base64(self.signature_b64),
        )


def from_base64(text: str) -> bytes:
    """Raises ``request.base64``."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise Refusal("request.base64") from wrong


def to_base64(data: bytes) -> str:
    """Standard alphabet with padding."""
    return base64.b64encode(data).decode()


def masked(name: str) -> str:
    """张*明: first and last character stay; a name of two keeps the first."""
    if len(name) < 2:
        return name
    return name[0] + "*" if len(name) == 2 else name[0] + "*" * (len(name) - 2) + name[-1]


def notice_json(notice: NoticeRow) -> dict[str, Any]:
    """A notice as the client reads it."""
    return {
        "id": notice.id, "kind": notice.kind, "text": notice.text, "params": notice.params,
        "at_ms": notice.at_ms,
    }  # fmt: skip


def state_json(state: State) -> dict[str, Any]:
    """GET /api/sitting/state."""
    loaded, policy = state.loaded, state.loaded.policy
    standing = loaded.standing(state.now_ms)
    return {
        "sitting_id": loaded.row.id,
        "stage": state.stage.value,
        "server_ms": state.now_ms,
        "starts_at_ms": loaded.exam.starts_at_ms,
        "deadline_ms": state.deadline_ms,
        "earliest_submit_ms": earliest_submit(standing, policy.earliest_submit_s),
        "paused_since_ms": loaded.paused_since_ms,
        "exam": {
            "title": state.title,
            "occupation_name": loaded.exam.occupation_name,
            "level": loaded.exam.level,
            "subject": loaded.exam.subject,
            "duration_s": loaded.exam.duration_s,
            "item_count": state.item_count,
            "full_score": state.full_score,
        },
        "candidate": {
            "name_masked": masked(loaded.candidate.name),
            "ticket_no": loaded.candidate.ticket_no,
            "id_number_masked": loaded.candidate.id_number_masked,
            "seat_no": loaded.row.seat_no,
            "room_name": state.room_name,
        },
        "epoch": loaded.row.epoch,
        "acked_through": state.acked_through,
        "policy": {
            "reminders_s": list(policy.reminders_s),
            "capture_min_s": policy.capture_min_s,
            "capture_max_s": policy.capture_max_s,
            "thumbnail_s": policy.thumbnail_s,
            "segment_s": policy.segment_s,
        },
        "receipt": None if loaded.row.receipt is None else receipt_json(loaded.row.receipt),
        "notices": [notice_json(notice) for notice in state.notices],
    }


def ack_json(acked: Acked) -> dict[str, Any]:
    """An acknowledgement as the client keeps it."""
    ack = acked.ack
    return {
        "origin": ack.origin,
        "stream_id": ack.stream_id,
        "epoch": ack.epoch,
        "acked_through": ack.acked_through,
        "head_hex": ack.head.hex(),
        "server_ms": ack.server_ms,
        "frame_b64": to_base64(ack.frame),
        "signature_b64": to_base64(ack.signature),
        "deadline_ms": acked.deadline_ms,
    }


def receipt_json(kept: dict[str, Any]) -> dict[str, Any]:
    """A stored receipt as the client shows it."""
    return {
        "receipt_code": kept["receipt_code"],
        "submitted_at_ms": kept["submitted_at_ms"],
        "answered": kept["answered"],
        "item_count": kept["item_count"],
        "head_hex": kept["head_hex"],
        "frame_b64": to_base64(bytes.fromhex(kept["frame_hex"])),
        "signature_b64": to_base64(bytes.fromhex(kept["signature_hex"])),
        "kind": kept["kind"],
    }


def paper_json(paper: DealtPaper) -> dict[str, Any]:
    """The dealt paper with display letters."""
    return {
        "form_code": paper.form_code,
        "form_hash": paper.form_hash,
        "title": paper.title,
        "items": [
            {
                "number": dealt.number,
                "item_id": dealt.item.item_id,
                "type": dealt.item.type.value,
                "stem": dealt.item.stem,
                "options": [
                    {"id": option.id, "letter": letter, "text": option.text}
                    for letter, option in zip(LETTERS, dealt.options, strict=False)
                ],
                "score": dealt.item.score,
            }
            for dealt in paper.items
        ],
        "sections": [
            {"type": s.type.value, "title": s.title, "from": s.first, "to": s.last}
            for s in paper.sections
        ],
        "answers": paper.answered.answers,
        "marks": paper.answered.marks,
        "epoch": paper.answered.epoch,
        "next_seq": paper.answered.next_seq,
    }

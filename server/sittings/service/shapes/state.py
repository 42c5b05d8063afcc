"""Where a sitting stands: state, notices, receipt."""

from typing import Any, cast

from typing_extensions import TypedDict

from server.sittings.rules.timing import Stage, SubmitKind, earliest_submit
from server.sittings.service.paper import State
from server.sittings.service.shapes.events import to_base64
from server.sittings.tables import NoticeRow


class NoticeParams(TypedDict, total=False):
    """What fills a notice's words; which of them depends on its kind."""

    deadline_ms: int
    extend_s: int
    reason_code: str
    seat_no: str


class NoticeShown(TypedDict):
    """A message to the candidate; ``text`` is what staff wrote."""

    id: str
    kind: str
    text: str
    params: NoticeParams
    at_ms: int


class ReceiptShown(TypedDict):
    """The receipt; ``kind`` says who handed in."""

    receipt_code: str
    submitted_at_ms: int
    answered: int
    item_count: int
    head_hex: str
    frame_b64: str
    signature_b64: str
    kind: SubmitKind


class ExamShown(TypedDict):
    """The exam's head; counts and marks come with the package."""

    title: str
    occupation_name: str
    level: int
    subject: str
    duration_s: int
    item_count: int | None
    full_score: str | None


class CandidateShown(TypedDict):
    """Who sits where, masked."""

    name_masked: str
    ticket_no: str
    id_number_masked: str
    seat_no: str
    room_name: str


class PolicyShown(TypedDict):
    """The part of the policy that the page itself carries out."""

    reminders_s: list[int]
    capture_min_s: int
    capture_max_s: int
    thumbnail_s: int
    segment_s: int


class StateShown(TypedDict):
    """A sitting now. While it is paused, ``deadline_ms`` moves with the present."""

    sitting_id: str
    stage: Stage
    server_ms: int
    starts_at_ms: int
    deadline_ms: int
    earliest_submit_ms: int
    paused_since_ms: int | None
    exam: ExamShown
    candidate: CandidateShown
    epoch: int
    acked_through: int
    policy: PolicyShown
    receipt: ReceiptShown | None
    notices: list[NoticeShown]


def masked(name: str) -> str:
    """张*明: first and last character stay; a name of two keeps the first."""
    if len(name) < 2:
        return name
    return name[0] + "*" if len(name) == 2 else name[0] + "*" * (len(name) - 2) + name[-1]


def notice_json(notice: NoticeRow) -> NoticeShown:
    """A notice as the client reads it."""
    return NoticeShown(
        id=notice.id, kind=notice.kind, text=notice.text,
        params=cast("NoticeParams", notice.params), at_ms=notice.at_ms,
    )  # fmt: skip


def state_json(state: State) -> StateShown:
    """GET /api/sitting/state."""
    loaded, policy = state.loaded, state.loaded.policy
    standing = loaded.standing(state.now_ms)
    return StateShown(
        sitting_id=loaded.row.id,
        stage=state.stage,
        server_ms=state.now_ms,
        starts_at_ms=loaded.exam.starts_at_ms,
        deadline_ms=state.deadline_ms,
        earliest_submit_ms=earliest_submit(standing, policy.earliest_submit_s),
        paused_since_ms=loaded.paused_since_ms,
        exam=ExamShown(
            title=state.title,
            occupation_name=loaded.exam.occupation_name,
            level=loaded.exam.level,
            subject=loaded.exam.subject,
            duration_s=loaded.exam.duration_s,
            item_count=state.item_count,
            full_score=state.full_score,
        ),
        candidate=CandidateShown(
            name_masked=masked(loaded.candidate.name),
            ticket_no=loaded.candidate.ticket_no,
            id_number_masked=loaded.candidate.id_number_masked,
            seat_no=loaded.row.seat_no,
            room_name=state.room_name,
        ),
        epoch=loaded.row.epoch,
        acked_through=state.acked_through,
        policy=PolicyShown(
            reminders_s=list(policy.reminders_s),
            capture_min_s=policy.capture_min_s,
            capture_max_s=policy.capture_max_s,
            thumbnail_s=policy.thumbnail_s,
            segment_s=policy.segment_s,
        ),
        receipt=None if loaded.row.receipt is None else receipt_json(loaded.row.receipt),
        notices=[notice_json(notice) for notice in state.notices],
    )


def receipt_json(kept: dict[str, Any]) -> ReceiptShown:
    """A stored receipt as the client shows it."""
    return ReceiptShown(
        receipt_code=kept["receipt_code"],
        submitted_at_ms=kept["submitted_at_ms"],
        answered=kept["answered"],
        item_count=kept["item_count"],
        head_hex=kept["head_hex"],
        frame_b64=to_base64(bytes.fromhex(kept["frame_hex"])),
        signature_b64=to_base64(bytes.fromhex(kept["signature_hex"])),
        kind=kept["kind"],
    )

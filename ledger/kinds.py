"""The closed catalogue of what may stand in the log (published as docs/formats/kinds.md).

Rules kept here: code may only record a known kind; every kind says where it may stand, who writes
it and what it means in Chinese and English; a kind is never removed or given another meaning.
"""

import sys
from dataclasses import dataclass
from enum import StrEnum

from kernel.errors import Refusal


class Writer(StrEnum):
    """Whose act it is: the candidate's device, the server itself, or a member of staff."""

    DEVICE = "device"
    SERVER = "server"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind. ``streams`` are the nouns of the streams it may stand in."""

    name: str
    writer: Writer
    streams: tuple[str, ...]
    zh: str
    en: str


_SITTING, _ROOM, _SESSION, _CAMERA = "sitting", "room", "session", "camera"
_DESTRUCTION = "destruction"
_ACTS = (_SITTING, _ROOM, _SESSION)
_D, _V, _S = Writer.DEVICE, Writer.SERVER, Writer.STAFF

_TABLE: tuple[tuple[str, Writer, tuple[str, ...], str, str], ...] = (
    # the sitting, by the candidate's device
    ("answer_set", _D, (_SITTING,), "作答", "an answer was given"),
    ("answer_cleared", _D, (_SITTING,), "清除作答", "an answer was cleared"),
    ("marked", _D, (_SITTING, _SESSION), "标记试题;或完成机器阅卷", "item flagged; or marking run"),
    ("unmarked", _D, (_SITTING,), "取消标记", "an item's flag was removed"),
    ("item_viewed", _D, (_SITTING,), "打开试题", "an item was opened"),
    ("focus_lost", _D, (_SITTING,), "离开考试窗口", "the exam window lost focus"),
    ("focus_back", _D, (_SITTING,), "返回考试窗口", "the exam window has focus again"),
    ("fullscreen_left", _D, (_SITTING,), "退出全屏", "full screen was left"),
    ("help_raised", _D, (_SITTING,), "举手求助", "the candidate asked for help"),
    ("camera_lost", _D, (_SITTING,), "摄像头中断", "the camera was lost"),
    ("camera_back", _D, (_SITTING,), "摄像头恢复", "the camera is back"),
    ("recording_gap", _D, (_SITTING,), "录像缺口", "a declared gap in the recording"),
    # the sitting, by the server
    ("opened", _V, (_SITTING, _CAMERA), "开卷建档", "the stream begins and binds its sitting"),
    ("device", _V, (_SITTING,), "登记考试设备", "a device epoch begins with its public key"),
    ("signed_in", _V, (_SITTING,), "考位登录", "the candidate signed in at the seat"),
    ("seat_matched", _V, (_SITTING,), "考位人脸比对", "the face was matched at the seat"),
    ("started", _V, (_SITTING,), "开始作答", "the form was dealt"),
    ("conflict", _V, (_SITTING,), "作答冲突", "two contents under one client number"),
    ("submitted", _V, (_SITTING,), "交卷", "handed in, by whom the body says"),
    ("disconnected", _V, (_SITTING,), "连接中断", "the connection was lost"),
    ("reconnected", _V, (_SITTING,), "连接恢复", "the connection is back"),
    # acts of staff
    ("checked_in", _S, _ACTS, "签到", "a candidate arrived at the desk"),
    ("consented", _S, _ACTS, "告知与同意", "consent was recorded"),
    ("door_matched", _S, _ACTS, "门口人脸比对", "the face was matched at the door"),
    ("manual_route", _S, _ACTS, "人工核验", "identity was checked by document and two staff"),
    ("check_in_confirmed", _S, _ACTS, "监考确认", "an invigilator confirmed the person"),
    ("check_in_refused", _S, _ACTS, "拒绝入场", "an invigilator refused the person"),
    ("seat_drawn", _S, _ACTS, "考位抽定", "the drawn seat was handed out"),
    ("late_override", _S, _ACTS, "迟到放行", "a late candidate was let in"),
    ("face_confirmed", _S, _ACTS, "考位人工确认", "the person was confirmed at the seat"),
    ("incident_opened", _V, _ACTS, "异常产生", "something a person must look at"),
    ("incident_decided", _S, _ACTS, "异常处置", "a person decided an incident"),
    ("warned", _S, _ACTS, "提醒", "a warning was sent"),
    ("extended", _S, _ACTS, "补时", "time was added"),
    ("paused", _S, _ACTS, "暂停", "the sitting was paused"),
    ("resumed", _S, _ACTS, "恢复", "the sitting goes on"),
    ("forced", _S, _ACTS, "强制交卷", "the sitting was ended by staff"),
    ("transferred", _S, _ACTS, "换机", "the sitting moved to another machine"),
    ("violation", _S, _ACTS, "违纪登记", "a violation was registered"),
    ("absent", _S, _ACTS, "缺考", "a candidate was absent"),
    ("late_proposed", _S, _ACTS, "迟到数据提议", "one person said whether late data count"),
    ("late_decided", _S, _ACTS, "迟到数据裁定", "two people decided whether late data count"),
    # captures and recordings
    ("capture", _V, (_CAMERA,), "抓拍比对", "a frame was matched"),
    ("segment", _V, (_CAMERA,), "录像分段", "a recording segment was stored"),
    ("gap", _V, (_CAMERA,), "录像缺口", "a part of the recording is missing"),
    ("key_rotated", _V, (*_ACTS, _CAMERA), "更换数据密钥", "later records are under the next key"),
    # holds and the destruction of keys, in a stream apart from the sealed ones
    ("destruction_opened", _V, (_DESTRUCTION,), "销毁卷建档", "the destruction's stream begins"),
    ("hold_placed", _S, (_DESTRUCTION,), "保全", "nothing may be destroyed while it stands"),
    ("hold_lifted", _S, (_DESTRUCTION,), "解除保全", "a hold was lifted"),
    ("order_withdrawn", _S, (_DESTRUCTION,), "撤回销毁令", "an order to destroy was withdrawn"),
    ("keys_erased_ordered", _S, (_DESTRUCTION,), "下令销毁密钥", "an order had its approvals"),
    ("keys_erased", _V, (_DESTRUCTION,), "密钥已销毁", "the keys of a session are no more"),
    # the room and the session
    ("room_opened", _V, (_ROOM,), "考场建档", "the room's stream begins"),
    ("session_opened", _V, (_SESSION,), "场次建档", "the session's stream begins"),
    ("session_started", _V, (_SESSION,), "开考", "the session began"),
    ("session_closed", _S, (_SESSION,), "场次结束", "the session was closed"),
    ("checkpoint_printed", _S, (_SESSION,), "打印检查点", "the log's head was put on paper"),
    ("staffed", _S, (_SESSION,), "人员安排", "a duty was given"),
    ("roster_imported", _S, (_SESSION,), "导入考生", "candidates were imported"),
    ("package_received", _S, (_SESSION,), "接收试卷包", "the sealed paper was received"),
    ("key_released", _S, (_SESSION,), "开启试卷", "the content key was joined"),
    ("scoring_opened", _S, (_SESSION,), "开启评分密钥", "the scoring key was joined"),
    ("draw_frozen", _S, (_SESSION,), "冻结名册", "roster and seats were frozen"),
    ("draw_committed", _S, (_SESSION,), "抽签承诺", "a party committed"),
    ("draw_revealed", _S, (_SESSION,), "抽签揭示", "a party revealed"),
    ("draw_completed", _V, (_SESSION,), "抽签完成", "the seed is known"),
    ("draw_aborted", _S, (_SESSION,), "抽签中止", "the draw was aborted"),
    ("marked_by_hand", _S, (_SESSION,), "人工评分", "a text answer was marked"),
    ("mark_withdrawn", _S, (_SESSION,), "撤回评分", "a mark by hand was withdrawn"),
    ("results_requested", _S, (_SESSION,), "申请公布成绩", "publication was requested"),
    ("results_published", _S, (_SESSION,), "公布成绩", "results were published"),
    ("replayed", _S, (_SESSION,), "回放查看", "a sitting was replayed, by whom and why"),
    ("review_requested", _V, (_SESSION,), "申请复核", "a candidate asked for a review"),
    ("opening_requested", _S, (_SESSION,), "申请开启记录", "opening one record was requested"),
    ("record_opened", _S, (_SITTING, _SESSION), "开启记录", "two people opened one record"),
    ("review_proposed", _S, (_SESSION,), "拟定复核结论", "an answer to a review was proposed"),
    ("review_decided", _S, (_SESSION,), "复核结论", "a review was answered by two people"),
    ("archived", _S, (_SESSION,), "归档", "the archive was made"),
    ("templates_erased", _V, (_SESSION,), "人脸模板销毁", "face templates were destroyed"),
    ("clock_jump", _V, (_SESSION, _ROOM), "时钟跳变", "the wall clock jumped"),
)  # fmt: skip

CATALOGUE: dict[str, EventKind] = {row[0]: EventKind(*row) for row in _TABLE}


def must_be_known(kind: str, stream_id: str) -> None:
    """Raises ``ledger.kind_unknown`` for a kind that may not stand in such a stream."""
    entry = CATALOGUE.get(kind)
    if entry is None or stream_id.partition("/")[0] not in entry.streams:
        raise Refusal("ledger.kind_unknown", kind=kind[:40], stream=stream_id[:80])


def as_markdown() -> str:
    """The published catalogue."""
    lines = [
        "# Kinds of records",
        "",
        "Generated from `ledger/kinds.py`; do not edit.",
        "",
        "| kind | written by | stands in | 含义 | meaning |",
        "|---|---|---|---|---|",
    ]
    for entry in CATALOGUE.values():
        streams = ", ".join(entry.streams)
        lines.append(f"| `{entry.name}` | {entry.writer} | {streams} | {entry.zh} | {entry.en} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())

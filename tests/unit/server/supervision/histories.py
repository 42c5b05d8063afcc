"""Histories of a sitting: one told by hand, and random ones."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from ledger.reading import OpenRecord
from paper.items import FormItem, ItemType, Option
from paper.package import Form, form_hash

T0 = 1_800_000_000_000
MINUTE = 60_000
SINGLE, MULTIPLE, JUDGE, SHORT = "item_s", "item_m", "item_j", "item_t"
OPTIONS = (Option("a", "甲"), Option("b", "乙"), Option("c", "丙"), Option("d", "丁"))
TRUTH = (Option("true", "正确"), Option("false", "错误"))
FORM = Form(
    "A",
    (
        FormItem(SINGLE, ItemType.SINGLE, "选一个", OPTIONS, "2", "A-001"),
        FormItem(MULTIPLE, ItemType.MULTIPLE, "选几个", OPTIONS, "3", "A-002"),
        FormItem(JUDGE, ItemType.JUDGE, "判断", TRUTH, "1", "A-003"),
        FormItem(SHORT, ItemType.SHORT, "说明", (), "4", "A-004"),
    ),
)
SEED = bytes(range(32))
PLAN = {"starts_at_ms": T0, "duration_s": 3_600, "extra_time_pct": 0}


@dataclass
class Story:
    """Records one after the other; ``at`` moves the server's clock."""

    records: list[OpenRecord] = field(default_factory=list)
    at_ms: int = T0
    epoch: int = 1
    client_seq: int = 0

    def tell(self, kind: str, /, **body: Any) -> "Story":
        self.records.append(
            OpenRecord("sitting/s", len(self.records) + 1, self.at_ms, self.epoch, kind, body, b"")
        )
        return self

    def event(
        self, kind: str, item_id: str = "", *, made_ms: int | None = None, **body: Any
    ) -> "Story":
        self.client_seq += 1
        if item_id:
            body["item_id"] = item_id
        made = self.at_ms if made_ms is None else made_ms
        return self.tell(kind, client_seq=self.client_seq, client_ms=made, **body)

    def wait(self, ms: int) -> "Story":
        self.at_ms += ms
        return self


def opened(*, plan: bool = True) -> Story:
    """As far as the dealt form, a second after the start."""
    story = Story(at_ms=T0 - 10 * MINUTE)
    digest = form_hash(FORM).hex()
    story.tell("opened", form_code="A", form_hash=digest, session_id="sess")
    story.tell("signed_in", machine="PC-07", seat_no="07", sign_in=1)
    story.tell("device", public_key="00")
    story.at_ms = T0 + 1_000
    body: dict[str, Any] = {"form_code": "A", "form_hash": digest, "order_seed": SEED.hex()}
    return story.tell("started", **body, **({"plan": PLAN} if plan else {}))


_ITEM = st.sampled_from([SINGLE, MULTIPLE, JUDGE, SHORT])
_STEP = st.one_of(
    st.tuples(st.sampled_from(["answer_set", "answer_cleared", "marked", "unmarked"]), _ITEM),
    st.tuples(st.just("item_viewed"), _ITEM),
    st.tuples(
        st.sampled_from(["focus_lost", "focus_back", "help_raised", "camera_lost"]), st.just("")
    ),
    st.tuples(
        st.sampled_from(
            [
                "extended", "paused", "resumed", "warned", "disconnected", "reconnected",
                "device", "conflict", "incident_opened", "late_decided", "submitted", "transferred",
            ]
        ),
        st.just(""),
    ),
)  # fmt: skip
_STEPS = st.lists(
    st.tuples(_STEP, st.integers(-5_000, 600_000), st.integers(0, 240_000), st.booleans()),
    max_size=40,
)


def _told(story: Story, step: tuple[str, str], behind_ms: int, *, late: bool) -> None:
    kind, item_id = step
    made = story.at_ms - behind_ms
    more: dict[str, Any] = {"late": True} if late else {}
    if kind == "answer_set":
        given = {"text": "答"} if item_id == SHORT else {"options": ["a"]}
        story.event(kind, item_id, made_ms=made, response=given, **more)
    elif item_id or kind in {"focus_lost", "focus_back", "help_raised", "camera_lost"}:
        story.event(kind, item_id, made_ms=made, **more)
    elif kind == "extended":
        story.tell(kind, extend_s=120, reason_text="断网")
    elif kind == "device":
        story.epoch, story.client_seq = story.epoch + 1, 0
        story.tell(kind, public_key="00")
    elif kind == "conflict":
        story.tell(
            kind, client_seq=1, client_ms=made, item_id=SINGLE, given_kind="answer_set",
            response={"options": ["b"]},
        )  # fmt: skip
    elif kind == "late_decided":
        through = len(story.records)
        story.tell(kind, counted=late, through_seq=through, by="one", second="two")
    elif kind == "transferred":
        story.tell(kind, to_machine="PC-09", to_seat="09", from_seat="07")
    else:
        story.tell(kind, text="请注意", kind="self")


@st.composite
def histories(draw: st.DrawFn) -> list[OpenRecord]:
    """Any course of a sitting, clock jumps back included."""
    story = opened(plan=draw(st.booleans()))
    for step, wait_ms, behind_ms, late in draw(_STEPS):
        story.wait(wait_ms)
        _told(story, step, behind_ms, late=late)
    return story.records

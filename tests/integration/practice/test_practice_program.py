"""The public program: papers without keys, marks at once, nothing but what the bank signed."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from kernel.clock import HandClock
from kernel.crypto.signing import ServerKey
from kernel.db import Database
from kernel.errors import Refusal
from kernel.settings import Settings
from paper.bundle import (
    FORMAT,
    Bundle,
    OutlinePoint,
    ReleasedPaper,
    SignedBundle,
    bundle_bytes,
    signed_bytes,
)
from paper.items import FormItem, ItemType, Option
from paper.scoring import Key, ScoringRule
from practice.app import create_app
from practice.service import PracticeService
from practice.tables import PracticeTable

BANK = ServerKey(bytes(range(32)))
AB = (Option("o1", "准确率"), Option("o2", "交并比"))
PAPER = ReleasedPaper(
    paper_id="rp_1",
    title="练习卷一",
    occupation_code="4-04-05-05",
    occupation_name="人工智能训练师",
    level=3,
    duration_s=3600,
    pass_score="60",
    items=(
        FormItem("i1", ItemType.SINGLE, "重合程度指标是(  )。", AB, "2", "A-A-A-001"),
        FormItem("i2", ItemType.MULTIPLE, "哪些是指标(  )。", AB, "4", "B-A-A-001"),
    ),
    keys={
        "i1": Key("i1", ("o2",), ScoringRule.ALL_OR_NOTHING, "2", explanation="IoU。"),
        "i2": Key("i2", ("o1", "o2"), ScoringRule.ALL_OR_NOTHING, "4"),
    },
    outline=(
        OutlinePoint("A-A-A-001", "指标", "A-A", "职业道德", "低"),
        OutlinePoint("B-A-A-001", "评估", "B-A", "业务分析", "高"),
    ),
)


def _signed(papers: tuple[ReleasedPaper, ...], signer: ServerKey = BANK) -> bytes:
    stored = bundle_bytes(Bundle(FORMAT, 1, papers, signer.public.hex()))
    return msgspec.json.encode(
        SignedBundle(stored.decode(), signer.sign(signed_bytes(stored)).hex())
    )


@pytest.fixture
async def service(database: Database) -> PracticeService:
    async with database.writer_engine.begin() as connection:
        await connection.run_sync(PracticeTable.metadata.create_all)
    return PracticeService(database)


@pytest.fixture
async def browser(database: Database, service: PracticeService) -> AsyncIterator[httpx.AsyncClient]:
    await service.take_in(_signed((PAPER,)), BANK.public)
    app = create_app(Settings(), database, HandClock())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://practice") as client:
        yield client


async def test_a_paper_is_shown_without_sign_in_and_without_any_key(
    browser: httpx.AsyncClient,
) -> None:
    listed = (await browser.get("/api/practice/papers")).json()
    assert [paper["title"] for paper in listed] == ["练习卷一"]
    shown = await browser.get("/api/practice/papers/rp_1")
    assert [item["item_id"] for item in shown.json()["items"]] == ["i1", "i2"]
    assert "explanation" not in shown.text
    assert "keys" not in shown.text


async def test_an_answer_is_marked_at_once_with_key_and_explanation(
    browser: httpx.AsyncClient,
) -> None:
    answers = {"i1": {"options": ["o2"]}, "i2": {"options": ["o1"]}}
    reply = await browser.post("/api/practice/papers/rp_1/check", json={"answers": answers})
    outcome = reply.json()
    assert (outcome["mark"], outcome["full"]) == ("2", "6")
    assert [item["right"] for item in outcome["items"]] == [True, False]
    assert outcome["items"][0]["explanation"] == "IoU。"
    assert {s["scope_code"]: s["mark"] for s in outcome["scopes"]} == {"A-A": "2", "B-A": "0"}


@pytest.mark.parametrize(
    ("path", "answers", "status", "code"),
    [
        ("rp_9", {}, 404, "practice.paper_unknown"),
        ("rp_1", {"i9": None}, 422, "practice.item_unknown"),
        ("rp_1", {"i1": {"options": ["o1", "o2"]}}, 422, "response.too_many"),
        ("rp_1", {"i1": "o1"}, 422, "response.shape"),
    ],
)
async def test_bad_input_gets_a_code_and_words_in_both_languages(
    browser: httpx.AsyncClient, path: str, answers: object, status: int, code: str
) -> None:
    reply = await browser.post(f"/api/practice/papers/{path}/check", json={"answers": answers})
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.json()["message"]["zh"] != reply.json()["message"]["en"]


async def test_a_bundle_of_another_signer_or_with_a_changed_word_is_not_taken_in(
    service: PracticeService,
) -> None:
    await service.take_in(_signed((PAPER,)), BANK.public)
    with pytest.raises(Refusal, match="bundle.untrusted"):
        await service.take_in(_signed((), ServerKey(bytes(32))), BANK.public)
    changed = _signed((PAPER,)).replace("准确率".encode(), "精确率".encode())
    with pytest.raises(Refusal, match="bundle.untrusted"):
        await service.take_in(changed, BANK.public)
    with pytest.raises(Refusal, match="bundle.unreadable"):
        await service.take_in(b"{}", BANK.public)
    assert [paper.paper_id for paper in await service.papers()] == ["rp_1"]


async def test_a_bundle_whose_keys_and_items_differ_is_refused(service: PracticeService) -> None:
    lacking = msgspec.structs.replace(PAPER, keys={"i1": PAPER.keys["i1"]})
    with pytest.raises(Refusal, match="bundle.incomplete"):
        await service.take_in(_signed((lacking,)), BANK.public)


async def test_one_address_that_asks_too_often_is_asked_to_wait(browser: httpx.AsyncClient) -> None:
    replies = [await browser.get("/api/practice/papers") for _ in range(241)]
    assert replies[-1].status_code == 429
    assert {reply.status_code for reply in replies[:-1]} == {200}


async def test_pages_may_load_nothing_from_elsewhere(browser: httpx.AsyncClient) -> None:
    reply = await browser.get("/api/practice/papers")
    assert "default-src 'self'" in reply.headers["content-security-policy"]
    assert reply.headers["x-content-type-options"] == "nosniff"

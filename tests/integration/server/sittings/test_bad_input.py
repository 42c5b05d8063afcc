"""What no honest page sends: a coded error with words, nothing half-written, and the neighbour in
the same group is served.
"""

import asyncio
import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import websockets

from kernel.crypto.signing import DeviceKey
from server.sittings.service import Batch, Event
from tests.integration.server.hall import ExamDay, Seated
from tests.integration.server.sittings.site import LIMIT, Site, body_of, read_until

Case = tuple[str, bytes, str]
TRUE = {"options": ["true"]}
NOT_UTF8 = "bad UTF-8"
PROTOCOL_NOT_UTF8 = 1007  # RFC 6455, 7.4.1


def raw(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def changed(body: dict[str, Any], **event: Any) -> dict[str, Any]:
    return {**body, "events": [{**body["events"][0], **event}]}


def cases(day: ExamDay, one: Seated, other: Seated, good: Batch) -> Iterator[Case]:
    """Name, bytes of a body, and the code it must get."""
    body = body_of(good)
    text = json.dumps(body)
    yield "an unknown kind", raw(changed(body, kind="no_such")), "events.kind"
    yield "a kind of staff", raw(changed(body, kind="forced")), "events.kind"
    yield "an item of nobody", raw(changed(body, item_id="item_x")), "answer.item_unknown"
    yield (
        "an option of nobody",
        raw(changed(body, response={"options": ["x"]})),
        "response.option_unknown",
    )
    large = changed(body, response={"options": ["true"], "text": "x" * 70_000})
    yield "a record over size", raw(large), "response.shape"
    yield "a future epoch", raw({**body, "epoch": 7}), "answer.stale_epoch"
    yield "a wrong device", raw(signed(day, body, DeviceKey(), one)), "ledger.signature"
    assert one.device is not None
    yield "a wrong sitting", raw(signed(day, body, one.device, other)), "ledger.signature"
    yield (
        "bad UTF-8",
        text.replace("answer_set", "answer_\udc80set").encode("utf-8", "surrogateescape"),
        "request.malformed",
    )
    yield "half a character", text.replace("answer_set", "\\ud800").encode(), "request.malformed"
    yield "deep JSON", b'{"events":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "request.malformed"
    many = [{"seq": n, "kind": "focus_lost", "client_ms": 1} for n in range(1, 10_001)]
    yield "too many events", raw({**body, "events": many}), "request.malformed"
    for name, value in (("seq", 1 << 53), ("seq", 0), ("client_ms", -1), ("client_ms", 1 << 70)):
        yield f"{name} {value}", raw(changed(body, **{name: value})), "request.malformed"
    yield (
        "a number that is none",
        text.replace('"epoch": 1', '"epoch": NaN').encode(),
        ("request.malformed"),
    )
    yield "numbers with a gap", raw({**changed(body, seq=3), "first_seq": 3}), "ledger.signature"
    yield "numbers that differ", raw({**body, "first_seq": 2}), "events.order"
    yield "no base64", raw({**body, "signature_b64": "!"}), "request.base64"
    yield "no event", raw({**body, "events": []}), "request.malformed"


def signed(day: ExamDay, body: dict[str, Any], key: DeviceKey, whose: Seated) -> dict[str, Any]:
    """The body under another key, or for another sitting's stream."""
    [event] = body["events"]
    made = Event(**event)
    batch = day.signed(replace(whose, device=key, epoch=body["epoch"]), [made])
    return {**body, "signature_b64": base64.b64encode(batch.signature).decode()}


async def two(day: ExamDay) -> tuple[Seated, Seated]:
    one, other = await day.face_candidate(0), await day.face_candidate(1)
    await day.answering(one)
    await day.answering(other)
    return one, other


async def test_over_http_each_gets_its_code_and_its_neighbour_is_served(site: Site) -> None:
    day = site.day
    one, other = await two(day)
    good = day.batch(one, ("answer_set", day.item(one), TRUE))
    mine = {**site.candidate(one), "content-type": "application/json"}
    wrong = []
    for name, data, code in [
        *cases(day, one, other, good),
        ("a body over size", raw({"pad": "x" * LIMIT}), "request.too_large"),
    ]:
        reply, _ = await asyncio.gather(
            site.http.post("/api/sitting/events", headers=mine, content=data), day.answer(other)
        )
        told = reply.json()
        if not (400 <= reply.status_code < 500 and told["code"] == code):
            wrong.append((name, reply.status_code, told["code"], code))
        assert told["message"]["zh"], name
        assert told["message"]["en"], name
    assert wrong == []
    assert "answer_set" not in await day.kinds(one)
    reply = await site.http.post("/api/sitting/events", headers=mine, json=body_of(good))
    assert reply.json()["acked_through"] == 1


async def test_the_short_way_and_the_declared_one_answer_alike(site: Site) -> None:
    day = site.day
    one, other = await two(day)
    good = day.batch(one, ("answer_set", day.item(one), TRUE))
    mine = site.candidate(one)
    asked = [(name, mine, data) for name, data, _ in cases(day, one, other, good)]
    desk = await site.staff(day.first)
    for name, headers in (
        ("staff", desk), ("no token", {}), ("a wrong token", {"authorization": "Bearer no"}),
        ("another scheme", {"authorization": "Basic no"}), ("the right one", mine),
        ("once more", mine),
    ):  # fmt: skip
        asked.append((name, headers, raw(body_of(good))))
    for name, headers, data in asked:
        said = []
        # With a parameter the type is the same and the short way is not taken.
        for kind in ("application/json", "application/json; charset=utf-8"):
            reply = await site.http.post(
                "/api/sitting/events", headers={**headers, "content-type": kind}, content=data
            )
            told = reply.json()
            told = {k: v for k, v in told.items() if k not in {"server_ms", "frame_b64",
                "signature_b64"}} if reply.is_success else told  # fmt: skip
            said.append((reply.status_code, told, reply.headers["content-type"]))
        assert said[0] == said[1], name


async def test_over_the_socket_too(site: Site) -> None:
    day = site.day
    one, other = await two(day)
    good = day.batch(one, ("answer_set", day.item(one), TRUE))
    wrong = []
    for name, data, code in cases(day, one, other, good):
        if name == NOT_UTF8:
            continue
        told, _ = await asyncio.gather(refused_by_socket(site, one, data), day.answer(other))
        if told["code"] != code:
            wrong.append((name, told["code"], code))
        assert told["message"]["zh"], name
        assert told["message"]["en"], name
    assert wrong == []
    assert "answer_set" not in await day.kinds(one)
    async with site.socket("/api/sitting/live") as socket:
        await socket.send(json.dumps({"type": "hello", "token": one.token}))
        await socket.send(json.dumps({"type": "events", **body_of(good)}))
        assert (await read_until(socket, "ack"))["acked_through"] == 1


async def refused_by_socket(site: Site, one: Seated, data: bytes) -> dict[str, Any]:
    """What the socket says to the bytes."""
    async with site.socket("/api/sitting/live") as socket:
        await socket.send(json.dumps({"type": "hello", "token": one.token}))
        await read_until(socket, "state")
        await socket.send(data.replace(b"{", b'{"type":"events",', 1), text=True)
        return await read_until(socket, "refused")


async def test_text_that_is_no_utf_8_ends_the_connection_as_the_protocol_wants(site: Site) -> None:
    one, other = await two(site.day)
    async with site.socket("/api/sitting/live") as socket:
        await socket.send(json.dumps({"type": "hello", "token": one.token}))
        await read_until(socket, "state")
        await socket.send(b'{"type":"events","events":"\xff"}', text=True)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await read_until(socket, "refused")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == PROTOCOL_NOT_UTF8
    assert (await site.day.answer(other)).ack.acked_through == 1

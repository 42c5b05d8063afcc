"""Which of a candidate's devices counts as the candidate, at the socket and beside it."""

import json
from dataclasses import replace
from typing import Any

import pytest
import websockets

from kernel.errors import Kind, Refusal
from tests.integration.server.hall import JPEG, ExamDay, Seated, picture, refused
from tests.integration.server.sittings.site import Site, read_until

OFFLINE_MS = 16_000


async def twice_signed_in(day: ExamDay) -> tuple[Seated, str]:
    """Who answers on the device of the second sign-in; with the token of the first."""
    one = await day.face_candidate()
    await day.ready(one)
    first = one.token
    await day.sign_in(one)
    await day.take_device(one)
    await day.release()
    day.clock.instant_ms = day.starts_at_ms
    await day.sittings.papers.paper(await day.principal(one))
    await day.answer(one)
    return one, first


async def test_a_device_that_was_replaced_gets_no_line_and_hides_no_outage(site: Site) -> None:
    day = site.day
    one, first = await twice_signed_in(day)
    left = day.clock.now_ms()
    day.clock.instant_ms += OFFLINE_MS
    async with site.socket("/api/sitting/live") as socket:
        await socket.send(json.dumps({"type": "hello", "token": first}))
        await socket.send(json.dumps({"type": "ping", "t0": 1}))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await read_until(socket, "nothing of this kind")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4409
    tile = await day.tile(one)
    assert (tile["state"], tile["offline_since_ms"]) == ("offline", left)


async def test_who_signed_in_again_answers_on_the_old_device_until_the_new_one_has_a_key(
    site: Site,
) -> None:
    day = site.day
    one = await day.face_candidate()
    await day.ready(one)
    async with site.socket("/api/sitting/live") as socket:
        await socket.send(json.dumps({"type": "hello", "token": one.token}))
        await read_until(socket, "state")
        await day.sign_in(one)
        day.clock.instant_ms += OFFLINE_MS
        await socket.send(json.dumps({"type": "ping", "t0": 1}))
        await read_until(socket, "pong")
        assert (await day.tile(one))["state"] == "ready"


async def test_what_else_a_replaced_device_sends_does_not_count_as_the_candidate(
    site: Site,
) -> None:
    day = site.day
    one, first = await twice_signed_in(day)
    old, mine = {"authorization": f"Bearer {first}"}, site.candidate(one)
    heard = day.presence.last_seen_ms(one.sitting_id)
    day.clock.instant_ms += OFFLINE_MS
    shown = await site.http.post("/api/sitting/thumbnail", headers=old, content=JPEG)
    assert (shown.status_code, shown.json()["code"]) == (409, "answer.stale_epoch")
    assert day.presence.thumbnail(one.sitting_id) is None
    capture = f"/api/sitting/captures?taken_at_ms={day.clock.now_ms()}"
    await site.http.post(capture, headers=old, content=picture("ok"))
    await site.http.get("/api/sitting/state", headers=old)
    assert day.presence.last_seen_ms(one.sitting_id) == heard
    assert (await day.tile(one))["state"] == "offline"
    for send in ("thumbnail", "state"):
        day.clock.instant_ms += OFFLINE_MS
        method, content = ("GET", None) if send == "state" else ("POST", JPEG)
        path = f"/api/sitting/{send}"
        reply = await site.http.request(method, path, headers=mine, content=content)
        assert reply.is_success
        assert day.presence.last_seen_ms(one.sitting_id) == day.clock.now_ms()
    assert day.presence.thumbnail(one.sitting_id) is not None


async def test_what_the_ledger_cannot_read_is_no_word_of_the_candidate(day: ExamDay) -> None:
    one = await day.face_candidate()
    old = await day.answering(one)
    stale = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}))
    await day.sign_in(one)
    await day.take_device(one)
    heard = day.presence.last_seen_ms(one.sitting_id)
    day.clock.instant_ms += OFFLINE_MS
    take = day.sittings.answers.take
    [event] = stale.events
    for broken, code in (
        (replace(stale, epoch=0), "ledger.numbers"),
        (replace(stale, first_seq=2**53, events=[replace(event, seq=2**53)]), "ledger.numbers"),
        (replace(stale, events=[replace(event, client_ms=-1)]), "ledger.bad_event"),
    ):
        assert (await refused(take(old, broken))).code == code
    assert day.presence.last_seen_ms(one.sitting_id) == heard
    assert (await day.tile(one))["state"] == "offline"
    mine = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}))
    refusal = await refused(take(await day.principal(one), replace(mine, signature=b"no" * 32)))
    assert refusal.code == "ledger.signature"
    assert day.presence.last_seen_ms(one.sitting_id) == day.clock.now_ms()


async def test_who_cannot_be_served_is_heard_all_the_same(
    day: ExamDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    day.clock.instant_ms += OFFLINE_MS

    async def full(*_: Any) -> Any:
        raise Refusal("ledger.busy", Kind.UNAVAILABLE)

    monkeypatch.setattr(day.world.ledger, "submit", full)
    batch = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}))
    assert (await refused(day.sittings.answers.take(principal, batch))).code == "ledger.busy"
    assert day.presence.last_seen_ms(one.sitting_id) == day.clock.now_ms()

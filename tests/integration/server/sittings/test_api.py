"""The exam day over HTTP and sockets: the right people, the right machine, nothing twice."""

import asyncio
import base64
import json
from typing import Any

import pytest
import websockets

from kernel.access import Role
from tests.integration.server.hall import JPEG, WHY, picture
from tests.integration.server.sittings.site import LIMIT, Site, body_of, read_until
from tests.integration.server.world import PIN


async def test_the_day_over_http(site: Site) -> None:  # noqa: PLR0915 - a day told in order
    day = site.day
    one = await day.face_candidate()
    desk = await site.staff(day.first)
    http, session = site.http, f"/api/sessions/{day.session_id}"

    async def post(path: str, headers: dict[str, str], **body: Any) -> Any:
        reply = await http.post(path, headers=headers, json=body)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    visit = await post(f"{session}/checkins", desk, ticket_no=one.ticket_no)
    checkin = f"/api/checkins/{visit['checkin_id']}"
    await post(f"{checkin}/consent", desk, face=True, notice_version="2026-1")
    framed = await http.post(f"{checkin}/frame", headers=desk, content=picture("same"))
    assert framed.json()["verdict"]["words"]["zh"]
    await post(f"{checkin}/confirm", desk, decision="confirm")
    seat = await post(f"{checkin}/seat", desk)
    assert seat["form"] == "hidden"
    slip = await http.get(f"{checkin}/slip.pdf", headers=desk)
    assert slip.content.startswith(b"%PDF")
    image = await http.get(f"{checkin}/frame.jpg", headers=desk)
    assert image.content == picture("same")

    signed = await post(
        "/api/sitting/sign-in", {}, ticket_no=one.ticket_no, id_number=one.id_number,
        machine_token=day.machine(one),
    )  # fmt: skip
    one.token = signed["token"]
    mine = site.candidate(one)
    assert (await http.get("/api/sitting/state", headers=mine)).json()["stage"] == "face"
    face = await http.post("/api/sitting/face", headers=mine, content=picture("same"))
    assert face.json()["passed"] is True
    shown = await http.get("/api/sitting/portrait", headers=mine)
    assert shown.content.startswith(JPEG[:3])
    await day.take_device(one)
    await day.release()
    day.clock.instant_ms = day.starts_at_ms
    paper = (await http.get("/api/sitting/paper", headers=mine)).json()
    assert [o["letter"] for o in paper["items"][0]["options"]] == ["A", "B"]
    assert "key" not in json.dumps(paper)
    batch = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}))
    first = await http.post("/api/sitting/events", headers=mine, json=body_of(batch))
    replay = await http.post("/api/sitting/events", headers=mine, json=body_of(batch))
    assert first.json()["acked_through"] == replay.json()["acked_through"] == 1
    assert first.json()["head_hex"] == replay.json()["head_hex"]
    taken = await http.post(
        f"/api/sitting/captures?taken_at_ms={day.clock.now_ms()}", headers=mine,
        content=picture("ok"),
    )  # fmt: skip
    assert taken.status_code == 202
    assert (
        await http.post("/api/sitting/thumbnail", headers=mine, content=JPEG)
    ).status_code == 204
    wall = (await http.get(f"{session}/rooms/{one.seat.room_id}/wall", headers=desk)).json()
    tile = next(s for s in wall["seats"] if s["sitting_id"] == one.sitting_id)
    assert (tile["state"], tile["answered"]) == ("answering", 1)
    timeline = (await http.get(f"/api/sittings/{one.sitting_id}/timeline", headers=desk)).json()
    capture = timeline["captures"][0]["capture_id"]
    shown = await http.get(f"/api/captures/{capture}.jpg", headers=desk)
    assert shown.content == picture("ok")
    assert '"true"' not in json.dumps(timeline["events"])
    sheet = await http.get(f"{session}/rooms/{one.seat.room_id}/room-record.pdf", headers=desk)
    assert sheet.content.startswith(b"%PDF")


async def test_wrong_roles_and_wrong_tokens_are_turned_away(site: Site) -> None:
    day = site.day
    one = await day.face_candidate()
    await day.answering(one)
    marker = await site.staff(await day.world.person("marker", Role.MARKER))
    outsider = await site.staff(await day.world.person("outsider", Role.INVIGILATOR))
    mine = site.candidate(one)
    room = f"/api/sessions/{day.session_id}/rooms/{one.seat.room_id}"
    act = f"/api/sittings/{one.sitting_id}/pause"
    why = {"reason_code": "x", "reason_text": "y"}
    for headers, status in (({}, 401), (marker, 403), (outsider, 403), (mine, 403)):
        assert (await site.http.get(f"{room}/wall", headers=headers)).status_code == status
        assert (await site.http.post(act, headers=headers, json=why)).status_code == status
        assert (
            await site.http.get(f"/api/sessions/{day.session_id}/desk", headers=headers)
        ).status_code == status
    desk = await site.staff(day.first)
    assert (await site.http.get("/api/sitting/paper", headers=desk)).status_code == 403
    assert (await day.tile(one))["state"] == "answering"


async def test_neither_number_is_betrayed_at_the_seat(site: Site) -> None:
    day = site.day
    one = await day.admit(await day.face_candidate())
    right = {
        "ticket_no": one.ticket_no, "id_number": one.id_number, "machine_token": day.machine(one),
    }  # fmt: skip
    answers = set()
    for wrong in ({"ticket_no": "0" * 12}, {"id_number": "1" * 18}):
        reply = await site.http.post("/api/sitting/sign-in", json={**right, **wrong})
        answers.add((reply.status_code, reply.text))
    assert len(answers) == 1
    other = next(t for (_, m), t in day.tokens.items() if m != one.seat.machine_code)
    moved = await site.http.post("/api/sitting/sign-in", json={**right, "machine_token": other})
    assert moved.json()["code"] == "gate.wrong_machine"
    assert moved.json()["params"]["seat_no"] == one.seat.seat_no


async def test_huge_and_malformed_bodies_are_refused(site: Site) -> None:
    day = site.day
    one = await day.face_candidate()
    await day.answering(one)
    mine = site.candidate(one)
    huge = await site.http.post("/api/sitting/events", headers=mine, content=b"x" * (LIMIT + 1))
    assert huge.status_code == 413
    large = await site.http.post(
        "/api/sitting/thumbnail", headers=mine, content=JPEG + b"x" * 300_000
    )
    assert large.status_code == 413
    no_jpeg = await site.http.post("/api/sitting/thumbnail", headers=mine, content=b"GIF89a")
    assert no_jpeg.json()["code"] == "request.not_jpeg"
    good = body_of(day.batch(one, ("answer_set", day.item(one), {"options": ["true"]})))
    for broken in (
        {**good, "events": []},
        {**good, "events": good["events"] * 501},
        {**good, "signature_b64": "***"},
        {**good, "epoch": "x"},
        {**good, "events": [{**good["events"][0], "extra": 1}]},
    ):
        reply = await site.http.post("/api/sitting/events", headers=mine, json=broken)
        assert reply.status_code == 422, reply.text
    forged = {**good, "signature_b64": base64.b64encode(b"0" * 64).decode()}
    reply = await site.http.post("/api/sitting/events", headers=mine, json=forged)
    assert reply.json()["code"] == "ledger.signature"
    assert "answer_set" not in await day.kinds(one)


async def test_the_socket_takes_answers_and_brings_what_staff_do(site: Site) -> None:
    day = site.day
    one = await day.face_candidate()
    await day.answering(one)
    async with site.socket("/api/sitting/live") as socket:
        await socket.send(json.dumps({"type": "hello", "token": one.token}))
        assert (await read_until(socket, "state"))["stage"] == "answering"
        await socket.send(json.dumps({"type": "ping", "t0": 17}))
        pong = await read_until(socket, "pong")
        assert (pong["t0"], pong["server_ms"]) == (17, day.clock.now_ms())
        batch = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}))
        await socket.send(json.dumps({"type": "events", **body_of(batch)}))
        assert (await read_until(socket, "ack"))["acked_through"] == 1
        gap = day.batch(one, ("answer_cleared", day.item(one), None))
        later = {**body_of(gap), "first_seq": 9}
        later["events"][0]["seq"] = 9
        await socket.send(json.dumps({"type": "events", **later}))
        refusal = await read_until(socket, "refused")
        assert refusal["first_seq"] == 9
        await day.room.acts.extend(day.first, one.sitting_id, 60, WHY, None)
        notice = await read_until(socket, "notice")
        assert (notice["kind"], notice["params"]["extend_s"]) == ("extended", 60)
        state = await read_until(socket, "state")
        assert state["deadline_ms"] == day.starts_at_ms + 5_460_000
        await socket.send(json.dumps({"type": "help"}))
        await socket.send(json.dumps({"type": "ping", "t0": 18}))
        await read_until(socket, "pong")
        assert [c["kind"] for c in (await day.wall(one))["incidents"]] == ["help"]


async def test_a_newer_device_closes_the_older_socket(site: Site) -> None:
    day = site.day
    one = await day.face_candidate()
    await day.answering(one)
    async with site.socket("/api/sitting/live") as socket:
        await socket.send(json.dumps({"type": "hello", "token": one.token}))
        await read_until(socket, "state")
        await day.sign_in(one)
        await day.take_device(one)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await read_until(socket, "nothing of this kind")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4409


@pytest.mark.parametrize(
    ("hello", "code"),
    [({"type": "hello", "token": "nobody's"}, 4401), ({"type": "what"}, 4400), ([], 4400)],
)
async def test_a_stranger_gets_no_socket(site: Site, hello: Any, code: int) -> None:
    async with site.socket("/api/sitting/live") as socket:
        await socket.send(json.dumps(hello))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code


async def test_the_wall_moves_when_somebody_answers(site: Site) -> None:
    day = site.day
    one = await day.face_candidate()
    await day.answering(one)
    token = (await site.staff(day.first))["authorization"].removeprefix("Bearer ")
    path = f"/api/sessions/{day.session_id}/rooms/{one.seat.room_id}/wall/live"
    async with site.socket(path) as socket:
        await socket.send(json.dumps({"type": "hello", "token": token}))
        first = await read_until(socket, "wall")
        assert [s["answered"] for s in first["seats"] if s["sitting_id"]] == [0]
        await day.answer(one)
        while True:
            wall = await read_until(socket, "wall")
            if [s["answered"] for s in wall["seats"] if s["sitting_id"]] == [1]:
                break


async def test_a_candidate_cannot_watch_the_wall(site: Site) -> None:
    day = site.day
    one = await day.face_candidate()
    await day.answering(one)
    path = f"/api/sessions/{day.session_id}/rooms/{one.seat.room_id}/wall/live"
    async with site.socket(path) as socket:
        await socket.send(json.dumps({"type": "hello", "token": one.token}))
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 10)


async def test_two_people_force_a_hand_in_over_http(site: Site) -> None:
    day = site.day
    one = await day.face_candidate()
    await day.answering(one)
    desk = await site.staff(day.first)
    path = f"/api/sittings/{one.sitting_id}/force-submit"
    why = {"reason_code": "order", "reason_text": "扰乱秩序"}
    alone = await site.http.post(path, headers=desk, json=why)
    assert alone.json()["code"] == "act.second_missing"
    both = {**why, "second_account": "second", "second_pin": PIN}
    assert (await site.http.post(path, headers=desk, json=both)).status_code == 204
    state = (await site.http.get("/api/sitting/state", headers=site.candidate(one))).json()
    assert state["stage"] == "ended"
    assert state["receipt"]["kind"] == "forced"

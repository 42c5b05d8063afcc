"""Every endpoint of the whole program as an enemy would try it, on both databases.

Rules kept here: nothing may answer with an error of its own making (5xx, but for a coded 503),
every error has the one body with words in both languages, and a refusal that comes is one that the
endpoint declares (or one that any endpoint may give).
"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from kernel.access import Role
from tests.integration.server.enemy import (
    Endpoint,
    Enemy,
    enemy_in,
    is_error_body,
    leaves,
    planted,
    sound,
)
from tests.integration.server.rights import OPEN_TO, PUBLIC
from tests.integration.server.world import World

GARBAGE = ("x", "x" * 10_000, "eyJhbGciOiJub25lIn0.e30.", "../../etc/passwd", "' OR 1=1 --")
ANYWHERE = {
    "access.token_invalid", "access.role_missing", "request.malformed", "request.not_found",
    "request.method", "request.too_large",
}  # fmt: skip
NASTY_TEXT = {
    "NUL": "a\x00b", "long": "长" * 10_000, "surrogate": "a\ud800b", "bidi": "\u202eabc\ufeff",
    "sql": "'; DROP TABLE access_token; --", "path": "../../../etc/passwd", "html": "<script>",
}  # fmt: skip
NASTY_VALUE: dict[str, Any] = {
    "huge number": 1 << 70, "negative": -(1 << 40), "float": 1e308, "null": None,
    "list": [[[]]], "object": {"a": {"b": {}}}, "text": "x", "true": True,
}  # fmt: skip
NASTY_PATHS = (
    "%00",
    "a%00b",
    "x" * 10_000,
    "%ff%fe",
    "..%2f..%2fetc%2fpasswd",
    "%F0%9F%92%A9",
    "-1",
)
DEEP = b'{"a":' * 50_000 + b"1" + b"}" * 50_000
MALFORMED = {
    "cut off": b'{"account": "x"', "no JSON": b"account=x", "not UTF-8": b'{"a": "\xff\xfe"}',
    "a number": b"1", "null": b"null", "empty": b"", "a list": b"[]", "deep": DEEP,
    "not a number": b'{"epoch": NaN, "seed": Infinity}', "twice": b'{"a": 1, "a": 2}',
    "raw NUL": b'{"account": "\x00"}', "huge number": b'{"epoch": ' + b"9" * 5_000 + b"}",
}  # fmt: skip
MEBIBYTE = 1 << 20
pytestmark = pytest.mark.timeout(300)  # thousands of requests in one test


@pytest.fixture
async def enemy(world: World, tmp_path: Path) -> AsyncIterator[Enemy]:
    async with enemy_in(world, tmp_path) as made:
        yield made


def fault(endpoint: Endpoint, reply: Response, what: str) -> list[str]:
    """What is wrong with this answer, in words; nothing when it is as it should be."""
    said = f"{endpoint.name} [{what}] {reply.status_code} {reply.text[:160]}"
    if reply.status_code < 400:
        return []
    if reply.status_code >= 500 and reply.status_code != 503:
        return [said]
    try:
        shaped = is_error_body(reply)
    except ValueError:
        shaped = False
    if not shaped:
        return [f"no error body: {said}"]
    code = reply.json()["code"]
    return [] if code in endpoint.declared | ANYWHERE else [f"undeclared: {said}"]


def told(faults: list[str]) -> str:
    return "\n".join(["", *faults])


def closed_to_strangers(enemy: Enemy) -> list[Endpoint]:
    return [one for one in enemy.endpoints() if one.name not in PUBLIC]


def for_candidates(endpoint: Endpoint) -> bool:
    return endpoint.path.startswith("/api/sitting/")


async def test_the_table_of_rights_names_every_endpoint(enemy: Enemy) -> None:
    described = {one.name for one in closed_to_strangers(enemy) if not for_candidates(one)}
    assert described == set(OPEN_TO)


async def test_without_a_good_token_nothing_opens(enemy: Enemy) -> None:
    for endpoint in closed_to_strangers(enemy):
        for headers in (
            {},
            *({"authorization": f"Bearer {token}"} for token in GARBAGE),
            {"authorization": enemy.tokens["everybody"]},
            {"authorization": f"Basic {enemy.tokens['everybody']}"},
            {"authorization": "Bearer "},
        ):
            reply = await enemy.send(endpoint, headers=headers)
            assert reply.status_code == 401, (endpoint.name, headers, reply.text)
            assert reply.json()["code"] == "access.token_invalid"
            assert is_error_body(reply)


async def test_a_candidate_opens_no_door_of_the_staff(enemy: Enemy) -> None:
    for endpoint in closed_to_strangers(enemy):
        if not for_candidates(endpoint):
            reply = await enemy.send(endpoint, "candidate", known=True)
            assert reply.status_code == 403, (endpoint.name, reply.text)
            assert reply.json()["code"] == "access.role_missing"


async def test_staff_open_no_door_of_a_candidate(enemy: Enemy) -> None:
    for endpoint in closed_to_strangers(enemy):
        if for_candidates(endpoint):
            reply = await enemy.send(endpoint, "everybody")
            assert reply.status_code == 403, (endpoint.name, reply.text)
            assert reply.json()["code"] == "access.role_missing"


async def test_each_role_opens_exactly_its_own_doors(enemy: Enemy) -> None:
    signing_out_last = sorted(
        (one for one in closed_to_strangers(enemy) if not for_candidates(one)),
        key=lambda one: one.path == "/api/staff/sign-out",
    )
    for role in (*Role, "nobody"):
        for endpoint in signing_out_last:
            reply = await enemy.send(endpoint, str(role))
            missing = reply.status_code == 403 and reply.json()["code"] == "access.role_missing"
            assert missing == (role not in OPEN_TO[endpoint.name]), (role, endpoint.name)
            assert reply.status_code != 401, (role, endpoint.name)


def test_who_only_looks_or_marks_changes_nothing_else() -> None:
    """The rule behind the table, in case the table is changed without thinking."""
    harmless = {"POST /api/staff/sign-out"}
    marking = {"POST /api/sessions/{session_id}/marking/undo", "POST /api/marking/{task_id}"}
    looking = {"POST /api/sittings/{sitting_id}/replay"}  # it leaves its own record, nothing else
    keeping = {  # a hold keeps what is there; agreeing to an order is a supervisor's own duty
        "POST /api/sessions/{session_id}/holds",
        "POST /api/holds/{hold_id}/lift",
        "POST /api/erasures/{erasure_id}/agree",
    }
    allowed = {
        Role.SUPERVISOR: harmless | looking | keeping,
        Role.AUDITOR: harmless,
        Role.MARKER: harmless | marking,
    }
    for role, may in allowed.items():
        changing = {
            name for name, roles in OPEN_TO.items() if role in roles and name.startswith("POST")
        }
        assert changing == may, role


async def test_unknown_ids_are_not_found_and_break_nothing(enemy: Enemy) -> None:
    faults = []
    for endpoint in enemy.endpoints():
        if "{" not in endpoint.path:
            continue
        reply = await enemy.send(endpoint, "everybody")
        faults += fault(endpoint, reply, "unknown id")
        if not endpoint.changes_state and reply.is_success and reply.json() != []:
            faults.append(f"{endpoint.name} found something: {reply.text[:80]}")
        for piece in NASTY_PATHS:
            for name in endpoint.path_names:
                url = endpoint.url({**enemy.known, name: piece})
                reply = await enemy.send(endpoint, "everybody", url=url)
                faults += fault(endpoint, reply, f"path {name} {piece[:20]}")
    assert not faults, told(faults)


async def test_a_sound_request_is_never_malformed_and_never_breaks(enemy: Enemy) -> None:
    """So the hostile ones below reach as far as their one bad value lets them."""
    faults = []
    for endpoint in last_things_last(enemy):
        token = "candidate" if for_candidates(endpoint) else "everybody"
        reply = await enemy.send(endpoint, token, known=True)
        faults += fault(endpoint, reply, "sound")
        if reply.status_code == 422 and reply.json()["code"] == "request.malformed":
            faults.append(f"{endpoint.name}: {reply.text}")
    assert not faults, told(faults)


async def test_hostile_values_are_refused_in_words(enemy: Enemy) -> None:
    faults = []
    for endpoint in last_things_last(enemy):
        token = "candidate" if for_candidates(endpoint) else "everybody"
        for at, leaf in leaves(endpoint.body or {}):
            texts = isinstance(leaf, str)
            nasty = (NASTY_TEXT if texts else {}) | NASTY_VALUE
            if isinstance(leaf, bytes):
                continue
            for name, value in nasty.items():
                body = planted(endpoint.body, at, value)
                if "surrogate" in name and endpoint.content_type != "application/json":
                    continue
                how = sound(endpoint, body)
                reply = await enemy.send(endpoint, token, known=True, **how)
                faults += fault(endpoint, reply, f"{'.'.join(map(str, at))} {name}")
        for name, values in (("query", NASTY_TEXT), ("query", NASTY_VALUE)):
            for parameter in endpoint.query:
                for kind, value in values.items():
                    if kind == "surrogate":
                        continue
                    text = str(value)[:6_000]  # httpx itself sends no longer address
                    params = {**endpoint.query, parameter: text}
                    reply = await enemy.send(endpoint, token, known=True, params=params)
                    faults += fault(endpoint, reply, f"{name} {parameter} {kind}")
    assert not faults, told(faults)


async def test_what_is_no_sound_body_is_refused_in_words(enemy: Enemy) -> None:
    faults = []
    for endpoint in last_things_last(enemy):
        if not endpoint.changes_state:
            continue
        token = "candidate" if for_candidates(endpoint) else "everybody"
        for name, content in MALFORMED.items():
            for kind in ("application/json", "text/plain", "multipart/form-data", "image/jpeg", ""):
                reply = await enemy.send(
                    endpoint, token, content=content, headers={"content-type": kind} if kind else {}
                )
                faults += fault(endpoint, reply, f"{name} as {kind}")
    assert not faults, told(faults)


async def test_big_bodies_are_refused_or_read_without_harm(enemy: Enemy) -> None:
    big = b'{"account": "' + b"a" * (10 * MEBIBYTE) + b'"}'
    faults = []
    for endpoint in last_things_last(enemy):
        if endpoint.changes_state and endpoint.content_type == "application/json":
            token = "candidate" if for_candidates(endpoint) else "everybody"
            how: dict[str, Any] = {"content": big, "headers": {"content-type": "application/json"}}
            reply = await enemy.send(endpoint, token, **how)
            faults += fault(endpoint, reply, "10 MiB")
            if reply.status_code != 413:
                faults.append(f"{endpoint.name} read 10 MiB: {reply.status_code}")
    assert not faults, told(faults)


HELLOS: dict[str, Any] = {
    "bytes": b"\x00\xff", "no JSON": "hello", "a list": "[]", "deep": DEEP.decode(), "empty": "",
    "no token": '{"type": "hello"}', "a number": '{"type": "hello", "token": 1}',
    "garbage": '{"type": "hello", "token": "x"}', "NUL": '{"type": "hello", "token": "\\u0000"}',
    "surrogate": '{"type": "hello", "token": "\\ud800"}',
}  # fmt: skip
AFTER_HELLO: dict[str, Any] = {
    "bytes": b"\x00\xff", "no JSON": "hello", "deep": DEEP.decode(), "unknown": '{"type": "x"}',
    "events of nothing": '{"type": "events"}',
    "huge": '{"type": "events", "epoch": 1e400, "first_seq": 1, "events": [], "signature_b64": ""}',
    "surrogate": (
        '{"type": "events", "epoch": 1, "first_seq": 1, "signature_b64": "AAAA", "events":'
        ' [{"seq": 1, "kind": "\\ud800", "client_ms": 1}]}'
    ),
}  # fmt: skip


def sockets(enemy: Enemy) -> dict[str, str]:
    """Each socket's address and the token that it wants."""
    room = enemy.url_of_room()
    return {"/api/sitting/live": "candidate", f"{room}/wall/live": "everybody"}


async def test_no_socket_opens_to_a_stranger_and_none_breaks(enemy: Enemy) -> None:
    for path, owner in sockets(enemy).items():
        for name, hello in HELLOS.items():
            said = await enemy.talk(path, [hello])
            assert said.closed_with in {4400, 4401, 4408}, (path, name, said)
            assert said.messages == [], (path, name, said)
        other = {"candidate": "everybody", "everybody": "candidate"}[owner]
        said = await enemy.talk(path, [enemy.hello(other)])
        assert (said.closed_with, said.messages) == (4401, []), path


async def test_an_open_socket_survives_hostile_messages(enemy: Enemy) -> None:
    for path, owner in sockets(enemy).items():
        for name, message in AFTER_HELLO.items():
            said = await enemy.talk(path, [enemy.hello(owner), message])
            assert said.messages, (path, name)
            assert said.closed_with in {None, 1000, 4400}, (path, name, said)


def last_things_last(enemy: Enemy) -> list[Endpoint]:
    """What ends the session or the sign-in comes when everything else has been tried."""
    ends: Callable[[Endpoint], bool] = lambda one: one.path.endswith(  # noqa: E731
        ("/close", "/force-submit", "/sign-out", "/submit", "/pause")
    )
    return sorted(enemy.endpoints(), key=ends)

"""What else an enemy has: doors that the description does not name, tokens of another page, tokens
that have ended, and a request that was heard once and is sent again.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.routing import BaseRoute, Mount, WebSocketRoute

from kernel.access import issue_token
from tests.integration.server.enemy import VALID_S, Enemy, enemy_in
from tests.integration.server.test_every_endpoint import (
    closed_to_strangers,
    fault,
    for_candidates,
    last_things_last,
    sockets,
    told,
)
from tests.integration.server.world import World

UNDESCRIBED = {
    "/": "leads to the console",
    "/openapi.json": "the description itself",
    "/api/sitting/events": "the short way of the described save",
}
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def enemy(world: World, tmp_path: Path) -> AsyncIterator[Enemy]:
    async with enemy_in(world, tmp_path) as made:
        async with world.database.write() as tx:
            made.tokens["own page"] = await issue_token(
                tx,
                world.clock,
                subject=made.known["sitting_id"],
                kind="portal",
                claims={},
                valid_s=VALID_S,
            )
        yield made


def paths_of(route: BaseRoute) -> set[str]:
    """The address of a route, or those of the routes that it holds."""
    inner = getattr(route, "routes", None) or getattr(
        getattr(route, "original_router", None), "routes", ()
    )
    if inner and not isinstance(route, Mount):
        return {path for one in inner for path in paths_of(one)}
    # ``{path:path}`` is described as ``{path}``.
    return {re.sub(r":\w+}", "}", str(getattr(route, "path", route)))}


async def test_no_door_is_left_out_of_the_description(enemy: Enemy) -> None:
    described = set(enemy.app.openapi()["paths"])
    found = {path for route in enemy.app.routes for path in paths_of(route)}
    assert described <= found
    hidden = found - described - set(UNDESCRIBED)
    assert len(hidden) == len(sockets(enemy)), hidden
    live = {r.path for r in enemy.app.routes if isinstance(r, WebSocketRoute)}
    assert hidden == live


async def test_ones_own_page_opens_no_other_door(enemy: Enemy) -> None:
    for endpoint in closed_to_strangers(enemy):
        if endpoint.path.startswith("/api/portal/"):
            continue
        reply = await enemy.send(endpoint, "own page", known=True)
        assert reply.status_code == 403, (endpoint.name, reply.text)
        assert reply.json()["code"] == "access.role_missing"
    for path in sockets(enemy):
        said = await enemy.talk(path, [enemy.hello("own page")])
        assert (said.closed_with, said.messages) == (4401, []), path


async def test_a_token_that_has_ended_opens_nothing(enemy: Enemy, world: World) -> None:
    [sign_out] = [one for one in enemy.endpoints() if one.path == "/api/staff/sign-out"]
    assert (await enemy.send(sign_out, "everybody")).is_success
    world.clock.advance(seconds=VALID_S + 1)
    for endpoint in closed_to_strangers(enemy):
        for token in ("everybody", "chief", "candidate", "own page"):
            reply = await enemy.send(endpoint, token, known=True)
            assert reply.status_code == 401, (endpoint.name, token, reply.text)
    for path in sockets(enemy):
        for token in ("everybody", "candidate", "own page"):
            said = await enemy.talk(path, [enemy.hello(token)])
            assert (said.closed_with, said.messages) == (4401, []), (path, token)


async def test_a_request_heard_once_and_sent_again_breaks_nothing(enemy: Enemy) -> None:
    """Each sound request twice: the second gets an answer in words, or the first one's."""
    faults = []
    for endpoint in last_things_last(enemy):
        token = "candidate" if for_candidates(endpoint) else "everybody"
        for turn in ("first", "again"):
            reply = await enemy.send(endpoint, token, known=True)
            faults += fault(endpoint, reply, turn)
    assert not faults, told(faults)

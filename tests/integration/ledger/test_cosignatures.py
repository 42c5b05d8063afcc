"""POST /log/cosignatures: a stranger who floods it is turned away, and nobody else."""

from pathlib import Path

import httpx
from fastapi import FastAPI

from kernel import web
from kernel.crypto.signing import ServerKey
from kernel.pacing import Pace
from ledger.api import router
from ledger.tree.note import Algorithm, Note, NoteKey, cosign
from ledger.tree.reading import Tree
from tests.integration.ledger.test_tree import AlwaysHeld
from tests.integration.ledger.world import LedgerWorld

WITNESS = ServerKey(b"\x21" * 32)
KEY = NoteKey("witness.test", Algorithm.COSIGNATURE, WITNESS.public)
OF_ONE, OF_ALL = 3, 7


def _app(world: LedgerWorld) -> FastAPI:
    app = FastAPI()
    web.install(app, database=world.database, clock=world.clock, body_limit_bytes=1 << 20)
    pace = Pace(world.clock, "witness.too_many", OF_ONE, OF_ALL)
    app.include_router(router(world.database, Tree(world.ledger.log_key, (KEY,)), pace))
    return app


async def _sent(app: FastAPI, address: str, text: str) -> tuple[int, str]:
    transport = httpx.ASGITransport(app, client=(address, 4_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://log.test") as http:
        reply = await http.post("/log/cosignatures", content=text.encode())
    return reply.status_code, reply.json().get("code", "")


async def test_who_floods_is_turned_away_for_the_minute_and_a_witness_is_heard(
    world: LedgerWorld, tmp_path: Path
) -> None:
    one = await world.candidate("sitting_1")
    await one.save()
    await world.another().sequencer(tmp_path / "checkpoint", AlwaysHeld()).round()
    async with world.database.read() as session:
        head = await world.ledger.tree.newest(session)
    assert head is not None
    note = Note.parse(head.note)
    line = cosign(note.text, KEY.name, WITNESS, world.clock.now_ms() // 1_000)
    whole = note.with_signatures([line]).to_text()
    app = _app(world)

    for _ in range(OF_ONE):
        assert await _sent(app, "10.0.0.1", "noise") == (422, "witness.note_bad")
    for text in ("noise", whole):
        assert await _sent(app, "10.0.0.1", text) == (429, "witness.too_many")
    assert await _sent(app, "10.0.0.2", whole) == (200, "")

    assert await _sent(app, "10.0.0.3", "noise") == (422, "witness.note_bad")
    assert await _sent(app, "10.0.0.4", whole) == (429, "witness.too_many"), "too many of all"
    world.clock.advance(minutes=1)
    assert await _sent(app, "10.0.0.1", whole) == (200, "")

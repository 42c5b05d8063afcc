"""``gongyuan witness`` against a real server: cosigns what grows, cries out when it does not."""

import asyncio
import json
import stat
from pathlib import Path

import httpx
import pytest

from kernel.clock import SystemClock
from kernel.crypto.signing import ServerKey
from kernel.errors import Refusal
from kernel.settings import Settings
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.merkle import leaf_hash
from ledger.tree.note import Note, NoteKey, sign_note
from ledger.tree.proof import check_proof
from ledger.tree.tiles import Edge, tile_path
from ledger.tree.witnessing import Witness
from migrations.run import upgrade
from server.app import build
from tests.e2e.serving import Server
from tests.integration.cli.conftest import Terminal

LOG = ServerKey(bytes([3]) * 32)
LOG_KEY = NoteKey.of_log("log.test", LOG.public)


class FakeLog:
    """A log in memory that can be made to lie; it is the enemy here, not a stand-in."""

    def __init__(self, leaves: int, salt: bytes = b"") -> None:
        self.salt = salt
        self.edge = Edge()
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.grow(leaves)

    def grow(self, leaves: int) -> None:
        first = self.edge.size
        fresh = [leaf_hash(self.salt + n.to_bytes(4, "big")) for n in range(first, first + leaves)]
        self.tiles |= self.edge.grow(fresh)

    @property
    def checkpoint(self) -> Note:
        text = Checkpoint("log.test", self.edge.size, self.edge.root()).to_text()
        return sign_note(text, "log.test", LOG)

    async def get(self, path: str) -> bytes:
        if path == "checkpoint":
            return self.checkpoint.to_text().encode()
        for (level, number), tile in self.tiles.items():
            width = len(tile) // 32
            for shown in range(1, width + 1):
                if tile_path(level, number, shown) == path:
                    return tile[: shown * 32]
        raise Refusal("witness.unreachable", detail=path)


def _witness(folder: Path) -> Witness:
    return Witness("chief.test", ServerKey(bytes([9]) * 32), folder)


async def test_a_growing_log_is_cosigned_and_remembered(tmp_path: Path) -> None:
    log, witness = FakeLog(5), _witness(tmp_path)
    for grown, size in ((0, 5), (300, 305), (0, 305), (70_000, 70_305)):
        log.grow(grown)
        seen = await witness.look(log.get, LOG_KEY, 1_795_000_000)
        assert (seen.checkpoint.size, seen.grown) == (size, grown if size != 5 else 5)
        assert seen.note.signed_by(LOG_KEY)
        assert seen.note.signed_by(witness.key)
        held = _witness(tmp_path).last(LOG_KEY)
        assert held is not None
        assert held[1] == seen.checkpoint


@pytest.mark.parametrize("lie", ["shorter", "other", "regrown"])
async def test_a_log_that_forks_or_goes_back_is_never_cosigned(tmp_path: Path, lie: str) -> None:
    honest, witness = FakeLog(300), _witness(tmp_path)
    before = await witness.look(honest.get, LOG_KEY, 1)
    false = {"shorter": FakeLog(299), "other": FakeLog(300, b"x"), "regrown": FakeLog(700, b"x")}
    with pytest.raises(Refusal) as refused:
        await witness.look(false[lie].get, LOG_KEY, 2)
    expected = "witness.rolled_back" if lie == "shorter" else "witness.forked"
    assert refused.value.code == expected
    held = witness.last(LOG_KEY)
    assert held is not None
    assert held[1] == before.checkpoint
    kept = await asyncio.to_thread(_evidence, tmp_path)
    assert honest.checkpoint.text in kept
    assert false[lie].checkpoint.to_text() in kept


async def test_a_checkpoint_of_another_key_or_a_changed_one_is_refused(tmp_path: Path) -> None:
    log, witness = FakeLog(5), _witness(tmp_path)
    stranger = NoteKey.of_log("log.test", ServerKey(bytes([4]) * 32).public)
    with pytest.raises(Refusal) as refused:
        await witness.look(log.get, stranger, 1)
    assert refused.value.code == "witness.wrong_log"

    async def changed(path: str) -> bytes:
        return (await log.get(path)).replace(b"\n5\n", b"\n6\n")

    with pytest.raises(Refusal) as refused:
        await witness.look(changed, LOG_KEY, 1)
    assert refused.value.code == "witness.note_bad"
    assert witness.last(LOG_KEY) is None
    assert witness.pin(LOG_KEY)
    assert not witness.pin(LOG_KEY)
    with pytest.raises(Refusal) as refused:
        witness.pin(stranger)
    assert refused.value.code == "witness.wrong_log"


def _evidence(folder: Path) -> str:
    [kept] = folder.glob("evidence-*.txt")
    return kept.read_text()


async def _write(settings: Settings, session_id: str) -> None:
    """A session's first record, as the server would write it."""
    services = build(settings, SystemClock())
    async with services.database.write() as tx:
        await services.ledger.open_session(tx, session_id)
        await services.ledger.open_stream(
            tx, f"session/{session_id}", session_id, "session_opened", {}
        )
    await services.database.close()


def test_the_command_cosigns_a_running_server_and_shouts_when_it_went_back(
    terminal: Terminal, tmp_path: Path
) -> None:
    data, key, state = terminal.folder / "data", tmp_path / "w" / "key", tmp_path / "w" / "seen"
    settings = Settings(data_dir=data)
    upgrade(settings.database)
    asyncio.run(_write(settings, "one"))
    watch = ("witness", "--name", "chief.test", "--key", key, "--state", state, "--once", "--json")
    nobody = terminal.run(*watch, "--url", "http://127.0.0.1:9")
    assert nobody.status == 1
    own, refused = map(json.loads, nobody.out.splitlines())
    assert refused["code"] == "witness.unreachable"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    registered = {"GONGYUAN_TREE__WITNESSES": json.dumps([own["key"]])}
    server = Server(data, preloaded=registered)
    server.start()
    try:
        asyncio.run(server.ready())
        outcome = _until_covered(terminal, *watch, "--url", server.url)
        assert outcome["code"] == "witness.cosigned"
        assert outcome["size"] == 1
        seen = httpx.get(f"{server.url}/log/checkpoint")
        note = Note.parse(seen.text)
        assert note.signed_by(NoteKey.parse(own["key"]))
        asyncio.run(_proven(settings, NoteKey.parse(own["key"])))
        stranger = terminal.run(
            "witness", "--name", "stranger", "--key", tmp_path / "x", "--state", tmp_path / "y",
            "--once", "--json", "--url", server.url,
        )  # fmt: skip
        assert json.loads(stranger.out.splitlines()[-1])["code"] == "witness.unknown"
    finally:
        server.stop()
    held = next(state.glob("*.checkpoint"))
    longer = Note.parse(held.read_text()).text.replace("\n1\n", "\n9\n")
    signer = build(settings).keyring.signer("ledger")
    held.write_text(sign_note(longer, settings.http.origin, signer).to_text())
    server = Server(data, preloaded=registered)
    server.start()
    try:
        asyncio.run(server.ready())
        alarm = terminal.run(*watch[:-1], "--url", server.url)
        assert alarm.status == 1
        assert "警报" in alarm.out
        assert "ALARM" in alarm.out
        assert len(list(state.glob("evidence-*.txt"))) == 1
    finally:
        server.stop()


def _until_covered(terminal: Terminal, *words: str | Path) -> dict[str, object]:
    """The first checkpoint comes within seconds of the start."""
    for _ in range(20):
        outcome = terminal.run(*words)
        last: dict[str, object] = json.loads(outcome.out.splitlines()[-1])
        if outcome.status == 0:
            return last
    raise AssertionError(outcome)


async def _proven(settings: Settings, witness: NoteKey) -> None:
    """A receipt's proof now carries the witness."""
    services = build(settings)
    async with services.database.read() as session:
        found = await services.ledger.tree.proof(session, "session/one", 1)
    await services.database.close()
    assert found is not None
    assert found.cosigned == 1
    log = services.ledger.log_key
    assert check_proof(found.proof, found.entry, log, [witness], quorum=1).witnessed

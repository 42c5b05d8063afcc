"""``gongyuan witness`` against a real server: cosigns what grows, cries out when it does not."""

import asyncio
import json
import stat
import threading
from argparse import ArgumentTypeError
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from kernel.clock import SystemClock
from kernel.crypto.signing import ServerKey
from kernel.errors import Refusal
from kernel.settings import Settings
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.merkle import leaf_hash
from ledger.tree.note import Algorithm, Note, NoteKey, sign_note
from ledger.tree.proof import check_proof
from ledger.tree.tiles import Edge, tile_path
from ledger.tree.witnessing import Witness
from migrations.run import upgrade
from server.app import build
from server.cli.arguments import witness_key
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


@pytest.mark.parametrize("name", ["checkpoint", "key"])
@pytest.mark.parametrize("at", [0, 12, 40, -3])
async def test_a_damaged_memory_accuses_nobody_and_nothing_is_signed_on_it(
    tmp_path: Path, name: str, at: int
) -> None:
    log, witness = FakeLog(5), _witness(tmp_path)
    witness.pin(LOG_KEY)
    await witness.look(log.get, LOG_KEY, 1)
    [place] = await asyncio.to_thread(lambda: list(tmp_path.glob(f"*.{name}")))
    whole = place.read_bytes()

    async def look() -> None:
        _witness(tmp_path).pin(LOG_KEY)
        await _witness(tmp_path).look(log.get, LOG_KEY, 2)

    for damaged in (whole[:at], whole[:at] + b"\xff" + whole[at:], b""):
        place.write_bytes(damaged)
        with pytest.raises(Refusal, match="witness.memory_damaged"):
            await look()
        assert place.read_bytes() == damaged
    assert not await asyncio.to_thread(lambda: list(tmp_path.glob("evidence*")))
    place.write_bytes(whole)
    assert not _witness(tmp_path).pin(LOG_KEY)
    await _witness(tmp_path).look(log.get, LOG_KEY, 3)


async def test_a_memory_that_says_something_else_than_was_signed_is_damaged(tmp_path: Path) -> None:
    log, witness = FakeLog(5), _witness(tmp_path)
    await witness.look(log.get, LOG_KEY, 1)
    [place] = await asyncio.to_thread(lambda: list(tmp_path.glob("*.checkpoint")))
    place.write_text(place.read_text().replace("\n5\n", "\n9\n"))
    with pytest.raises(Refusal, match="witness.memory_damaged"):
        await witness.look(log.get, LOG_KEY, 2)


def test_a_logs_own_key_is_no_witness() -> None:
    with pytest.raises(ArgumentTypeError):
        witness_key(LOG_KEY.text())
    mine = NoteKey("chief.test", Algorithm.COSIGNATURE, LOG.public)
    assert witness_key(mine.text()) == mine


def test_whatever_answers_instead_of_the_log_does_not_end_the_witness(
    terminal: Terminal, tmp_path: Path
) -> None:
    watch = ("witness", "--name", "chief.test", "--key", tmp_path / "key", "--once", "--json")
    vkey = ("--log", LOG_KEY.text(), "--state", tmp_path / "seen")
    for said in (b"<html>bad gateway</html>", b"[]", b'{"code": 5}', b'{"code": "witness.odd"}'):
        with _Proxy(FakeLog(5), said) as address:
            seen = terminal.run(*watch, *vkey, "--url", address)
        assert seen.status == 1
        assert json.loads(seen.out.splitlines()[-1])["code"] == "witness.unreachable"
        assert "Traceback" not in seen.err


def test_an_answer_without_end_is_not_read_to_its_end(terminal: Terminal, tmp_path: Path) -> None:
    watch = ("witness", "--name", "chief.test", "--key", tmp_path / "key", "--once", "--json")
    with _Proxy(None, b"") as address:
        seen = terminal.run(*watch, "--state", tmp_path / "seen", "--url", address)
    assert seen.status == 1
    assert "1048576" in json.loads(seen.out.splitlines()[-1])["params"]["detail"]


class _Proxy:
    """A web server that gives a log's checkpoint and takes cosignatures badly; without a log,
    whatever is asked for never ends.
    """

    def __init__(self, log: FakeLog | None, said: bytes) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(log.checkpoint.to_text().encode() if log else b"")
                    while not log:
                        self.wfile.write(bytes(65_536))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(502)
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                """Nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


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

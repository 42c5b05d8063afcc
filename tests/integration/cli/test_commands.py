"""Every other command of the program, and the exit codes that it promises."""

import asyncio
import json
import signal
import sqlite3
import subprocess
from asyncio.subprocess import Process
from pathlib import Path

import httpx
import msgspec
import pytest

from kernel.crypto.signing import ServerKey
from kernel.db import Database
from ledger.verify.bench import write_archive
from migrations.run import PRACTICE, upgrade
from paper.bundle import FORMAT, Bundle, SignedBundle, bundle_bytes, signed_bytes
from practice.__main__ import main as practice
from practice.service import PracticeService
from server.cli.main import parser
from setup.places import ROOT
from tests.e2e.serving import gongyuan
from tests.integration.cli.conftest import Terminal
from tests.integration.practice.test_practice_program import BANK, PAPER
from tests.postgres import free_port

FACES = ROOT / "tests" / "data" / "faces"
DRAW = ROOT / "tests" / "vectors" / "draw.json"
STARTS_S = 60
STOPS_S = 30
COMMANDS = {
    "demo", "serve", "migrate", "doctor", "bank", "draw", "face", "practice", "rehearse",
    "archive", "verify", "bench", "keys", "witness"
}  # fmt: skip


def test_help_names_every_command_in_both_languages() -> None:
    said = parser().format_help()
    assert {line.split()[0] for line in said.splitlines() if line.startswith("    ")} == COMMANDS
    for line in said.splitlines():
        if line.startswith("    "):
            assert " · " in line, line


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([command, "--help"])
    assert ended.value.code == 0
    assert f"gongyuan {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["feast"],
        ["bank"],
        ["bank", "import", "x.txt"],
        ["bank", "import", "x.txt", "--blueprint", "b", "--tier", "county"],
        ["draw", "verify"],
        ["verify"],
        ["verify", "x.zip", "--trust", "abc"],
        ["verify", "x.zip", "--workers", "0"],
        ["face", "evaluate"],
        ["archive", "export", "session"],
        ["demo", "--port", "eight"],
        ["rehearse", "--candidates", "many"],
        ["bench", "beauty"],
        ["migrate", "now"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)
    assert ended.value.code == 2
    assert "usage: gongyuan" in capsys.readouterr().err


def test_migrate_makes_the_schema_and_may_be_repeated(terminal: Terminal) -> None:
    for _ in range(2):
        done = terminal.run("migrate")
        assert done.status == 0, done
        assert "数据库结构已是最新" in done.err
        assert "The schema is up to date" in done.err
    with sqlite3.connect(terminal.folder / "data" / "gongyuan.db") as made:
        tables = {name for (name,) in made.execute("select name from sqlite_master")}
    made.close()
    assert len(tables) > 30


def test_a_wrong_setting_names_its_key_and_nothing_starts(terminal: Terminal) -> None:
    terminal.settings = {"GONGYUAN_HTTP__PORT": "eight"}
    assert "GONGYUAN_HTTP__PORT" in terminal.refused("migrate")
    terminal.settings = {"GONGYUAN_HTTP__PROT": "8000"}
    assert "GONGYUAN_HTTP__PROT" in terminal.refused("serve")
    assert not (terminal.folder / "data").exists()


def test_a_published_draw_is_recomputed(terminal: Terminal) -> None:
    good = terminal.run("draw", "verify", DRAW)
    assert good.status == 0, good
    assert "抽签复算一致" in good.out
    changed = terminal.folder / "draw.json"
    data = json.loads(DRAW.read_bytes())
    data["placements"][0]["seat_no"] = "99"
    changed.write_text(json.dumps(data))
    bad = terminal.run("draw", "verify", changed)
    assert (bad.status, bad.out) == (1, "")
    assert terminal.run("draw", "verify", terminal.folder / "none.json").status == 2


def test_labelled_pairs_are_measured_with_the_real_engine(terminal: Terminal) -> None:
    pairs = terminal.folder / "pairs.csv"
    pairs.write_text(
        "a,b,same\n"
        f"{FACES}/id/obama_id.jpg,{FACES}/capture/obama_640.jpg,1\n"
        f"{FACES}/id/obama_id.jpg,{FACES}/capture/obama_b_640.jpg,1\n"
        f"{FACES}/id/obama_id.jpg,{FACES}/capture/biden_640.jpg,0\n"
        f"{FACES}/id/biden_id.jpg,{FACES}/capture/collins_640.jpg,0\n"
    )
    done = terminal.run("face", "evaluate", pairs)
    assert done.status == 0, done
    *points, summary = map(json.loads, done.out.splitlines())
    assert {one["kind"] for one in points} == {"point"}
    assert summary["kind"] == "evaluation"
    assert (summary["pairs"], summary["compared"], summary["pictures"]) == (4, 4, 6)
    assert (summary["detection_rate"], summary["eer"]) == (1.0, 0.0)
    pairs.write_text("a,b,same\nnobody.jpg,nobody.jpg,maybe\n")
    words = terminal.refused("face", "evaluate", pairs)
    assert "第 2 行" in words
    assert "row 2" in words


@pytest.mark.parametrize(
    "words",
    [("keys", "status"), ("archive", "export", "s_1", "out.zip"), ("face", "replay", "s_1")],
    ids=" ".join,
)
def test_a_database_without_tables_is_said_with_its_remedy(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    assert "gongyuan migrate" in terminal.refused(*words)


def test_a_session_without_comparisons_is_no_proof_of_any(terminal: Terminal) -> None:
    assert terminal.run("migrate").status == 0
    done = terminal.run("face", "replay", "session_unknown")
    assert (done.status, done.body["comparisons"], done.body["holds"]) == (1, 0, False)
    assert done.err.count("session_unknown") == 2


def test_what_is_not_there_is_refused_in_both_languages(terminal: Terminal) -> None:
    nothing = terminal.folder / "nothing.zip"
    assert terminal.run("migrate").status == 0
    done = terminal.run("verify", nothing)
    assert (done.status, done.out) == (2, "")
    assert done.err.count(str(nothing)) == 2
    terminal.refused("archive", "export", "session_unknown", nothing)
    assert not nothing.exists()


def test_an_archive_is_verified_with_its_key_and_in_json_lines(terminal: Terminal) -> None:
    archive, keys = write_archive(terminal.folder, 2, 8)
    words = terminal.run("verify", archive, "--key-file", keys)
    assert (words.status, words.err) == (0, "")
    assert "由服务器证明" in words.out
    assert "server-attested" in words.out
    told = terminal.run("verify", archive, "--json")
    *steps, report = map(json.loads, told.out.splitlines())
    assert {one["kind"] for one in steps} == {"progress"}
    assert steps[-1]["done_bytes"] == steps[-1]["total_bytes"]
    assert (report["kind"], report["good"], report["records"]) == ("report", True, 16)
    public = report["server_public"]
    assert "您提供的一致" in terminal.run("verify", archive, "--trust", public).out
    strange = terminal.run("verify", archive, "--trust", "00" * 32)
    assert strange.status == 1
    assert "session-seal.bin" in strange.out
    no_key_file = terminal.run("verify", archive, "--key-file", archive / "manifest.json")
    assert no_key_file.status == 2


def test_a_replay_of_a_session_without_matches_shows_nothing_and_says_so(
    terminal: Terminal,
) -> None:
    assert terminal.run("migrate").status == 0
    done = terminal.run("face", "replay", "session_without_matches")
    assert done.status == 1, done
    said = json.loads(done.out.splitlines()[-1])
    assert (said["holds"], said["comparisons"], said["results"]) == (False, 0, {})
    assert "session_without_matches" in done.err


def test_rehearse_says_that_no_server_answers(terminal: Terminal) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert url in terminal.refused("rehearse", "--url", url, "--candidates", "1")


def test_practice_takes_in_what_the_bank_signed_and_nothing_else(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = terminal.folder / "released.json"
    bundle.write_bytes(_signed(BANK))
    signer = BANK.public.hex()
    assert terminal.run_apart("practice", "take-in", bundle, "--signer", signer).body == {
        "papers": 1
    }
    monkeypatch.setenv("GONGYUAN_DATA_DIR", str(terminal.folder / "data"))
    stranger = ServerKey(bytes(32)).public.hex()
    for file, key in ((bundle, stranger), (bundle, "00"), (Path("nowhere.json"), signer)):
        assert practice(["take-in", str(file), "--signer", key]) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err
    with pytest.raises(SystemExit) as ended:
        practice(["take-in", str(bundle), "--signer", "word"])
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert "64 位十六进制" in said.err
    assert "64 hexadecimal" in said.err


async def test_practice_serves_what_it_took_in(terminal: Terminal) -> None:
    bundle = terminal.folder / "released.json"
    bundle.write_bytes(_signed(BANK))
    url = f"sqlite+aiosqlite:///{terminal.folder}/data/practice/practice.db"
    await asyncio.to_thread(upgrade, url, PRACTICE)
    database = Database.open(url)
    try:
        await PracticeService(database).take_in(bundle.read_bytes(), BANK.public)
    finally:
        await database.close()
    path = "/api/practice/papers"
    assert await _served(terminal, free_port(), path, "practice", "serve") == [PAPER.title]


async def test_serve_brings_the_schema_and_answers(terminal: Terminal) -> None:
    assert await _served(terminal, free_port(), "/healthz", "serve") == "ok"
    assert (terminal.folder / "data" / "gongyuan.db").exists()


async def test_a_second_server_on_one_sqlite_file_does_not_start_until_the_first_was_killed(
    terminal: Terminal,
) -> None:
    first = await _started(terminal, free_port())
    said = await asyncio.to_thread(terminal.refused, "serve", "--port", str(free_port()))
    assert str(terminal.folder / "data" / "gongyuan.db") in said
    assert "PostgreSQL" in said
    first.kill()
    await first.wait()
    assert await _served(terminal, free_port(), "/healthz", "serve") == "ok"


async def _served(terminal: Terminal, port: int, path: str, *words: str) -> object:
    """Start, ask once it answers, end with the signal that a service manager sends."""
    process = await _process(terminal, *words, "--port", str(port))
    try:
        body = await _answer(process, f"http://127.0.0.1:{port}{path}")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOPS_S):
            assert await process.wait() in {0, -signal.SIGTERM}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if isinstance(body, list):
        return [one["title"] for one in body]
    return body["status"]


async def _started(terminal: Terminal, port: int) -> Process:
    """A server that answers; whoever asked ends it."""
    process = await _process(terminal, "serve", "--port", str(port))
    await _answer(process, f"http://127.0.0.1:{port}/healthz")
    return process


async def _process(terminal: Terminal, *words: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *gongyuan(*words),
        cwd=ROOT,
        env=terminal.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def _answer(process: Process, url: str) -> list[dict[str, str]] | dict[str, str]:
    async with httpx.AsyncClient() as http:
        for _ in range(STARTS_S * 10):
            assert process.returncode is None, "it ended by itself"
            try:
                reply = await http.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            assert reply.status_code == 200, reply.text
            body: list[dict[str, str]] | dict[str, str] = reply.json()
            return body
    raise AssertionError(f"nothing answers at {url}")


def _signed(signer: ServerKey) -> bytes:
    stored = bundle_bytes(Bundle(FORMAT, 1, (PAPER,), signer.public.hex()))
    return msgspec.json.encode(
        SignedBundle(stored.decode(), signer.sign(signed_bytes(stored)).hex())
    )

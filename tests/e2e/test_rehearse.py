"""``gongyuan rehearse``: a whole session with thirty candidates against a running server."""

import asyncio
import json
from pathlib import Path

import pytest

from setup.places import ROOT
from tests.e2e.serving import environment, gongyuan, serving
from tests.e2e.worlds import Seeded

CANDIDATES = 30


@pytest.mark.timeout(900)
async def test_a_rehearsed_session_loses_no_acknowledged_answer(
    seeded: Seeded, tmp_path: Path
) -> None:
    report_file = tmp_path / "report.json"
    async with serving(seeded.data) as server:
        program = await asyncio.create_subprocess_exec(
            *gongyuan(
                "rehearse", "--url", server.url, "--candidates", str(CANDIDATES),
                "--minutes", "0.2", "--report", report_file,
            ),
            cwd=ROOT,
            env=environment(tmp_path / "nothing"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, complained = await program.communicate()
    assert program.returncode == 0, complained.decode()
    report = json.loads(report_file.read_text())
    assert report["candidates"] == CANDIDATES
    assert report["submitted"] == CANDIDATES
    assert report["acknowledged_but_missing"] == 0
    assert report["missing"] == []
    assert report["acknowledged_events"] > report["acknowledged_answers"] > CANDIDATES
    steps = report["steps"]
    assert steps["save"]["count"] == report["acknowledged_answers"]
    assert 0 < steps["save"]["p50_ms"] <= steps["save"]["p95_ms"] <= steps["save"]["p99_ms"]
    assert steps["capture"]["count"] >= CANDIDATES
    summary = json.loads(said)
    assert summary == {key: value for key, value in report.items() if key != "steps"}


@pytest.mark.timeout(300)
async def test_a_rehearsal_with_nothing_to_sit_says_so_in_both_languages(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as server:
        program = await asyncio.create_subprocess_exec(
            *gongyuan("rehearse", "--url", server.url, "--candidates", "2"),
            cwd=ROOT,
            env=environment(tmp_path / "nothing"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complained = await program.communicate()
    assert program.returncode == 1
    assert said == b""
    words = complained.decode()
    assert "Traceback" not in words
    assert words.count("✗") == 2

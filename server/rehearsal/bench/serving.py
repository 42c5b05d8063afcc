"""``gongyuan serve`` as a process of its own on 127.0.0.1, ended by whoever began it.

Rules kept here: the port is free when it is chosen; only the process that was started here is
ended; when it does not come up its last words are shown.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import httpx

from kernel.errors import Kind, Refusal
from kernel.settings import Settings

START_S = 60.0
STOP_S = 20
POLL_S = 0.05
LAST_WORDS = 2_000
PRODUCT = ("server.cli.main", "serve")
CONSTANT = ("server.rehearsal.bench.constant",)
"""The same route with a constant handler, behind the short way."""
DECLARED = (*CONSTANT, "--declared")
"""The same as an endpoint that the framework declares, checks and calls."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers; ``start_s`` is from its process to its first answer."""

    host: str
    port: int
    process_id: int
    start_s: float = 0.0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://{self.host}:{self.port}"


@asynccontextmanager
async def serving(settings: Settings, program: Sequence[str] = PRODUCT) -> AsyncIterator[Served]:
    """Starts it on ``settings``, gone afterwards. Raises ``bench.server``."""
    host, log_path = "127.0.0.1", settings.data_dir / "serve.log"
    port = _free_port(host)
    begun = perf_counter()
    with log_path.open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220, S603  # our own program, started at once
            [sys.executable, "-m", *program, "--host", host, "--port", str(port)],
            env=_surroundings(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        served = Served(host, port, process.pid)
        await _ready(served, process, log_path)
        yield replace(served, start_s=perf_counter() - begun)
    finally:
        await asyncio.to_thread(_stop, process)


async def _ready(served: Served, process: subprocess.Popen[bytes], log_path: Path) -> None:
    async with httpx.AsyncClient(base_url=served.url) as http:
        for _ in range(int(START_S / POLL_S)):
            if process.poll() is not None:
                break
            try:
                if (await http.get("/healthz")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(POLL_S)
    raise Refusal("bench.server", Kind.UNAVAILABLE, words=_last_words(log_path))


def _last_words(log_path: Path) -> str:
    return log_path.read_text(errors="replace")[-LAST_WORDS:]


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_S)


def _surroundings(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,  # noqa: TID251  # handed on to a child, nothing is read from it
        "GONGYUAN_DATA_DIR": str(settings.data_dir),
        "GONGYUAN_DATABASE_URL": settings.database_url,
        "GONGYUAN_FACE__MODELS_DIR": str(settings.face.models_dir),
    }


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
    return port

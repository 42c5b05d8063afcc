"""The real program as a process of its own: started, stopped, and killed without warning.

Rules kept here: it listens on 127.0.0.1 only; a restart finds the same data on the same port; the
process ends with the test run, however that ends.
"""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from setup.places import CLIENT, FONTS, MODELS, ROOT
from tests.postgres import free_port

START_S = 120
STOP_S = 30
POLL_S = 0.05
PR_SET_PDEATHSIG = 1


def environment(data: Path, database_url: str = "", client: Path | None = None) -> dict[str, str]:
    """The settings of a program on this data folder, from whatever folder it is started in."""
    outside = {k: v for k, v in os.environ.items() if not k.startswith("GONGYUAN_")}
    return {
        **outside,
        "GONGYUAN_DATA_DIR": str(data),
        "GONGYUAN_DATABASE_URL": database_url,
        "GONGYUAN_CLIENT_DIR": str(client or CLIENT / "dist"),
        "GONGYUAN_FACE__MODELS_DIR": str(MODELS),
        "GONGYUAN_PDF__FONT_PATH": str(FONTS / "NotoSansSC-Regular.ttf"),
    }


def gongyuan(*words: str | Path) -> list[str]:
    """The command line under the interpreter of the tests."""
    return [sys.executable, "-m", "server.cli.main", *map(str, words)]


class Server:
    """``gongyuan serve`` (or another program) on a data folder. One object, many lives."""

    def __init__(
        self,
        data: Path,
        database_url: str = "",
        client: Path | None = None,
        preloaded: dict[str, str] | None = None,
        program: tuple[str, ...] = ("serve",),
    ) -> None:
        self.port = free_port()
        self._program = program
        self._log = data.parent / f"{data.name}-{program[0]}.log"
        self._environment = {**environment(data, database_url, client), **(preloaded or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What it wrote on the terminal in all its lives."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self) -> None:
        """Begin a life; ``ready`` says when it answers."""
        assert self._process is None
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                gongyuan(*self._program, "--port", str(self.port)),
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - it only asks for a signal
            )

    async def ready(self) -> None:
        """Wait until it answers. Raises with its last words when it ended instead."""
        process = self._process
        assert process is not None
        async with httpx.AsyncClient(base_url=self.url) as http:
            for _ in range(int(START_S / POLL_S)):
                if process.poll() is not None:
                    break
                try:
                    if (await http.get("/healthz")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(POLL_S)
        raise RuntimeError(f"the server did not start:\n{self.log[-4_000:]}")

    def kill(self) -> None:
        """The power is cut: no signal handler runs, nothing is flushed."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_S)
        self._process = None

    def stop(self) -> None:
        """An orderly end, or none when it does not come; safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)


@asynccontextmanager
async def serving(
    data: Path,
    database_url: str = "",
    client: Path | None = None,
    program: tuple[str, ...] = ("serve",),
) -> AsyncIterator[Server]:
    """A server that answers, gone afterwards; ``program`` may be another one than the exam's."""
    server = Server(data, database_url, client, program=program)
    server.start()
    try:
        await server.ready()
        yield server
    finally:
        server.stop()


def _end_with_parent() -> None:
    """Let the kernel end the server when the test run dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

"""``gongyuan demo`` as a user types it, and what it prints, taken apart.

Rules kept here: it runs in a terminal session of its own, so that nothing it starts can hide; its
temporary folder lies in the test's; whatever happens, the whole session is ended.
"""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from setup.places import ROOT
from tests.postgres import free_port

START_S = 150
STOP_S = 30
POLL_S = 0.1
_GUEST = re.compile(
    r"^考生 candidate +(?P<name>\S+) .*\n +(?P<url>\S+)\n"
    r" +准考证号 (?P<ticket>\d{14}) +证件号 (?P<number>\d{17}[\dX])$",
    re.MULTILINE,
)
_ACCOUNT = re.compile(
    r"^ {4}([a-z]{2}\d{3})  (\S+)  (?:PIN (\d{6}))?(?:口令 ([a-z ]*[a-z]))?", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Guest:
    """A candidate for whoever tries the demo."""

    name: str
    url: str
    ticket_no: str
    id_number: str

    @property
    def machine_token(self) -> str:
        """Of the seat PC, empty for one who has no seat yet."""
        return self.url.partition("?machine=")[2]


@dataclass(frozen=True, slots=True)
class Login:
    """A member of staff as printed."""

    account: str
    password: str
    pin: str
    passphrase: str


class Demo:
    """One run of the program."""

    def __init__(self, folder: Path) -> None:
        self.port = _two_free_ports()
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self._out = folder / "demo.out"
        self._err = folder / "demo.err"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def practice(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}/"

    @property
    def said(self) -> str:
        """Everything on its standard output."""
        return self._out.read_text()

    @property
    def complained(self) -> str:
        """Everything on its standard error."""
        return self._err.read_text()

    @property
    def guests(self) -> dict[str, Guest]:
        """By name, as printed."""
        found = (Guest(*one.groups()) for one in _GUEST.finditer(self.said))
        return {one.name: one for one in found}

    @property
    def logins(self) -> dict[str, Login]:
        """By account, as printed."""
        found = (Login(*(word or "" for word in words)) for words in _ACCOUNT.findall(self.said))
        return {one.account: one for one in found}

    @property
    def receipt(self) -> tuple[str, str]:
        """Address of the page and the code, as printed."""
        found = re.search(r"^回执核验 receipt +(\S+)  (\w{12})$", self.said, re.MULTILINE)
        assert found is not None, self.said
        return found[1], found[2]

    def start(self) -> None:
        """In a session of its own, from the checkout, without any setting."""
        outside = {k: v for k, v in os.environ.items() if not k.startswith("GONGYUAN_")}
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name("gongyuan"), "demo", "--port", str(self.port)],
                cwd=ROOT,
                env={**outside, "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    async def ready(self) -> None:
        """Until it has printed everything and every part answers."""
        assert self._process is not None
        async with httpx.AsyncClient() as http:
            for _ in range(int(START_S / POLL_S)):
                if self._process.poll() is not None:
                    break
                if self.said.endswith("/console/\n"):
                    with suppress(httpx.TransportError):
                        await http.get(f"{self.base}/healthz")
                        await http.get(self.practice)
                        return
                await asyncio.sleep(POLL_S)
        raise RuntimeError(f"the demo did not start:\n{self.complained[-4_000:]}")

    def processes(self) -> list[int]:
        """Every living process of its session."""
        assert self._process is not None
        living = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
                if int(session) == self._process.pid and state != "Z":
                    living.append(int(stat.parent.name))
        return living

    async def press_ctrl_c(self) -> int:
        """As a terminal does: SIGINT to the whole foreground group. Returns the exit code."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGINT)
        return await asyncio.to_thread(self._process.wait, STOP_S)

    def end(self) -> None:
        """Whatever still lives is killed."""
        process = self._process
        if process is None:
            return
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(STOP_S)


@asynccontextmanager
async def demonstrating(folder: Path) -> AsyncIterator[Demo]:
    """A demo that answers; nothing of it is left."""
    demo = Demo(folder)
    demo.start()
    try:
        await demo.ready()
        yield demo
    finally:
        demo.end()


class Watcher:
    """A member of staff who looks at today's wall through the API."""

    def __init__(self, http: httpx.AsyncClient, session: dict[str, Any]) -> None:
        self.http = http
        self.session_id = str(session["session_id"])
        self.room_id = str(session["rooms"][0]["room_id"])

    @property
    def address(self) -> str:
        """Of the wall's page."""
        return f"/console/#/sessions/{self.session_id}/rooms/{self.room_id}/wall"

    async def wall(self) -> dict[str, Any]:
        reply = await self.http.get(f"/api/sessions/{self.session_id}/rooms/{self.room_id}/wall")
        assert reply.status_code == 200, reply.text
        wall: dict[str, Any] = reply.json()
        return wall

    async def wait(
        self, wanted: Callable[[dict[str, Any]], bool], limit_s: float
    ) -> dict[str, Any]:
        """The first wall that shows what is wanted; raises with the last one."""
        wall: dict[str, Any] = {}
        for _ in range(int(limit_s / 0.5)):
            wall = await self.wall()
            if wanted(wall):
                return wall
            await asyncio.sleep(0.5)
        raise AssertionError(f"not within {limit_s} s: {wall.get('counts')} {kinds(wall)}")


@asynccontextmanager
async def watching(demo: Demo) -> AsyncIterator[Watcher]:
    """The first invigilator, signed in as printed."""
    login = demo.logins["jk001"]
    async with httpx.AsyncClient(base_url=demo.base, timeout=30) as http:
        body = {"account": login.account, "password": login.password}
        signed = await http.post("/api/staff/sign-in", json=body)
        assert signed.status_code == 200, signed.text
        http.headers["authorization"] = f"Bearer {signed.json()['token']}"
        sessions = (await http.get("/api/sessions/mine")).json()
        yield Watcher(http, next(one for one in sessions if one["state"] != "archived"))


def kinds(wall: dict[str, Any]) -> set[str]:
    """Of the open incidents."""
    return {str(one["kind"]) for one in wall["incidents"]}


def answering(wall: dict[str, Any]) -> int:
    """How many have answered something and are at it."""
    return sum(one["state"] == "answering" and one["answered"] > 0 for one in wall["seats"])


def is_free(port: int) -> bool:
    """Whether somebody could listen there now."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _two_free_ports() -> int:
    """The lower of two neighbours."""
    while True:
        port = free_port()
        if port < 65_000 and is_free(port + 1):
            return port

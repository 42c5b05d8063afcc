"""``gongyuan demo``: seed, serve, play, and leave nothing behind.

Rules kept here: the data folder is temporary unless named; the public practice program is a
process of its own; every process and task started here ends here.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from rich.console import Console

from kernel.clock import SystemClock
from kernel.settings import FaceSettings, HttpSettings, Settings
from migrations.run import PRACTICE, upgrade
from server.app import create_app
from server.demo.seed import World, seed
from server.demo.story import play
from server.demo.words import farewell, ready, seeding
from server.rehearsal.figures import Figures

STARTS_IN_S = 30
STOP_S = 10


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked for."""

    host: str
    port: int
    data: Path | None
    client: Path
    models: Path


def run(wish: Wish) -> int:
    """Until Ctrl-C."""
    console = Console(stderr=True)
    with ExitStack() as undo:
        data = wish.data or Path(
            undo.enter_context(tempfile.TemporaryDirectory(prefix="gongyuan-demo-"))
        )
        settings = Settings(
            data_dir=data,
            client_dir=wish.client.resolve(),
            http=HttpSettings(host=wish.host, port=wish.port, practice_port=wish.port + 1),
            face=FaceSettings(models_dir=wish.models.resolve()),
        )
        console.print(seeding())
        upgrade(settings.database)
        upgrade(_practice_url(settings), PRACTICE)
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            asyncio.run(_live(settings, console))
    console.print(farewell())
    return 0


async def _live(settings: Settings, console: Console) -> None:
    clock = SystemClock()
    with console.status(seeding()):
        world = await seed(settings, clock, STARTS_IN_S)
    practice = await asyncio.to_thread(_start_practice, settings, world)
    try:
        app = create_app(settings, clock)
        config = uvicorn.Config(
            app,
            host=settings.http.host,
            port=settings.http.port,
            ws="websockets-sansio",
            log_level="warning",
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        playing = asyncio.create_task(_play(settings, world))
        sys.stdout.write(ready(world, settings) + "\n")
        sys.stdout.flush()
        await serving
        playing.cancel()
        with suppress(asyncio.CancelledError):
            await playing
    finally:
        await asyncio.to_thread(_stop, practice)


async def _play(settings: Settings, world: World) -> None:
    """The simulated candidates call the server as browsers would."""
    base = f"http://{settings.http.host}:{settings.http.port}"
    guests = {one.person.id_number for one in world.guests}
    crowd = [one for one in world.today.candidates if one.person.id_number not in guests]
    limits = httpx.Limits(max_connections=80, max_keepalive_connections=80)
    async with httpx.AsyncClient(base_url=base, timeout=30, limits=limits) as http:
        await play(http, crowd, SystemClock(), Figures())


def _practice_url(settings: Settings) -> str:
    return f"sqlite+aiosqlite:///{settings.data_dir / 'practice' / 'practice.db'}"


def _start_practice(settings: Settings, world: World) -> subprocess.Popen[bytes]:
    """The public program takes the signed bundle in and serves it, in a process of its own."""
    bundle = settings.data_dir / "practice" / "released.json"
    bundle.write_bytes(world.bundle)
    surroundings = {
        **os.environ,  # noqa: TID251  # handed on to a child, nothing is read from it
        "GONGYUAN_DATA_DIR": str(settings.data_dir),
        "GONGYUAN_CLIENT_DIR": str(settings.client_dir),
    }
    program = [sys.executable, "-m", "practice"]
    signer = world.bank_public.hex()
    subprocess.run(  # noqa: S603  # our own program
        [*program, "take-in", str(bundle), "--signer", signer],
        env=surroundings,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    port = str(settings.http.practice_port)
    return subprocess.Popen(  # noqa: S603  # our own program
        [*program, "serve", "--host", settings.http.host, "--port", port], env=surroundings
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

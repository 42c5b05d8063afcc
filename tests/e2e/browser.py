"""A real Chromium with a camera that plays a file, as a process that can be killed.

Rules kept here: its profile is a folder, so a killed browser comes back as a candidate's would;
nothing of it is left when the test ends; it asks nobody on the network.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from playwright.async_api import Browser, Error, Page, Playwright, async_playwright

from setup import oldest
from setup.browser import chromium
from setup.places import ROOT

FACES = ROOT / "tests" / "data" / "faces"
GENUINE = FACES / "cam_genuine.mjpeg"
EMPTY = FACES / "cam_empty.mjpeg"
SCREEN = {"width": 1366, "height": 768}
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--disable-features=Translate,OptimizationHints",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--lang=zh-CN", "--window-size=1366,768", "--remote-debugging-port=0",
)  # fmt: skip
START_S = 120
TIMEOUT_MS = 45_000
STOP_S = 30
POLL_S = 0.05
_ADDRESS = re.compile(r"DevTools listening on (ws://\S+)")


class Chromium:
    """One browser program on one profile; ``open`` and ``kill`` it as often as wanted."""

    def __init__(self, playwright: Playwright, profile: Path, camera: Path | None) -> None:
        self._playwright = playwright
        self._profile = profile
        self._camera = camera
        self._log = profile.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self._browser: Browser | None = None
        self.more_flags: tuple[str, ...] = ()
        self.program = chromium()

    async def open(self) -> Page:
        """Start it; returns its first page."""
        self._start()
        address = await self._address()
        self._browser = await self._playwright.chromium.connect_over_cdp(address)
        context = self._browser.contexts[0]
        context.set_default_timeout(TIMEOUT_MS)
        page = context.pages[0] if context.pages else await context.new_page()
        await page.set_viewport_size({"width": SCREEN["width"], "height": SCREEN["height"]})
        return page

    async def person(self) -> Page:
        """A page of somebody else at this machine: nothing shared with the others."""
        assert self._browser is not None
        context = await self._browser.new_context(
            locale="zh-CN", viewport={"width": SCREEN["width"], "height": SCREEN["height"]}
        )
        context.set_default_timeout(TIMEOUT_MS)
        return await context.new_page()

    async def kill(self) -> None:
        """The whole program dies at once, as in a crash of the machine."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            await asyncio.to_thread(process.wait, STOP_S)
        await self._let_go()

    def _start(self) -> None:
        assert self.program is not None, "no Chromium; run make setup-tests"
        film = [f"--use-file-for-fake-video-capture={self._camera}"] if self._camera else []
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(
                [
                    self.program, *FLAGS, *self.more_flags, f"--user-data-dir={self._profile}",
                    *film, "about:blank",
                ],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip

    def _words(self) -> str:
        return self._log.read_text(errors="replace")

    async def _let_go(self) -> None:
        browser, self._browser = self._browser, None
        if browser is not None:
            with suppress(Error):  # it may be gone already
                await browser.close()

    async def _address(self) -> str:
        assert self._process is not None
        for _ in range(int(START_S / POLL_S)):
            found = _ADDRESS.search(self._words())
            if found:
                return found[1]
            if self._process.poll() is not None:
                break
            await asyncio.sleep(POLL_S)
        raise RuntimeError(f"Chromium did not start:\n{self._words()[-3_000:]}")


@asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator["Browsers"]:
    """A maker of browsers; all are gone afterwards."""
    async with async_playwright() as playwright:
        browsers = Browsers(playwright, folder)
        try:
            yield browsers
        finally:
            await browsers.kill_all()


class Browsers:
    """The browsers of one test."""

    def __init__(self, playwright: Playwright, folder: Path) -> None:
        self._playwright = playwright
        self._folder = folder
        self._made: list[Chromium] = []

    def make(self, name: str, camera: Path | None = GENUINE, *flags: str) -> Chromium:
        """A browser with a profile of its own; not started yet. Without a file the camera shows
        Chromium's own moving picture, and ``flags`` may connect several.
        """
        one = Chromium(self._playwright, self._folder / f"browser-{name}", camera)
        one.more_flags = flags
        self._made.append(one)
        return one

    def make_oldest(self, name: str, camera: Path = GENUINE) -> Chromium:
        """Chromium 109, as exam rooms on Windows 7 run it."""
        one = self.make(name, camera)
        one.program = oldest.PROGRAM if oldest.PROGRAM.is_file() else None
        return one

    async def kill_all(self) -> None:
        for one in self._made:
            await one.kill()
        for profile in self._folder.glob("browser-*"):
            if profile.is_dir():
                shutil.rmtree(profile, ignore_errors=True)

"""Looking at a screen: axe in both languages, and whether its page scrolls; what was seen is kept.

Rules kept here: a screen counts as looked at only when it was on the page; the language is changed
by the screen's own switch, also where something lies above it. With ``GONGYUAN_LOOKS`` set to a
folder, a picture of each look is left there for people.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Page, expect

from tests.e2e.axe import scrolls, violations

_SWITCH = """wanted => {
  const all = [...document.querySelectorAll('button')]
  all.find((one) => one.textContent.trim() === wanted).click()
  return document.documentElement.lang
}"""


@dataclass
class Looks:
    """What was found, by screen; ``still`` screens must not scroll as a page."""

    still: bool = False
    seen: set[str] = field(default_factory=set)
    found: dict[str, list[str]] = field(default_factory=dict)

    @property
    def faults(self) -> dict[str, list[str]]:
        """Only the screens with something wrong."""
        return {name: words for name, words in self.found.items() if words}

    async def at(self, screen: str, page: Page, detail: str = "") -> None:
        """In the language in which it stands."""
        faults = await violations(page)
        if self.still and await scrolls(page):
            faults.append("the page scrolls")
        await _keep(page, f"{screen} {detail}")
        self.seen.add(screen)
        self.found[f"{screen} {detail}".strip()] = faults

    async def in_both(self, screen: str, page: Page, detail: str = "") -> None:
        """In Chinese, in English, and back."""
        await self.at(screen, page, f"{detail} zh".strip())
        assert await _switch(page, "English") == "en", f"the switch of {screen} does nothing"
        await self.at(screen, page, f"{detail} en".strip())
        await _switch(page, "中文")


async def _switch(page: Page, wanted: str) -> str:
    """The page's language after its switch, waited for, was used."""
    button = page.get_by_role("button", name=wanted, exact=True, include_hidden=True)
    await expect(button.first).to_be_attached()
    language: str = await page.evaluate(_SWITCH, wanted)
    return language


async def _keep(page: Page, name: str) -> None:
    folder = os.environ.get("GONGYUAN_LOOKS")
    if folder:
        file = re.sub(r"[^\w-]+", "_", name).strip("_")
        await page.screenshot(path=Path(folder) / f"{file}.png")

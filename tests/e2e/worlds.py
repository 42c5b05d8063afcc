"""A data folder with staff, one site and a bank of sealed papers, made once and then copied.

Rules kept here: the folder is made by the program's own seeding; a copy is taken while nothing
runs on it, so it is what a stopped server leaves behind.
"""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from kernel.clock import SystemClock
from kernel.settings import FaceSettings, PdfSettings, Settings
from migrations.run import upgrade
from server.app import Services, create_app
from server.demo.bank import OCCUPATIONS, Occupation, fill_bank
from server.demo.people import first_administrator, staff_and_site
from server.demo.seed import alive
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Day
from server.rehearsal.figures import Figures
from setup.places import FONTS, MODELS

OCCUPATION: Occupation = OCCUPATIONS[0]


@dataclass(frozen=True, slots=True)
class Seeded:
    """A stopped installation and what is in it; ``package_id`` is empty without a bank."""

    data: Path
    site_id: str
    package_id: str

    def copy(self, to: Path) -> "Seeded":
        """The same installation in another folder."""
        shutil.copytree(self.data, to)
        return Seeded(to, self.site_id, self.package_id)


def settings_of(data: Path, database_url: str = "") -> Settings:
    """The settings that a server on this data folder reads from its environment."""
    return Settings(
        data_dir=data,
        database_url=database_url,
        face=FaceSettings(models_dir=MODELS),
        pdf=PdfSettings(font_path=FONTS / "NotoSansSC-Regular.ttf"),
    )


def make_world(data: Path, database_url: str = "", *, bank: bool = True) -> Seeded:
    """Staff, key holders, site; with a bank: blueprint, items, two forms, sealed. Blocks."""
    settings = settings_of(data, database_url)
    upgrade(settings.database)
    return asyncio.run(_fill(settings, bank=bank))


async def _fill(settings: Settings, *, bank: bool) -> Seeded:
    clock = SystemClock()
    app = create_app(settings, clock)
    async with alive(app) as http:
        await first_administrator(cast("Services", app.state.services))
        day = Day(http, DEMO, clock, Figures())
        await day.gather_one(DEMO.administrator)
        site_id = await staff_and_site(day)
        package_id = await fill_bank(day, OCCUPATION, seed=7) if bank else ""
    return Seeded(settings.data_dir, site_id, package_id)

"""The files that people bring: items as Word and Excel, blueprint, roster, portraits.

Rules kept here: they are made by the product's own writers from its own content, so that what goes
through the screens is what an institution would have.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from item_bank.exchange.blueprints import read_blueprint
from item_bank.exchange.opening import read_items
from item_bank.exchange.writing import write_blueprint, write_items
from paper.items import LEVEL_NAMES
from server.demo.bank import SAMPLES, Occupation
from server.rehearsal.faces import load_faces
from server.rehearsal.roster import Person, portraits_file, roster_file

FORMS = {"national": "docx", "provincial": "docx-official", "institution": "xlsx"}
TIERS = {"national": "国家题库", "provincial": "省级题库", "institution": "机构题库"}


@dataclass(frozen=True, slots=True)
class ItemFile:
    """One file of items and the tier that it is for, as the screen calls it."""

    tier: str
    path: Path
    items: int


def item_files(folder: Path, occupation: Occupation) -> tuple[Path, list[ItemFile]]:
    """The blueprint as a sheet, and one file per tier: both Word layouts and the workbook."""
    source = SAMPLES / occupation.folder
    blueprint = read_blueprint("blueprint.csv", (source / "blueprint.csv").read_bytes())
    sheet = folder / "细目表.xlsx"
    sheet.write_bytes(write_blueprint("xlsx", occupation.title, blueprint))
    files = []
    for tier, form in FORMS.items():
        reading = read_items(f"{tier}.txt", (source / f"{tier}.txt").read_bytes())
        path = folder / f"{tier}.{form.partition('-')[0]}"
        path.write_bytes(write_items(form, occupation.title, reading.drafts, blueprint))
        files.append(ItemFile(TIERS[tier], path, len(reading.drafts)))
    return sheet, files


def roster_files(
    folder: Path, crowd: Sequence[Person], occupation: Occupation
) -> tuple[Path, Path]:
    """Workbook and portraits."""
    portraits = {name: face.portrait for name, face in load_faces().items()}
    roster, photos = folder / "考生.xlsx", folder / "报名照.zip"
    level = LEVEL_NAMES[occupation.level]
    roster.write_bytes(roster_file(crowd, occupation_name=occupation.name, level_name=level))
    photos.write_bytes(portraits_file(crowd, portraits))
    return roster, photos

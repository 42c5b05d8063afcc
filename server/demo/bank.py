"""The demo's item bank: two occupations out of the project's own content, imported, assembled,
sealed.

Rules kept here: items come in through the importer as anybody's would; what is released is released
by two people before anything is assembled.
"""

from dataclasses import dataclass
from pathlib import Path

from server.demo.people import holder_ids
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Day

SAMPLES = Path(__file__).parents[2] / "item_bank" / "samples"
SECTIONS = [
    {"type": "single", "count": 24, "each": "2"},
    {"type": "multiple", "count": 6, "each": "4"},
    {"type": "judge", "count": 9, "each": "2"},
    {"type": "short", "count": 1, "each": "10"},
]
TIERS = ("national", "provincial", "institution")


@dataclass(frozen=True, slots=True)
class Occupation:
    """One of the demo's two occupations and where its content lies."""

    folder: str
    code: str
    name: str
    level: int
    title: str


OCCUPATIONS = (
    Occupation("ai_trainer_3", "4-04-05-05", "人工智能训练师", 3, "人工智能训练师(三级)理论知识"),
    Occupation(
        "network_security_4",
        "4-04-04-02",
        "网络与信息安全管理员",
        4,
        "网络与信息安全管理员(四级)理论知识",
    ),
)


def read_content(occupation: Occupation) -> dict[str, tuple[str, bytes]]:
    """The occupation's files: part → (file name, bytes)."""
    files = sorted((SAMPLES / occupation.folder).iterdir())
    return {file.stem: (file.name, file.read_bytes()) for file in files}


async def fill_bank(day: Day, occupation: Occupation, seed: int) -> str:
    """Blueprint, items, release, two parallel forms, seal; returns the package id."""
    keeper = DEMO.bank_keeper.account
    content = read_content(occupation)
    blueprint = await day.call(
        keeper,
        "POST",
        "/api/bank/blueprints",
        data={
            "occupation_code": occupation.code,
            "occupation_name": occupation.name,
            "level": str(occupation.level),
        },
        files={"file": content["blueprint"]},
    )
    blueprint_id = blueprint["blueprint_id"]
    await _import(day, blueprint_id, "institution", *content["released"])
    await _release_all(day, blueprint_id)
    for tier in TIERS:
        await _import(day, blueprint_id, tier, *content[tier])
    assembly = await day.call(
        keeper,
        "POST",
        "/api/bank/assemblies",
        json={
            "blueprint_id": blueprint_id,
            "title": occupation.title,
            "sections": SECTIONS,
            "form_count": 2,
            "seed": seed,
        },
        timeout=120,
    )
    sealed = await day.call(
        keeper,
        "POST",
        f"/api/bank/assemblies/{assembly['assembly_id']}/seal",
        json={"holder_ids": await holder_ids(day), "shares_needed": 2},
        timeout=120,
    )
    return str(sealed["package_id"])


async def _import(day: Day, blueprint_id: str, tier: str, name: str, data: bytes) -> None:
    await day.call(
        DEMO.bank_keeper.account,
        "POST",
        "/api/bank/items/import",
        params={"blueprint_id": blueprint_id, "tier": tier},
        files={"file": (name, data)},
        timeout=120,
    )


async def _release_all(day: Day, blueprint_id: str) -> None:
    """Everything that is in the bank so far becomes public; two people agree to each item."""
    keeper = DEMO.bank_keeper.account
    waiting, page = [], 1
    while True:
        found = await day.call(
            keeper,
            "GET",
            "/api/bank/items",
            params={"blueprint_id": blueprint_id, "page": page},
        )
        waiting += [one["item_id"] for one in found["items"]]
        if len(waiting) >= found["total"]:
            break
        page += 1
    for item_id in waiting:
        path, approval = f"/api/bank/items/{item_id}/release", None
        for account in (keeper, DEMO.second_keeper.account):
            reply = await day.call(
                account,
                "POST",
                path,
                json={"reason_text": "公开练习", "approval_id": approval},
            )
            approval = reply["approval_id"]

"""One planted violation, or several, for every import contract.

A planting names the contract it must break, the file it goes into (appended, or made), and the
lines. The lines are never run: the contracts read the import statements only.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Planting:
    """`lines` put at the end of `path` must break contract `contract` and no other."""

    contract: str
    path: str
    lines: str
    also: tuple[tuple[str, str], ...] = ()

    @property
    def title(self) -> str:
        return f"{self.contract} - {self.path} - {self.lines.splitlines()[-1].strip()}"

    @property
    def files(self) -> dict[str, str]:
        """Lines to add, by path; `also` names files that the violation needs to exist."""
        return {self.path: self.lines, **dict(self.also)}


PLANTINGS = (
    Planting("day", "server/accounts/service.py", "import server.archive"),
    Planting("day", "server/sittings/service.py", "import server.invigilation"),
    Planting("day", "server/archive/__init__.py", "import server.app"),
    Planting("day", "server/archive/__init__.py", "import server.supervision"),
    Planting("day", "server/supervision/__init__.py", "import server.demo"),
    Planting("day", "server/helpers.py", "x = 1"),
    Planting("day", "server/rehearsal/planted.py", "import server.demo"),
    Planting("furniture", "server/accounts/helpers.py", "x = 1"),
    Planting("furniture", "server/supervision/helpers.py", "x = 1"),
    Planting(
        "furniture",
        "server/accounts/tables.py",
        "import server.accounts.jobs",
        also=(("server/accounts/jobs.py", ""),),
    ),
    Planting(
        "furniture",
        "server/seating/rules.py",
        "import server.seating.ports",
        also=(
            ("server/seating/ports.py", "import server.seating.jobs"),
            ("server/seating/jobs.py", ""),
        ),
    ),
    Planting("kernel-order", "kernel/helpers.py", "x = 1"),
    Planting("kernel-order", "kernel/db.py", "import kernel.web"),
    Planting("kernel-order", "kernel/clock.py", "import kernel.lot"),
    Planting("kernel-order", "kernel/files.py", "import kernel.clock"),
    Planting("kernel-alone", "kernel/web.py", "import ledger"),
    Planting(
        "kernel-alone",
        "kernel/access.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import paper",
    ),
    Planting("paper-vocabulary", "paper/planted.py", "import kernel.words"),
    Planting("paper-vocabulary", "paper/planted.py", "import server.results"),
    Planting("ledger-alone", "ledger/planted.py", "import paper"),
    Planting("ledger-alone", "ledger/planted.py", "import server.bodies"),
    Planting("contexts-closed", "server/papers/service.py", "import item_bank"),
    Planting("contexts-closed", "server/checkin/service.py", "import proctor"),
    Planting("contexts-closed", "server/cli/planted.py", "import item_bank"),
    Planting("contexts-closed", "proctor/planted.py", "import item_bank"),
    Planting("contexts-closed", "item_bank/planted.py", "import proctor"),
    Planting("contexts-inward", "proctor/planted.py", "import server.accounts"),
    Planting("contexts-inward", "item_bank/planted.py", "import server.sessions"),
    Planting("practice-alone", "practice/planted.py", "import ledger"),
    Planting("practice-alone", "practice/planted.py", "import server.accounts"),
    Planting("practice-unseen", "server/cli/planted.py", "import practice"),
    Planting("cryptography-door", "ledger/planted.py", "import cryptography.fernet"),
    Planting("cryptography-door", "kernel/access.py", "import argon2"),
    Planting("cryptography-door", "server/accounts/service.py", "from Crypto.Cipher import AES"),
    Planting("vision-door", "server/checkin/service.py", "import cv2"),
    Planting("vision-door", "proctor/planted.py", "import cv2"),
    Planting("vision-door", "proctor/planted.py", "import dlib"),
    Planting("settings-door", "server/accounts/service.py", "import pydantic_settings"),
    Planting("rules-reach-nothing", "server/seating/rules.py", "import sqlalchemy"),
    Planting("rules-reach-nothing", "item_bank/planted/rules.py", "import fastapi"),
    Planting("rules-reach-nothing", "paper/planted.py", "import httpx"),
    Planting("rules-pure", "server/seating/rules.py", "import time"),
    Planting("rules-pure", "server/sittings/rules.py", "from kernel.crypto import chance"),
    Planting("rules-pure", "proctor/rules.py", "import asyncio"),
    Planting("rules-pure", "paper/planted.py", "import random"),
    Planting(
        "api-no-tables",
        "server/marking/api.py",
        "import server.marking.tables",
        also=(("server/marking/tables.py", ""),),
    ),
    Planting("api-no-tables", "server/invigilation/live.py", "import sqlalchemy"),
    Planting(
        "no-cycles",
        "ledger/planted_a.py",
        "import ledger.planted_b",
        also=(("ledger/planted_b.py", "import ledger.planted_a"),),
    ),
)

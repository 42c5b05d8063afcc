"""A bank on both engines, with key holders whose passphrases the tests know."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from item_bank.service import BankService
from kernel.access import Principal, Role
from kernel.blobs import LocalBlobs
from kernel.clock import HandClock
from kernel.crypto import holders
from kernel.crypto.keyring import FileKeyRing
from kernel.db import Database
from kernel.errors import Kind, Refusal
from migrations.run import upgrade
from tests.conftest import FreshDatabase

SAMPLES = Path(__file__).parents[3] / "item_bank" / "samples"
OCCUPATIONS = {
    "ai_trainer_3": ("4-04-05-05", "人工智能训练师", 3),
    "network_security_4": ("4-04-04-02", "网络与信息安全管理员", 4),
}


class Holders:
    """Three holders with real keys; the private halves stay here for opening shares again."""

    def __init__(self) -> None:
        self.keys = {f"holder_{n}": holders.make_holder(f"口令 {n} 足够长") for n in (1, 2, 3)}

    async def public_keys(self, holder_ids: Sequence[str]) -> Mapping[str, bytes]:
        missing = [one for one in holder_ids if one not in self.keys]
        if missing:
            raise Refusal("papers.holder_unknown", Kind.NOT_FOUND, id=missing[0])
        return {one: self.keys[one].public for one in holder_ids}

    def private(self, holder_id: str) -> bytes:
        return holders.unlock(self.keys[holder_id].locked, f"口令 {holder_id[-1]} 足够长")


def person(name: str, *roles: Role) -> Principal:
    return Principal(name, "staff", {"roles": [role.value for role in roles]})


KEEPER = person("keeper", Role.BANK_KEEPER)
AUTHOR = person("author", Role.AUTHOR)
REVIEWER = person("reviewer", Role.REVIEWER)
OFFICER = person("officer", Role.OFFICER)


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> str:
    return fresh_database(upgrade)


@pytest.fixture(scope="session")
def directory() -> Holders:
    return Holders()


@pytest.fixture
def bank(database: Database, tmp_path: Path, directory: Holders) -> BankService:
    return BankService(
        database,
        HandClock(),
        FileKeyRing(tmp_path / "keys" / "ring.json"),
        LocalBlobs(tmp_path / "blobs"),
        directory,
    )


async def take_blueprint(bank: BankService, folder: str) -> str:
    code, name, level = OCCUPATIONS[folder]
    blueprint_id, _, _ = await bank.blueprints.take(
        AUTHOR,
        source="blueprint.csv",
        data=(SAMPLES / folder / "blueprint.csv").read_bytes(),
        occupation_code=code,
        occupation_name=name,
        level=level,
    )
    return blueprint_id

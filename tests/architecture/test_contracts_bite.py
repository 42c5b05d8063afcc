"""Every import contract breaks when its violation is planted, and only that one."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.plantings import PLANTINGS, Planting
from tests.architecture.tree import PACKAGES, ROOT, project, sources

CONTRACTS: list[dict[str, Any]] = project()["tool"]["importlinter"]["contracts"]
NOTHING: dict[str, str] = {}


def contract(name: str) -> dict[str, Any]:
    return next(entry for entry in CONTRACTS if entry["id"] == name)


def names_in(layers: list[str]) -> set[str]:
    return {word.strip("()|: ") for layer in layers for word in layer.split()} - {""}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Contracts broken and modules seen, by planting; "" is the tree as it is."""
    tree = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", tree)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            tree / package,
            ignore=lambda folder, names: (
                {
                    name
                    for name in names
                    if Path(folder, name).is_file() and not name.endswith(".py")
                }
                | {"__pycache__"}
            ),
        )
    asked = [NOTHING, *(planting.files for planting in PLANTINGS)]
    script = Path(__file__).with_name("importlint.py")
    done = subprocess.run(
        [sys.executable, "-P", str(script), str(tree)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    titles = ["", *(planting.title for planting in PLANTINGS)]
    return dict(zip(titles, json.loads(done.stdout), strict=True))


def test_the_tree_as_it_is_keeps_every_contract(answers: dict[str, dict[str, Any]]) -> None:
    assert answers[""]["broken"] == []


def test_the_contracts_saw_the_whole_tree(answers: dict[str, dict[str, Any]]) -> None:
    assert answers[""]["modules"] >= len(sources())


@pytest.mark.parametrize("planting", PLANTINGS, ids=lambda planting: planting.title)
def test_a_planted_violation_breaks_its_contract_alone(
    planting: Planting, answers: dict[str, dict[str, Any]]
) -> None:
    assert answers[planting.title]["broken"] == [planting.contract]


def test_every_contract_has_a_planted_violation() -> None:
    assert {entry["id"] for entry in CONTRACTS} == {planting.contract for planting in PLANTINGS}


def test_no_two_plantings_share_a_title() -> None:
    assert len({planting.title for planting in PLANTINGS}) == len(PLANTINGS)


def test_every_room_is_held_to_the_furniture() -> None:
    rooms = names_in(contract("day")["layers"]) - {"cli", "demo", "rehearsal", "app"}
    existing = {room for room in rooms if (ROOT / "server" / room).exists()}
    assert set(contract("furniture")["containers"]) == {f"server.{room}" for room in existing}


def test_the_papers_contract_names_every_module_of_the_kernel() -> None:
    named = names_in(contract("kernel-order")["layers"])
    allowed = {"errors", "ids", "codec"}
    forbidden = contract("paper-vocabulary")["forbidden_modules"]
    assert {f"kernel.{name}" for name in named - allowed} == {
        name for name in forbidden if name.startswith("kernel.")
    }


def test_an_exception_to_a_contract_is_never_silenced() -> None:
    assert all("unmatched_ignore_imports_alerting" not in entry for entry in CONTRACTS)

"""The lock files fit pyproject.toml and give away no host and no path."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT, project

LINE = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^ ;]+)(?P<marker> ;[^\\]+)? \\$")


def locked(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text().splitlines()
    found = [LINE.match(line) for line in lines]
    return {match["name"]: match["version"] for match in found if match}


def wanted(*extras: str) -> list[Requirement]:
    optional = project()["project"]["optional-dependencies"]
    words = [*project()["project"]["dependencies"]]
    for extra in extras:
        words += optional[extra]
    every = [Requirement(word) for word in words]
    return [requirement for requirement in every if requirement.name != "gongyuan"]


@pytest.mark.parametrize(
    ("name", "extras"),
    [("requirements.lock", ()), ("requirements-dev.lock", ("setup", "dev"))],
)
def test_the_lock_holds_every_dependency_in_its_range(name: str, extras: tuple[str, ...]) -> None:
    versions = locked(name)
    assert versions
    missing = [
        str(requirement)
        for requirement in wanted(*extras)
        if not requirement.specifier.contains(
            versions.get(canonicalize_name(requirement.name), "0"), prereleases=True
        )
    ]
    assert missing == [], "run `make lock`"


def test_what_runs_is_what_was_tested() -> None:
    tested = locked("requirements-dev.lock")
    running = locked("requirements.lock")
    assert {name: tested.get(name) for name in running} == running


def test_the_second_engine_is_locked_by_itself_and_comes_with_nothing_else() -> None:
    optional = project()["project"]["optional-dependencies"]["dlib"]
    pinned = {f"{name}=={version}" for name, version in locked("requirements-dlib.lock").items()}
    assert pinned == set(optional), "run `make lock`"
    assert locked("requirements-dlib.lock").keys().isdisjoint(locked("requirements-dev.lock"))


LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-dlib.lock"]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_line_is_a_version_or_a_hash(name: str) -> None:
    hashed = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")
    lines = (ROOT / name).read_text().splitlines()
    assert [line for line in lines if not (LINE.match(line) or hashed.match(line))] == []

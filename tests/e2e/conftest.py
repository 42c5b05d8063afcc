"""What the journeys share: one seeded installation per run, a copy of it per test."""

from pathlib import Path

import pytest

from tests.e2e.worlds import Seeded, make_world


@pytest.fixture(scope="session")
def seeded_once(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Made once per run; never served from."""
    return make_world(tmp_path_factory.mktemp("seeded") / "data")


@pytest.fixture
def seeded(seeded_once: Seeded, tmp_path: Path) -> Seeded:
    """An installation of the test's own."""
    return seeded_once.copy(tmp_path / "data")

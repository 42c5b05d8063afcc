"""What the journeys share: one seeded installation per run, a copy of it per test, and patience.

Rules kept here: how fast a screen follows is no matter of these tests, so everything that is
expected of a page is waited for as long as a slow machine may need; what is there is seen at once.
Two files run at once, so no test may count on the machine for itself.
"""

from collections import defaultdict
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.player import PATIENCE_MS
from tests.e2e.worlds import Seeded, make_world

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with the longest limits first: of two at once, none is left to run alone at the end."""
    limits: dict[Path, float] = defaultdict(float)
    for item in items:
        limit = item.get_closest_marker("timeout")
        if limit is not None and item.path.parent == Path(__file__).parent:
            limits[item.path] = max(limits[item.path], limit.args[0])
    items.sort(key=lambda item: -limits[item.path])


@pytest.fixture(scope="session")
def seeded_once(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Made once per run; never served from."""
    return make_world(tmp_path_factory.mktemp("seeded") / "data")


@pytest.fixture
def seeded(seeded_once: Seeded, tmp_path: Path) -> Seeded:
    """An installation of the test's own."""
    return seeded_once.copy(tmp_path / "data")

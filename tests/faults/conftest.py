"""What the campaigns share: size, seed, shim, databases, and the sum at the end of the run.

`GONGYUAN_FAULTS=full` is what `make faults` sets; `GONGYUAN_FAULTS_SEED` repeats a run.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from migrations.run import upgrade
from tests.databases import Databases
from tests.faults.judging import Tally
from tests.faults.lanes import Lane
from tests.faults.shim import build
from tests.postgres import PostgresCluster

FULL = os.environ.get("GONGYUAN_FAULTS") == "full"
SEED = int(os.environ.get("GONGYUAN_FAULTS_SEED", "20261125"))
TALLY = Tally()

Sized = Callable[[int, int], int]
MakeLanes = Callable[..., list[Lane]]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The counts of every fault and their sum."""
    if not TALLY.rows:
        return
    terminalreporter.section(f"faults, {'full' if FULL else 'CI'} size, seed {SEED}")
    for fault, (acknowledged, lost) in TALLY.rows.items():
        terminalreporter.write_line(f"{fault:<60} {acknowledged:>12,} {lost:>5}")
    for fault, (compared, lost) in TALLY.again.items():
        terminalreporter.write_line(f"{fault:<60} {compared:>12,} {lost:>5} (not in the sum)")
    total = sum(acknowledged for acknowledged, _ in TALLY.rows.values())
    lost = sum(one for rows in (TALLY.rows, TALLY.again) for _, one in rows.values())
    terminalreporter.write_line(f"acknowledged {total:,}, lost {lost}")


@pytest.fixture
def tally() -> Tally:
    return TALLY


@pytest.fixture
def sized() -> Sized:
    """The first number in CI, the second in the full run."""
    return lambda ci, full: full if FULL else ci


@pytest.fixture
def chance() -> Random:
    print(f"seed {SEED}")  # noqa: T201 - whoever repeats the run needs it
    return Random(SEED)


@pytest.fixture(scope="session")
def shim_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where key ring and blobs lie, and the SQLite file."""
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.fixture
def sqlite_url(folder: Path, databases: Databases) -> str:
    return databases.fresh("sqlite", folder, upgrade)


@pytest.fixture
def cluster() -> Iterator[PostgresCluster]:
    """A PostgreSQL of the test's own, with fsync, to be killed."""
    made = PostgresCluster.create(durable=True)
    try:
        made.start()
        yield made
    finally:
        made.destroy()


@pytest.fixture
def make_lanes(chance: Random) -> MakeLanes:
    """Lanes on one address; ``batch`` is the most events sent at once."""

    def lanes(
        address: str, count: int, batch: int, *, epoch: int = 1, mischief: bool = False,
        patience_s: float = 30.0,
    ) -> list[Lane]:  # fmt: skip
        return [
            Lane(
                f"sitting/sitting_{number}", epoch, address, batch,
                Random(chance.random()), patience_s, mischief,
            )
            for number in range(count)
        ]  # fmt: skip

    return lanes

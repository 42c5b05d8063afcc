"""Fresh databases for tests: empty, or copied from a template that is prepared once per run.

`prepare` is a plain function `(url) -> None` that brings a schema into an empty database. It runs
once per engine, in a thread of its own (so it may run an event loop), and every test that names it
gets a copy of what it made.
"""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.postgres import PostgresCluster

Prepare = Callable[[str], None]
ENGINES = ("sqlite", "postgresql")


class Databases:
    """Makes and drops the databases of one test run; PostgreSQL starts at the first request."""

    def __init__(self, folder: Path, cluster: Callable[[], PostgresCluster]) -> None:
        self._folder = folder
        self._cluster = cluster
        self._templates: dict[tuple[str, Prepare], str] = {}

    def fresh(self, engine: str, folder: Path, prepare: Prepare | None) -> str:
        """Return the URL of a new database; an SQLite file lies in `folder`."""
        if engine == "sqlite":
            path = folder / f"gongyuan-{len(list(folder.glob('gongyuan-*.db')))}.db"
            if prepare is not None:
                shutil.copyfile(self._template(engine, prepare), path)
            return _sqlite_url(path)
        cluster = self._cluster()
        template = "template0" if prepare is None else self._template(engine, prepare)
        return cluster.url(cluster.new_database(template))

    def drop(self, url: str) -> None:
        """Drop a PostgreSQL database; an SQLite file goes with its folder."""
        if not url.startswith("sqlite"):
            self._cluster().drop_database(url.rpartition("/")[2])

    def _template(self, engine: str, prepare: Prepare) -> str:
        """Return the file or the database name of the prepared template."""
        known = self._templates.get((engine, prepare))
        if known is not None:
            return known
        if engine == "sqlite":
            path = self._folder / f"template-{len(self._templates)}.db"
            _in_thread(prepare, _sqlite_url(path))
            left = path.with_name(path.name + "-wal")
            assert not left.exists(), "prepare() left its SQLite connection open"
            made = str(path)
        else:
            made = self._cluster().new_database()
            _in_thread(prepare, self._cluster().url(made))
        self._templates[engine, prepare] = made
        return made


def _sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def _in_thread(prepare: Prepare, url: str) -> None:
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(prepare, url).result()

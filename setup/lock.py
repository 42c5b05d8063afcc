"""`python -m setup.lock`: write both lock files anew from pyproject.toml.

`requirements.lock` is what runs, `requirements-dev.lock` adds tools and tests. Both name exact
versions and hashes for every platform, and no index, host or path.
"""

import sys

from setup.console import SetupFailed, give_up
from setup.places import ROOT
from setup.run import run

OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-annotate",
    "--no-header",
    "--quiet",
)


def write() -> None:
    """Resolve pyproject.toml twice: what runs, then everything, constrained by the first."""
    failure = SetupFailed(
        "依赖无法解析,原因见下。", "The dependencies cannot be resolved; see below."
    )
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *OPTIONS]
    run([*command, "--output-file=requirements.lock"], cwd=ROOT, failure=failure)
    run(
        [*command, "--extra=dev", "-c=requirements.lock", "--output-file=requirements-dev.lock"],
        cwd=ROOT,
        failure=failure,
    )


if __name__ == "__main__":
    try:
        write()
    except SetupFailed as refused:
        give_up(refused)

"""`python -m setup.lock`: write the lock files anew from pyproject.toml.

`requirements.lock` is what runs, `requirements-dev.lock` adds tools and tests, and
`requirements-dlib.lock` is the second face engine alone. All name exact versions and hashes for
every platform, and no index, host or path.
"""

import sys
import tempfile
import tomllib
from pathlib import Path

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
    """Resolve what runs, then everything, constrained by the first; then the second engine."""
    failure = SetupFailed(
        "依赖无法解析,原因见下。", "The dependencies cannot be resolved; see below."
    )
    compiling = [sys.executable, "-m", "uv", "pip", "compile", *OPTIONS]
    command = [*compiling, "pyproject.toml"]
    run([*command, "--output-file=requirements.lock"], cwd=ROOT, failure=failure)
    run(
        [*command, "--extra=dev", "-c=requirements.lock", "--output-file=requirements-dev.lock"],
        cwd=ROOT,
        failure=failure,
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    with tempfile.TemporaryDirectory(prefix="gongyuan-lock-") as scratch:
        wanted = Path(scratch, "dlib.in")
        wanted.write_text("\n".join(project["optional-dependencies"]["dlib"]), encoding="utf-8")
        run([*compiling, wanted, "--output-file=requirements-dlib.lock"], cwd=ROOT, failure=failure)


if __name__ == "__main__":
    try:
        write()
    except SetupFailed as refused:
        give_up(refused)

"""`python -m setup.openapi [--check]`: the API's description and the client's types from the code.

Writes `client/openapi.json` from the code and `client/shared/api-types.ts` from that. With
`--check` nothing is written; the exit code is 1 when one of the two is not the one that the code
gives.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from setup.client import node_environment, npm
from setup.places import CLIENT

DESCRIPTION = Path("openapi.json")
TYPES = Path("shared") / "api-types.ts"
GENERATOR = CLIENT / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
# What has a default may be left out by whoever sends it.
OPTIONS = ("--default-non-nullable=false",)


def description() -> str:
    """Return the OpenAPI document of the exam server as text with sorted keys."""
    from kernel.settings import Settings
    from server.app import create_app

    with tempfile.TemporaryDirectory(prefix="gongyuan-openapi-") as scratch:
        app = create_app(Settings(data_dir=Path(scratch)))
        document = app.openapi()
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def types(described: str) -> str:
    """Return the TypeScript types of an OpenAPI document. Raises CalledProcessError."""
    node, _ = npm()
    with tempfile.TemporaryDirectory(prefix="gongyuan-openapi-") as scratch:
        source, made = Path(scratch) / "openapi.json", Path(scratch) / "types.ts"
        source.write_text(described)
        command = [str(node), str(GENERATOR), str(source), "--output", str(made), *OPTIONS]
        subprocess.run(command, env=node_environment(), check=True, capture_output=True, text=True)
        return made.read_text()


def fresh() -> dict[Path, str]:
    """Return both files as the code gives them, by their place in the client's folder."""
    described = description()
    return {DESCRIPTION: described, TYPES: types(described)}


def stale(folder: Path, made: dict[Path, str]) -> list[Path]:
    """Return those that `folder` lacks or has differently."""
    return [
        place
        for place, text in made.items()
        if not (folder / place).exists() or (folder / place).read_text() != text
    ]


def main(words: list[str]) -> int:
    """Write or check; return the exit code."""
    if words not in ([], ["--check"]):
        sys.stderr.write("usage: python -m setup.openapi [--check]\n")
        return 2
    made = fresh()
    if not words:
        for place, text in made.items():
            (CLIENT / place).write_text(text)
        return 0
    behind = stale(CLIENT, made)
    for place in behind:
        sys.stderr.write(
            f"✗ client/{place} 与代码不一致,请运行 make openapi 并提交。\n"
            f"✗ client/{place} does not match the code; run make openapi and commit it.\n"
        )
    return 1 if behind else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

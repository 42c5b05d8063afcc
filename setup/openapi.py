"""`python -m setup.openapi [--check]`: the API's description and the client's types from the code.

Writes `client/openapi.json` and, through the client's own script, `client/shared/api-types.ts`.
With `--check` nothing is written; the exit code is 1 when the description in the repository is not
the one that the code gives.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from setup.client import node_environment, npm
from setup.places import CLIENT

DESCRIPTION = CLIENT / "openapi.json"


def description() -> str:
    """Return the OpenAPI document of the exam server as text with sorted keys."""
    from kernel.settings import Settings
    from server.app import create_app

    with tempfile.TemporaryDirectory(prefix="gongyuan-openapi-") as scratch:
        app = create_app(Settings(data_dir=Path(scratch)))
        document = app.openapi()
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main(words: list[str]) -> int:
    """Write or check; return the exit code."""
    if words not in ([], ["--check"]):
        sys.stderr.write("usage: python -m setup.openapi [--check]\n")
        return 2
    fresh = description()
    if words:
        if DESCRIPTION.exists() and DESCRIPTION.read_text() == fresh:
            return 0
        sys.stderr.write(
            "✗ client/openapi.json 与代码不一致,请运行 make openapi 并提交。\n"
            "✗ client/openapi.json does not match the code; run make openapi and commit it.\n"
        )
        return 1
    DESCRIPTION.write_text(fresh)
    command = [str(word) for word in npm()]
    command += ["--prefix", str(CLIENT), "run", "--silent", "api-types"]
    return subprocess.run(command, env=node_environment(), check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

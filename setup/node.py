"""`python -m setup.node npm ARGS...` runs npm; `python -m setup.node client TASK` runs the
client's script of that name, and says so when there is none.
"""

import json
import subprocess
import sys

from setup.client import node_environment, npm
from setup.places import CLIENT


def main(words: list[str]) -> int:
    """Run the command and return its exit code; 2 on wrong usage."""
    match words:
        case ["npm", *rest]:
            return _npm(rest)
        case ["client", task]:
            if task in _scripts():
                return _npm(["--prefix", str(CLIENT), "run", "--silent", task])
            sys.stdout.write(f"client: no script `{task}`, nothing run\n")
            return 0
    sys.stderr.write("usage: python -m setup.node {npm ARGS... | client TASK}\n")
    return 2


def _scripts() -> dict[str, str]:
    package = CLIENT / "package.json"
    if not package.exists():
        return {}
    scripts: dict[str, str] = json.loads(package.read_text()).get("scripts", {})
    return scripts


def _npm(arguments: list[str]) -> int:
    command = [str(word) for word in npm()] + arguments
    return subprocess.run(command, env=node_environment(), check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

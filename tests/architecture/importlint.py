"""Ask import-linter about a tree: `python importlint.py TREE`, plantings as JSON on stdin.

Runs in its own process, so that the tree's packages, and not the installed ones, are found. Each
planting maps paths to lines. The answer, as JSON, has per planting the ids of the broken contracts
and the number of modules seen.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from importlinter import configuration
from importlinter.application import use_cases


def main(tree: Path, plantings: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Plant each in turn, check, and take it out again."""
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    configuration.configure()
    return [_check_planted(planting) for planting in plantings]


def _check_planted(planting: dict[str, str]) -> dict[str, Any]:
    before: dict[Path, bytes | None] = {}
    made: list[Path] = []
    for name, lines in planting.items():
        path = _module_file(Path(name))
        if not path.parent.exists():
            path.parent.mkdir()
            made.append(path.parent)
            before[path.parent / "__init__.py"] = None
            (path.parent / "__init__.py").write_text('"""Planted."""\n')
        before[path] = path.read_bytes() if path.exists() else None
        path.write_bytes((before[path] or b'"""Planted."""\n') + f"\n{lines}\n".encode())
    try:
        return _check()
    finally:
        for path, body in before.items():
            if body is None:
                path.unlink()
            else:
                path.write_bytes(body)
        for folder in made:
            folder.rmdir()


def _module_file(path: Path) -> Path:
    """Return the file itself, or the package's `__init__` where the module became a package."""
    package = path.with_suffix("")
    return package / "__init__.py" if package.is_dir() else path


def _check() -> dict[str, Any]:
    options = use_cases.read_user_options("pyproject.toml")
    use_cases._register_contract_types(options)
    report = use_cases.create_report(options, cache_dir=None)
    if report.could_not_run:
        raise SystemExit(f"contracts could not run: {report.invalid_contract_options}")
    ids = {entry["name"]: entry["id"] for entry in options.contracts_options}
    checks = report.get_contracts_and_checks()
    broken = sorted(ids[contract.name] for contract, check in checks if not check.kept)
    return {"modules": report.module_count, "broken": broken}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), json.load(sys.stdin))))

"""Where the product's source is, for the tests that read it instead of running it."""

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "kernel",
    "paper",
    "ledger",
    "item_bank",
    "proctor",
    "practice",
    "server",
    "migrations",
)


@cache
def project() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@cache
def sources(*folders: str) -> tuple[Path, ...]:
    """Return every Python file of the folders (of the product's packages when none is named)."""
    return tuple(
        sorted(
            path
            for folder in folders or PACKAGES
            for path in (ROOT / folder).rglob("*.py")
            if "__pycache__" not in path.parts
        )
    )


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of one file."""
    return ast.parse(path.read_text(), filename=str(path))


def title(path: Path) -> str:
    """Return the path as people name it."""
    return path.relative_to(ROOT).as_posix()

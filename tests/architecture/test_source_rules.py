"""Rules of the house that a linter cannot know, read from the syntax trees.

Each rule is a function from one file to its faults, and each is shown to bite on a sample.
"""

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, parsed, sources, title

MOST_LINES = 400
SHAPELESS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "base"}
REVISION = re.compile(r"/migrations/\w+/r\d{4}_\w+\.py$")  # written by a tool, never edited
COMMIT_DOOR = "kernel/db.py"


def commits(tree: ast.Module) -> Iterable[str]:
    """Calls that end a transaction; only kernel.db makes them (savepoints are the ledger's)."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"commit", "rollback"}
        ):
            yield f"line {node.lineno}: .{node.func.attr}() outside kernel.db"


def impurities(tree: ast.Module) -> Iterable[str]:
    """Things that pure rules may not hold: await, async, global state."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith):
            yield f"line {node.lineno}: rules never wait"
        if isinstance(node, ast.Global | ast.Nonlocal):
            yield f"line {node.lineno}: rules keep no state"
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"open", "print", "input"}
        ):
            yield f"line {node.lineno}: rules do no input or output"


def bare_ignores(text: str) -> Iterable[str]:
    """`# noqa` and `# type: ignore` without a code."""
    for number, line in enumerate(text.splitlines(), 1):
        comment = line.partition("#")[2].strip()
        if comment in {"noqa", "type: ignore"} or comment.startswith(("noqa ", "type: ignore ")):
            yield f"line {number}: name the code that is ignored"


def faults_in(rule: Callable[[ast.Module], Iterable[str]], paths: Iterable[Path]) -> list[str]:
    return [f"{title(path)}: {fault}" for path in paths for fault in rule(parsed(path))]


def test_only_the_kernel_ends_a_transaction() -> None:
    paths = [path for path in sources() if title(path) != COMMIT_DOOR]
    assert faults_in(commits, paths) == []


def test_the_transaction_rule_bites() -> None:
    assert list(commits(ast.parse("async def f(s):\n    await s.commit()")))


def test_rules_are_pure() -> None:
    paths = [
        path
        for path in sources()
        if path.name == "rules.py" or "rules" in path.parts or path.is_relative_to(ROOT / "paper")
    ]
    assert paths, "no rules seen"
    assert faults_in(impurities, paths) == []


@pytest.mark.parametrize(
    "sample",
    ["async def f(): pass", "async def f():\n    await g()", "def f():\n    global x", "print(1)"],
)
def test_the_purity_rule_bites(sample: str) -> None:
    assert list(impurities(ast.parse(sample)))


def test_no_file_is_longer_than_the_house_allows() -> None:
    every = sources() + sources("setup", "tests")
    read = [path for path in every if not REVISION.search(path.as_posix())]
    counted = {title(path): len(path.read_text().splitlines()) for path in read}
    assert counted
    assert {name: lines for name, lines in counted.items() if lines > MOST_LINES} == {}


def test_every_module_says_what_it_is_and_keeps() -> None:
    silent = [title(path) for path in sources() if not ast.get_docstring(parsed(path))]
    assert sources()
    assert silent == []


def test_no_module_has_a_shapeless_name() -> None:
    named = [path for path in sources() if {path.stem, *path.parent.parts[-2:]} & SHAPELESS]
    assert [title(path) for path in named] == []


def test_every_ignored_finding_names_its_code() -> None:
    every = sources() + sources("setup", "tests")
    faults = [
        f"{title(path)}: {fault}" for path in every for fault in bare_ignores(path.read_text())
    ]
    assert faults == []


@pytest.mark.parametrize(
    "line", ["x = 1  # noqa", "x = 1  # type: ignore", "x = 1  # noqa because"]
)
def test_the_ignore_rule_bites(line: str) -> None:
    assert list(bare_ignores(line))

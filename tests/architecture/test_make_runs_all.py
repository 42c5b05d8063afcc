"""`make test` names folders of tests; a folder that nobody names would never run."""

import re

from tests.architecture.tree import ROOT

LISTS = ("SIDE_BY_SIDE", "JOURNEYS", "ALONE")


def named(variable: str, makefile: str) -> list[str]:
    """The folders that a variable of the Makefile lists."""
    found = re.search(rf"^{variable} := (.*)$", makefile, re.MULTILINE)
    assert found is not None, variable
    return found[1].split()


def forgotten(makefile: str) -> list[str]:
    """Folders with tests that `make test` runs not at all or twice."""
    runs = [folder for variable in LISTS for folder in named(variable, makefile)]
    there = {f"tests/{path.relative_to(ROOT / 'tests').parts[0]}" for path in TESTS}
    return sorted(there ^ set(runs)) + sorted({one for one in runs if runs.count(one) > 1})


TESTS = [*(ROOT / "tests").glob("**/test_*.py")]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_make_test_runs_every_folder_of_tests_once() -> None:
    assert forgotten(MAKEFILE) == []
    target = MAKEFILE.partition("\ntest:")[2].partition("\n\n")[0]
    assert [variable for variable in LISTS if f"$({variable})" not in target] == []


def test_a_folder_left_out_or_named_twice_is_found() -> None:
    assert forgotten(MAKEFILE.replace("tests/mutations\n", "\n")) == ["tests/mutations"]
    twice = MAKEFILE.replace("ALONE := ", "ALONE := tests/unit ")
    assert forgotten(twice) == ["tests/unit"]

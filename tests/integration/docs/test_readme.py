"""What the READMEs and the operations page tell a person to type is run somewhere; both READMEs
say the same; every link leads to a file.
"""

import re
from pathlib import Path

import pytest

from server.cli.main import parser
from setup.places import ROOT

READMES = ("README.md", "README.zh-CN.md")
PAGES = (*READMES, "docs/operations.md")
# The command and where it is run. A file ending in .py must hold the words behind the colon.
RUN_AT = {
    "make demo": "Makefile:$(VENV)/gongyuan demo",
    "make test": ".ci/run:make test",
    "gongyuan demo": 'tests/e2e/demonstration.py:"demo", "--port"',
    "gongyuan serve": "tests/integration/cli/test_commands.py:test_serve_brings_the_schema",
    "gongyuan migrate": "tests/integration/cli/test_commands.py:test_migrate_makes_the_schema",
    "gongyuan practice serve": "tests/integration/cli/test_commands.py:test_practice_serves",
    "gongyuan practice take-in": "tests/integration/cli/test_commands.py:test_practice_takes_in",
    "gongyuan doctor": 'tests/integration/cli/test_doctor.py:main.main(["doctor"',
    "gongyuan bank blueprint": 'tests/integration/cli/test_bank.py:"bank", "blueprint"',
    "gongyuan bank import": 'tests/integration/cli/test_bank.py:"bank", "import"',
    "gongyuan bank assemble": 'tests/integration/cli/test_bank.py:"bank", "assemble"',
    "gongyuan bank export": 'tests/integration/cli/test_bank.py:"bank", "export"',
    "gongyuan rehearse": 'tests/e2e/test_rehearse.py:"rehearse", "--url"',
    "gongyuan archive export": 'tests/integration/cli/test_commands.py:"archive", "export"',
    "gongyuan verify": 'tests/e2e/test_exam_day.py:"verify"',
    "gongyuan verify receipt": 'tests/integration/cli/test_receipt.py:"verify", "receipt"',
    "gongyuan witness": "tests/integration/cli/test_witness.py:test_the_command_cosigns",
    "gongyuan keys": 'tests/integration/cli/test_keys.py:"keys", "status"',
    "gongyuan draw verify": "tests/integration/cli/test_commands.py:test_a_published_draw",
    "gongyuan face evaluate": 'tests/integration/cli/test_commands.py:"face", "evaluate"',
    "gongyuan face replay": "tests/integration/cli/test_commands.py:test_a_replay",
    "gongyuan COMMAND --help": "tests/integration/cli/test_commands.py:test_every_command_has",
}
_FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_IMAGE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
_PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b|[\u4e00-\u9fff]+")


def read(page: str) -> str:
    return (ROOT / page).read_text()


def commands_of(page: str) -> list[str]:
    """Every command as it is written, without the path of the program."""
    text = read(page)
    typed = [line for block in _FENCE.findall(text) for line in block.splitlines()]
    typed += _CODE.findall(_FENCE.sub("", text))
    bare = (re.sub(r"^(\.venv/bin/|\$ )", "", one.strip()) for one in typed)
    return [one for one in bare if re.match(r"(make|gongyuan) ", one)]


def place_of(command: str) -> str:
    """Where it is run; the longest known beginning counts."""
    plain = re.sub(r"^gongyuan [\u4e00-\u9fff]+ --help", "gongyuan COMMAND --help", command)
    known = [one for one in RUN_AT if plain == one or plain.startswith(f"{one} ")]
    assert known, f"{command!r} is run nowhere"
    return RUN_AT[max(known, key=len)]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_run_by_a_test_or_by_ci(page: str) -> None:
    found = commands_of(page)
    assert found
    for command in found:
        place_of(command)


@pytest.mark.parametrize("command", RUN_AT)
def test_the_place_that_runs_a_command_is_there(command: str) -> None:
    file, _, words = RUN_AT[command].partition(":")
    assert words in re.sub(r"\s+", " ", read(file)), (command, file)


def test_every_command_of_the_program_is_in_the_list() -> None:
    named = {one.split()[1] for one in RUN_AT if one.startswith("gongyuan ")} - {"COMMAND"}
    offered = set(re.findall(r"^ {4}(\w+) ", parser().format_help(), re.MULTILINE))
    # Measuring is run by the tests of each benchmark and by `make bench`.
    assert offered - {"bench"} == named


def test_both_readmes_tell_the_same_commands() -> None:
    english, chinese = (
        [_PLACEHOLDER.sub("…", one) for one in commands_of(page)] for page in READMES
    )
    assert english == chinese


def test_both_readmes_show_the_same_pictures_and_lead_to_the_same_pages() -> None:
    english, chinese = (_IMAGE.findall(read(page)) for page in READMES)
    assert english == chinese
    assert len(english) >= 2
    there, here = (set(_LINK.findall(read(page))) - set(READMES) for page in READMES)
    assert there == here


@pytest.mark.parametrize(
    "page",
    sorted(
        str(one.relative_to(ROOT)) for one in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    ),
)
def test_every_link_leads_to_a_file(page: str) -> None:
    for link in _LINK.findall(_FENCE.sub("", read(page))):
        if not re.match(r"\w+:", link):
            assert (Path(ROOT, page).parent / link).exists(), link

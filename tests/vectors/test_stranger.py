"""The documents are enough: a verifier that was written from them alone says what ours says."""

import ast
import random
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.parcel import ZipSink
from ledger.verify import verify
from setup.places import ROOT
from tests.mutations.campaign import ATTACKS
from tests.mutations.case import Case
from tests.mutations.shapes import Shape, build
from tests.vectors import stranger, stranger_frames, stranger_tree
from tests.vectors.archive import ARCHIVE, KEYS
from tests.vectors.archive import build as build_vector

KINDS = stranger.kinds_of((ROOT / "docs" / "formats" / "kinds.md").read_text())


@pytest.fixture(scope="module")
def shape() -> Shape:
    import asyncio

    return asyncio.run(build(77))


def test_the_stranger_knows_nothing_of_this_program() -> None:
    names: set[str] = set()
    programs = (stranger, stranger_frames, stranger_tree)
    for program in programs:
        for node in ast.walk(ast.parse(Path(str(program.__file__)).read_text())):
            if isinstance(node, ast.Import):
                names |= {one.name for one in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
    foreign = {one for one in names if one.partition(".")[0] not in sys.stdlib_module_names}
    own = {one.__name__ for one in programs}
    assert {one for one in foreign if not one.startswith("cryptography.")} < own


def test_the_archive_of_the_vectors_is_fresh() -> None:
    archive, keys = build_vector()
    assert ARCHIVE.read_bytes() == archive, "run python -m tests.vectors.archive"
    assert KEYS.read_bytes() == keys


def test_both_verifiers_accept_the_archive_of_the_vectors() -> None:
    assert stranger.verify(ARCHIVE, KINDS, KEYS) == []
    report = verify(ARCHIVE, KEYS)
    assert report.good, report.words()
    assert (report.bodies, report.device_events, report.signatures) == (29, 9, 7)


def test_both_refuse_it_with_any_changed_byte(tmp_path: Path) -> None:
    whole = ARCHIVE.read_bytes()
    path = tmp_path / "archive.zip"
    for place in random.Random(9).sample(range(len(whole)), 150):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert stranger.verify(path, KINDS, KEYS), place
        assert not verify(path, KEYS).good, place


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_the_stranger_finds_every_attack(name: str, shape: Shape, tmp_path: Path) -> None:
    attack = ATTACKS[name]
    for number in range(3):
        case = Case(shape, random.Random(f"stranger {name} {number}"))
        attack.act(case)
        case.close()
        path = tmp_path / f"{number}.zip"
        case.pack(ZipSink(path))
        options = dict(case.options)
        options["witnesses"] = [one.text() for one in options.get("witnesses", [])]
        keys = tmp_path / "keys.json"
        keys.write_bytes(shape.key_bytes)
        said = stranger.verify(path, KINDS, keys if attack.with_keys else None, **options)
        assert said, name


def test_the_stranger_accepts_a_lived_session_with_its_keys(shape: Shape, tmp_path: Path) -> None:
    Case(shape, random.Random(1)).pack(ZipSink(tmp_path / "archive.zip"))
    keys = tmp_path / "keys.json"
    keys.write_bytes(shape.key_bytes)
    wanted = [one.text() for one in shape.forest.keys]
    said = stranger.verify(
        tmp_path / "archive.zip", KINDS, keys, trust=shape.signer.public, witnesses=wanted, quorum=3
    )
    assert said == []


def test_the_stranger_is_a_program(tmp_path: Path) -> None:
    def run(path: Path) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", stranger.__name__, str(path), str(KEYS)]
        return subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)

    good = run(ARCHIVE)
    assert (good.returncode, good.stdout) == (0, "holds\n")
    changed = tmp_path / "archive.zip"
    changed.write_bytes(ARCHIVE.read_bytes()[:-1])
    assert run(changed).returncode == 1

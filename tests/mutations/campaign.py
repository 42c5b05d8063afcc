"""The campaign: every kind of attack at many seeded positions, and untouched archives between.

``python -m tests.mutations.campaign --positions 1000 --untouched 1000 --report FILE`` prints the
table and writes it as JSON; exit 1 when one attack was not found at its place, or a whole archive
was called broken.
"""

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ledger.chain import Damage, Finding
from ledger.parcel import MANIFEST, FolderSink, ZipSink
from ledger.verify import verify
from tests.mutations import rewriting, with_tree, without_keys
from tests.mutations.case import Attack, Case, Expected
from tests.mutations.shapes import Shape, build, in_memory

SHAPES = 6
KEPT_FAILURES = 20
ATTACKS: dict[str, Attack] = {
    one.name: one for one in (*without_keys.ATTACKS, *rewriting.ATTACKS, *with_tree.ATTACKS)
}


@dataclass
class Row:
    """One line of the table; ``failures`` say seed, what was expected and what was said."""

    kind: str
    attacker: str
    tried: int = 0
    found: int = 0
    placed: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return self.tried == self.found == self.placed


def attack_once(attack: Attack, shape: Shape, seed: str, folder: Path) -> tuple[bool, bool, str]:
    """Whether it was found, whether at its place, and what was said."""
    case = Case(shape, random.Random(seed))
    expected = attack.act(case)
    rewritten = case.close()
    zipped = case.chance.random() < 0.5
    path = folder / ("archive.zip" if zipped else "archive")
    case.pack(ZipSink(path) if zipped else FolderSink(path))
    keys = folder / "keys.json"
    keys.write_bytes(shape.key_bytes)
    report = verify(path, keys if attack.with_keys else None, workers=1, **case.options)
    if rewritten and expected.listed_only:
        expected = replace(expected, place=MANIFEST, damages=_MANIFEST_DAMAGES)
        first = next((one for one in report.findings if one.place == MANIFEST), None)
    else:
        first = next((one for one in report.findings if one.place != MANIFEST), None)
    said = f"{seed}: expected {expected.place} #{expected.seq}, said {first}"
    return not report.good, first is not None and _fits(first, expected), said


_MANIFEST_DAMAGES = frozenset({Damage.FILE, Damage.SEAL})


def _fits(one: Finding, expected: Expected) -> bool:
    return (one.place, one.seq) == (expected.place, expected.seq) and (
        one.damage in expected.damages
    )


def run_kind(name: str, numbers: Sequence[int], shapes: Sequence[Shape]) -> Row:
    """One kind at these seeded positions."""
    attack = ATTACKS[name]
    row = Row(name, attack.attacker)
    for number in numbers:
        shape = shapes[number % len(shapes)]
        with TemporaryDirectory(prefix="gongyuan-mutation-", dir=in_memory()) as folder:
            found, placed, said = attack_once(attack, shape, f"{name} {number}", Path(folder))
        row.tried += 1
        row.found += found
        row.placed += placed
        if not (found and placed) and len(row.failures) < KEPT_FAILURES:
            row.failures.append(said)
    return row


def run_untouched(numbers: Sequence[int]) -> Row:
    """Whole archives of as many shapes, with and without their keys."""
    row = Row("untouched", "nobody; must pass")
    for number in numbers:
        shape = asyncio.run(build(1_000 + number))
        with TemporaryDirectory(prefix="gongyuan-mutation-", dir=in_memory()) as folder:
            path, keys = Path(folder) / "archive.zip", Path(folder) / "keys.json"
            Case(shape, random.Random(number)).pack(ZipSink(path))
            keys.write_bytes(shape.key_bytes)
            report = verify(path, keys if number % 2 else None, workers=1)
        row.tried += 1
        row.found += report.good
        row.placed += report.good
        if not report.good and len(row.failures) < KEPT_FAILURES:
            row.failures.append(f"shape {1_000 + number}: {report.first}")
    return row


def _block(task: tuple[str, tuple[int, ...]]) -> Row:
    name, numbers = task
    if name == "untouched":
        return run_untouched(numbers)
    return run_kind(name, numbers, _shapes())


_built: list[Shape] = []


def _shapes() -> list[Shape]:
    """Built once in each process."""
    if not _built:
        _built.extend(asyncio.run(build(seed)) for seed in range(SHAPES))
    return _built


def campaign(positions: int, untouched: int, workers: int = 1) -> list[Row]:
    """Every kind ``positions`` times, ``untouched`` whole archives; rows in the catalogue's
    order.
    """
    step = 50
    tasks = [
        (name, tuple(range(first, min(first + step, count))))
        for name, count in [*((name, positions) for name in ATTACKS), ("untouched", untouched)]
        for first in range(0, count, step)
    ]
    if workers == 1:
        return _joined(map(_block, tasks))
    with ProcessPoolExecutor(workers) as pool:
        return _joined(pool.map(_block, tasks))


def _joined(rows: Iterable[Row]) -> list[Row]:
    total: dict[str, Row] = {}
    for row in rows:
        known = total.setdefault(row.kind, Row(row.kind, row.attacker))
        known.tried += row.tried
        known.found += row.found
        known.placed += row.placed
        known.failures = (known.failures + row.failures)[:KEPT_FAILURES]
    return list(total.values())


def table(rows: Sequence[Row]) -> str:
    """For people and for docs: a Markdown table."""
    lines = ["| kind | attacker | tried | found | right place |", "|---|---|---|---|---|"]
    lines += [
        f"| `{one.kind}` | {one.attacker} | {one.tried:,} | {one.found:,} | {one.placed:,} |"
        for one in rows
    ]
    return "\n".join(lines)


def main(words: list[str] | None = None) -> int:
    """Exit 0 when everything was found at its place and everything untouched passed."""
    command = argparse.ArgumentParser(prog="mutations")
    command.add_argument("--positions", type=int, default=1_000)
    command.add_argument("--untouched", type=int, default=1_000)
    command.add_argument("--workers", type=int, default=2)
    command.add_argument("--report", type=Path)
    chosen = command.parse_args(words)
    rows = campaign(chosen.positions, chosen.untouched, chosen.workers)
    good = all(one.good for one in rows)
    result: dict[str, Any] = {"good": good, "kinds": [asdict(one) for one in rows]}
    if chosen.report is not None:
        chosen.report.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    sys.stdout.write(table(rows) + "\n")
    for row in rows:
        for said in row.failures:
            sys.stdout.write(f"✗ {row.kind}: {said}\n")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())

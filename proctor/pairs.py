"""The list of labelled pairs: CSV with the columns ``a,b,same`` (or ``path_a,path_b,same``).

Paths are relative to the list's folder.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from kernel.errors import RowError, RowRefusal

_COLUMNS = (("a", "b"), ("path_a", "path_b"))
_SAME = {"1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures and whether they show one person."""

    a: Path
    b: Path
    same: bool


def read_pairs(path: Path) -> list[Pair]:
    """The pairs. Raises ``face.pairs_bad`` naming every faulty row (the header is row 1)."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            columns = reader.fieldnames or []
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as unreadable:
        fault = RowError(0, "", "face.pairs_file", {"found": str(path)}, path.name)
        raise RowRefusal("face.pairs_bad", [fault]) from unreadable
    sides = next((names for names in _COLUMNS if {*names, "same"} <= set(columns)), None)
    if sides is None:
        fault = RowError(1, ",".join(columns), "face.pairs_columns", {}, path.name)
        raise RowRefusal("face.pairs_bad", [fault])
    faults: list[RowError] = []
    pairs = [_pair(path, number, row, sides, faults) for number, row in enumerate(rows, start=2)]
    if not faults and {pair.same for pair in pairs} != {True, False}:
        faults.append(RowError(0, "same", "face.pairs_empty", {}, path.name))
    if faults:
        raise RowRefusal("face.pairs_bad", faults)
    return pairs


def _pair(
    path: Path, number: int, row: dict[str, str], sides: tuple[str, str], faults: list[RowError]
) -> Pair:
    pictures = []
    for column in sides:
        picture = path.parent / row[column].strip()
        if not picture.is_file():
            found = {"found": row[column]}
            faults.append(RowError(number, column, "face.pairs_file", found, path.name))
        pictures.append(picture)
    same = _SAME.get(row["same"].strip().lower())
    if same is None:
        found = {"found": row["same"]}
        faults.append(RowError(number, "same", "face.pairs_same", found, path.name))
    return Pair(pictures[0], pictures[1], bool(same))

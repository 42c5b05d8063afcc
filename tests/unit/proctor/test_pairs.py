"""The list of pairs: every fault is named with its row."""

from pathlib import Path

import pytest

from kernel.errors import RowRefusal
from proctor.pairs import read_pairs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("x.jpg", "y.jpg"):
        (tmp_path / name).write_bytes(b"picture")
    return tmp_path


def listed(folder: Path, text: str) -> Path:
    path = folder / "pairs.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("header", ["a,b,same", "path_a,path_b,same"])
def test_pairs_are_read_relative_to_the_list(folder: Path, header: str) -> None:
    pairs = read_pairs(listed(folder, f"{header}\nx.jpg,y.jpg,1\ny.jpg,x.jpg,0\n"))
    assert [(pair.a.name, pair.b.name, pair.same) for pair in pairs] == [
        ("x.jpg", "y.jpg", True),
        ("y.jpg", "x.jpg", False),
    ]


def test_every_faulty_row_is_named(folder: Path) -> None:
    text = "a,b,same\nx.jpg,gone.jpg,1\nx.jpg,y.jpg,perhaps\nx.jpg,y.jpg,0\n"
    with pytest.raises(RowRefusal) as refused:
        read_pairs(listed(folder, text))
    faults = [(fault.row, fault.field, fault.code) for fault in refused.value.rows]
    assert faults == [(2, "b", "face.pairs_file"), (3, "same", "face.pairs_same")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("left,right\nx.jpg,y.jpg\n", "face.pairs_columns"),
        ("a,b,same\nx.jpg,y.jpg,1\n", "face.pairs_empty"),
        ("", "face.pairs_columns"),
    ],
)
def test_an_unusable_list_says_why(folder: Path, text: str, code: str) -> None:
    with pytest.raises(RowRefusal) as refused:
        read_pairs(listed(folder, text))
    assert [fault.code for fault in refused.value.rows] == [code]


def test_a_list_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(RowRefusal, match=r"face.pairs_bad"):
        read_pairs(folder / "gone.csv")

"""ledger.tree.merkle and tiles: against RFC 6962's own recursive words and its known answers."""

import hashlib
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.tree.merkle import (
    consistency_holds,
    consistency_path,
    empty_root,
    inclusion_holds,
    inclusion_path,
    leaf_hash,
    tree_root,
)
from ledger.tree.tiles import Edge, bundle, parse_number, reader, tile_path, tiles_of, unbundle

# The eight inputs and the roots that implementations of RFC 6962 test themselves with.
INPUTS = [
    bytes.fromhex(one)
    for one in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def _naive(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it stands there, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    cut = 1
    while cut * 2 < len(leaves):
        cut *= 2
    return hashlib.sha256(b"\x01" + _naive(leaves[:cut]) + _naive(leaves[cut:])).digest()


class Forest:
    """A tree grown in pieces, with its tiles."""

    def __init__(self, leaves: Sequence[bytes], cuts: Sequence[int] = ()) -> None:
        self.edge = Edge()
        self.tiles: dict[tuple[int, int], bytes] = {}
        edges = [0, *sorted(cuts), len(leaves)]
        for begin, end in itertools.pairwise(edges):
            self.tiles |= self.edge.grow(leaves[begin:end])
        self.read = reader(lambda level, number: self.tiles[level, number])


def _leaves(count: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4, "big")) for number in range(count)]


LEAVES = _leaves(70_000)


@pytest.mark.parametrize("size", range(1, 9))
def test_the_known_roots_of_rfc_6962(size: int) -> None:
    forest = Forest([leaf_hash(one) for one in INPUTS[:size]])
    assert forest.edge.root().hex() == ROOTS[size - 1]
    assert tree_root(forest.read, size).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert empty_root().hex() == hashlib.sha256(b"").hexdigest()
    assert Edge().root() == empty_root()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 1_100), st.data())
def test_a_tree_grown_in_any_pieces_is_the_tree_of_the_definition(
    size: int, data: st.DataObject
) -> None:
    cuts = data.draw(st.lists(st.integers(0, size), max_size=6))
    forest = Forest(LEAVES[:size], cuts)
    assert forest.edge.root() == _naive(LEAVES[:size])
    older = data.draw(st.integers(0, size))
    assert tree_root(forest.read, older) == _naive(LEAVES[:older])
    again = Edge.at(size, lambda level, number: forest.tiles[level, number])
    assert again.rows == forest.edge.rows[: len(again.rows)]
    assert again.root() == forest.edge.root()


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 1_100), st.data())
def test_an_inclusion_proof_holds_for_its_leaf_and_no_other(size: int, data: st.DataObject) -> None:
    forest = Forest(LEAVES[:size])
    index = data.draw(st.integers(0, size - 1))
    root, path = forest.edge.root(), inclusion_path(forest.read, index, size)
    assert inclusion_holds(LEAVES[index], index, size, path, root)
    assert not inclusion_holds(LEAVES[size], index, size, path, root)
    assert not inclusion_holds(LEAVES[index], index, size, [*path, root], root)
    if size > 1:
        other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
        assert not inclusion_holds(LEAVES[index], other, size, path, root)
        assert not inclusion_holds(LEAVES[index], index, size, path[:-1], root)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 1_100), st.data())
def test_a_consistency_proof_holds_between_its_trees_and_no_others(
    size: int, data: st.DataObject
) -> None:
    forest = Forest(LEAVES[:size])
    old = data.draw(st.integers(1, size))
    roots = _naive(LEAVES[:old]), forest.edge.root()
    path = consistency_path(forest.read, old, size)
    assert consistency_holds((old, roots[0]), (size, roots[1]), path)
    assert not consistency_holds((old, LEAVES[0][::-1]), (size, roots[1]), path)
    assert not consistency_holds((old, roots[0]), (size, LEAVES[0][::-1]), path)
    if path:
        assert not consistency_holds((old, roots[0]), (size, roots[1]), path[:-1])
    assert not consistency_holds((old, roots[0]), (size, roots[1]), [*path, roots[0]])


def test_every_tree_begins_with_the_empty_one() -> None:
    root = _naive(LEAVES[:5])
    assert consistency_holds((0, empty_root()), (5, root), [])
    assert not consistency_holds((0, root), (5, root), [])
    assert not consistency_holds((5, root), (4, root), [])


def test_a_tree_of_seventy_thousand_has_the_tiles_that_the_specification_counts() -> None:
    tiles = list(tiles_of(70_000))
    assert sum(1 for level, _, width in tiles if (level, width) == (0, 256)) == 273
    assert [one for one in tiles if one[2] != 256] == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    forest = Forest(LEAVES)
    assert {(level, number): width * 32 for level, number, width in tiles} == {
        place: len(tile) for place, tile in forest.tiles.items()
    }
    assert tree_root(forest.read, 70_000) == forest.edge.root()
    path = inclusion_path(forest.read, 65_537, 70_000)
    assert inclusion_holds(LEAVES[65_537], 65_537, 70_000, path, forest.edge.root())


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ((0, 0, 256), "tile/0/000"),
        ((2, 1_234_067, 256), "tile/2/x001/x234/067"),
        ((0, 273, 112), "tile/0/273.p/112"),
    ],
)
def test_paths_of_tiles_are_the_specifications(place: tuple[int, int, int], path: str) -> None:
    assert tile_path(*place) == path
    assert parse_number(path.split("/", 2)[2]) == place[1:]


@pytest.mark.parametrize("path", ["", "1", "0000", "x001", "001.p/0", "001.p/256", "x000/001"])
def test_other_spellings_of_a_tiles_number_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="tile|invalid"):
        parse_number(path)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert unbundle(bundle(entries)) == entries


def test_a_bundle_that_was_cut_or_an_entry_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="cut off"):
        unbundle(bundle([b"one"])[:-1])
    with pytest.raises(ValueError, match="65536"):
        bundle([bytes(65_536)])

"""The tree's part of an archive comes to the root of the whole tree, whatever else is in it."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.codec import encode
from ledger.tree.entry import tree_entry
from ledger.tree.merkle import Read, leaf_hash, node_hash, tree_root
from ledger.tree.part import StreamLeaves, TreePart, make_part


def grown(size: int, mine: set[int], seed: int) -> tuple[Read, dict[str, StreamLeaves]]:
    """A tree of records, of which ``mine`` are of three streams of one session."""
    chance = random.Random(seed)
    held: dict[str, list[tuple[int, bytes]]] = {f"sitting/{n}": [] for n in range(3)}
    leaves = []
    for index in range(size):
        record = chance.randbytes(32)
        if index in mine:
            stream_id = chance.choice(sorted(held))
            held[stream_id].append((index, record))
            entry = tree_entry(stream_id, len(held[stream_id]), record)
        else:
            entry = tree_entry("sitting/other", index + 1, record)
        leaves.append(leaf_hash(entry))
    streams = {
        name: StreamLeaves(tuple(i for i, _ in own), tuple(r for _, r in own))
        for name, own in held.items()
    }
    return reader(leaves), streams


def reader(leaves: list[bytes]) -> Read:
    def read(level: int, number: int) -> bytes:
        if level == 0:
            return leaves[number]
        return node_hash(read(level - 1, 2 * number), read(level - 1, 2 * number + 1))

    return read


@settings(max_examples=150, deadline=None)
@given(size=st.integers(0, 70), share=st.floats(0, 1), seed=st.integers(0, 999))
def test_any_share_of_any_tree_comes_to_its_root(size: int, share: float, seed: int) -> None:
    chance = random.Random(seed)
    mine = {index for index in range(size) if chance.random() < share}
    read, streams = grown(size, mine, seed)
    part = make_part("origin", size, streams, read)
    assert part.root() == tree_root(read, size)
    assert TreePart.from_bytes(part.to_bytes()) == part
    if mine == set(range(size)) and size:
        assert part.siblings == ()


def part_of(size: int = 40) -> tuple[TreePart, bytes]:
    read, streams = grown(size, set(range(3, size, 3)), 5)
    return make_part("origin", size, streams, read), tree_root(read, size)


def test_another_hash_index_size_or_sibling_comes_to_another_root_or_to_none() -> None:
    part, root = part_of()
    name = next(iter(part.streams))
    held = part.streams[name]
    swapped = StreamLeaves(held.indices[::-1], held.hashes)
    moved = StreamLeaves((held.indices[0] - 1, *held.indices[1:]), held.hashes)
    changed = StreamLeaves(held.indices, (bytes(32), *held.hashes[1:]))
    for one in (swapped, moved, changed):
        assert _root(replace(part, streams={**part.streams, name: one})) != root
    assert _root(replace(part, size=41)) != root
    assert _root(replace(part, siblings=part.siblings[1:])) is None
    assert _root(replace(part, siblings=(*part.siblings, bytes(32)))) is None
    assert _root(replace(part, siblings=part.siblings[::-1])) != root


def _root(part: TreePart) -> bytes | None:
    try:
        return part.root()
    except ValueError:
        return None


@pytest.mark.parametrize(
    "fields",
    [
        ["origin", 1, [["s", bytes(8), bytes(31)]], b""],
        ["origin", 1, [["s", bytes(16), bytes(32)]], b""],
        ["origin", 1, [["s", bytes(8), bytes(32)], ["s", bytes(8), bytes(32)]], b""],
        ["origin", 1, [["t", b"", b""], ["s", b"", b""]], b""],
        ["origin", 1, [], bytes(33)],
        ["origin", 1, []],
    ],
)
def test_what_is_no_part_is_refused(fields: list[object]) -> None:
    with pytest.raises(ValueError, match="not|cut"):
        TreePart.from_bytes(encode("tree-part", 1, fields))  # type: ignore[arg-type]


def test_two_leaves_in_one_place_are_refused() -> None:
    one = StreamLeaves((0,), (bytes(32),))
    with pytest.raises(ValueError, match="two in one place"):
        TreePart("origin", 2, {"a": one, "b": one}, ()).root()
    with pytest.raises(ValueError, match="outside"):
        TreePart("origin", 0, {"a": one}, ()).root()

"""The tree's part of an archive: a session's leaves, and what else the root needs. Pure.

Rules kept here: a stream's leaves are all its records from the first on, so a place in the list is
a number in the stream; of other sessions only the hashes of whole ranges are given; the root is
computed from nothing else and in one way.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kernel.codec import Field, decode, encode
from kernel.crypto import digest
from ledger.tree.entry import tree_entry
from ledger.tree.merkle import Hasher, Read, empty_root, leaf_hash, node_hash, range_root, split

CHECKPOINT_FILE = "tree/checkpoint"
LEAVES_FILE = "tree/leaves.bin"
_INDEX_BYTES, _HASH_BYTES = 8, 32


@dataclass(frozen=True, slots=True)
class StreamLeaves:
    """Leaf indices and record hashes of records 1, 2, 3 … of one stream."""

    indices: tuple[int, ...]
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class TreePart:
    """Leaves by stream of a tree of ``size`` leaves; ``siblings`` are the hashes over the ranges
    that hold none of them, from the left.
    """

    origin: str
    size: int
    streams: Mapping[str, StreamLeaves]
    siblings: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        listed: list[Field] = [
            [
                stream_id,
                b"".join(one.to_bytes(_INDEX_BYTES, "big") for one in leaves.indices),
                b"".join(leaves.hashes),
            ]
            for stream_id, leaves in sorted(self.streams.items())
        ]
        return encode("tree-part", 1, [self.origin, self.size, listed, b"".join(self.siblings)])

    @classmethod
    def from_bytes(cls, data: bytes) -> "TreePart":
        """Raises ValueError for anything but a part of version 1."""
        match decode("tree-part", 1, data):
            case [str() as origin, int() as size, list() as listed, bytes() as siblings]:
                streams = dict(map(_leaves, listed))
                names = [one[0] for one in listed]
                if names != sorted(streams):
                    raise ValueError("streams are not unique and sorted")
                return cls(origin, size, streams, _cut(siblings, _HASH_BYTES))
            case _:
                raise ValueError("not the tree's part of an archive")

    def root(self, hasher: Hasher = digest.sha256) -> bytes:
        """The root that leaves and siblings come to. Raises ValueError when they do not fit."""
        leaves = self._sorted(hasher)
        rest = iter(self.siblings)
        found = _climb(leaves, (0, len(leaves)), (0, self.size), rest, hasher)
        if next(rest, None) is not None:
            raise ValueError("siblings without a place")
        return found

    def _sorted(self, hasher: Hasher) -> list[tuple[int, bytes]]:
        leaves = sorted(
            (index, leaf_hash(tree_entry(stream_id, seq, record), hasher))
            for stream_id, held in self.streams.items()
            for seq, (index, record) in enumerate(zip(held.indices, held.hashes, strict=True), 1)
        )
        indices = [index for index, _ in leaves]
        if len(set(indices)) != len(indices) or (indices and indices[-1] >= self.size):
            raise ValueError("leaves outside the tree or two in one place")
        return leaves


def make_part(
    origin: str,
    size: int,
    streams: Mapping[str, StreamLeaves],
    read: Read,
    hasher: Hasher = digest.sha256,
) -> TreePart:
    """The part of a session; ``read`` gives the hashes of whole subtrees (``tree.merkle``)."""
    indices = sorted(index for held in streams.values() for index in held.indices)
    siblings = list(_apart(indices, (0, len(indices)), (0, size), read, hasher))
    return TreePart(origin, size, dict(streams), tuple(siblings))


def _apart(
    indices: Sequence[int],
    mine: tuple[int, int],
    within: tuple[int, int],
    read: Read,
    hasher: Hasher,
) -> Iterator[bytes]:
    """Hashes over the ranges of ``within`` that hold none of ``indices[mine]``, from the left."""
    begin, end = within
    if mine[0] == mine[1]:
        if begin < end:
            yield range_root(read, begin, end, hasher)
        return
    if end - begin == 1:
        return
    middle = begin + split(end - begin)
    cut = bisect_left(indices, middle, *mine)
    yield from _apart(indices, (mine[0], cut), (begin, middle), read, hasher)
    yield from _apart(indices, (cut, mine[1]), (middle, end), read, hasher)


def _climb(
    leaves: Sequence[tuple[int, bytes]],
    mine: tuple[int, int],
    within: tuple[int, int],
    siblings: Iterator[bytes],
    hasher: Hasher,
) -> bytes:
    begin, end = within
    if begin == end:
        return empty_root(hasher)
    if mine[0] == mine[1]:
        found = next(siblings, None)
        if found is None:
            raise ValueError("a sibling is missing")
        return found
    if end - begin == 1:
        return leaves[mine[0]][1]
    middle = begin + split(end - begin)
    cut = bisect_left(leaves, (middle, b""), *mine)
    left = _climb(leaves, (mine[0], cut), (begin, middle), siblings, hasher)
    return node_hash(left, _climb(leaves, (cut, mine[1]), (middle, end), siblings, hasher), hasher)


def _leaves(entry: object) -> tuple[str, StreamLeaves]:
    match entry:
        case [str() as stream_id, bytes() as indices, bytes() as hashes]:
            numbers = tuple(int.from_bytes(one, "big") for one in _cut(indices, _INDEX_BYTES))
            records = _cut(hashes, _HASH_BYTES)
            if len(numbers) == len(records):
                return stream_id, StreamLeaves(numbers, records)
    raise ValueError("not the leaves of a stream")


def _cut(data: bytes, size: int) -> tuple[bytes, ...]:
    if len(data) % size:
        raise ValueError("a list that was cut off")
    return tuple(data[at : at + size] for at in range(0, len(data), size))

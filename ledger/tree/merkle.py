"""Merkle tree hashes and proofs (RFC 6962, section 2.1; verification as in RFC 9162, section 2.1).

Rules kept here: pure; leaves and nodes have separate domains; a tree is read through ``Read``, the
hash of a whole subtree by level and number, so nothing here holds a tree. An origin with another
suite gives another ``hasher``.
"""

from collections.abc import Callable, Sequence

from kernel.crypto import digest

Hasher = Callable[[bytes], bytes]
Read = Callable[[int, int], bytes]
"""``read(level, number)``: the hash over leaves ``number * 2**level`` up to the next such number.
Only whole subtrees are asked for.
"""

LEAF, NODE = b"\x00", b"\x01"


def leaf_hash(entry: bytes, hasher: Hasher = digest.sha256) -> bytes:
    """The hash of one entry."""
    return hasher(LEAF + entry)


def node_hash(left: bytes, right: bytes, hasher: Hasher = digest.sha256) -> bytes:
    """The hash over two subtrees."""
    return hasher(NODE + left + right)


def empty_root(hasher: Hasher = digest.sha256) -> bytes:
    """The root of a tree without leaves."""
    return hasher(b"")


def fold_hashes(hashes: Sequence[bytes], hasher: Hasher = digest.sha256) -> bytes:
    """The root over a row of at least one subtree hash, the last of which may be a smaller one."""
    row = list(hashes)
    while len(row) > 1:
        above = [node_hash(row[at], row[at + 1], hasher) for at in range(0, len(row) - 1, 2)]
        if len(row) % 2:
            above.append(row[-1])
        row = above
    return row[0]


def split(size: int) -> int:
    """The largest power of two below ``size`` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def range_root(read: Read, begin: int, end: int, hasher: Hasher = digest.sha256) -> bytes:
    """The hash over the leaves from ``begin`` up to ``end``, a subtree as RFC 6962 cuts them."""
    size = end - begin
    if size & (size - 1) == 0:
        return read(size.bit_length() - 1, begin // size)
    middle = begin + split(size)
    left = range_root(read, begin, middle, hasher)
    return node_hash(left, range_root(read, middle, end, hasher), hasher)


def tree_root(read: Read, size: int, hasher: Hasher = digest.sha256) -> bytes:
    """The root of the tree of the first ``size`` leaves."""
    return range_root(read, 0, size, hasher) if size else empty_root(hasher)


def inclusion_path(
    read: Read, index: int, size: int, hasher: Hasher = digest.sha256
) -> list[bytes]:
    """The audit path of a leaf, from its sibling up. Raises ValueError outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + split(end - begin)
        if index < middle:
            path.append(range_root(read, middle, end, hasher))
            end = middle
        else:
            path.append(range_root(read, begin, middle, hasher))
            begin = middle
    return path[::-1]


def consistency_path(read: Read, old: int, new: int, hasher: Hasher = digest.sha256) -> list[bytes]:
    """The proof that a tree of ``old`` leaves is the beginning of one of ``new``.

    Raises ValueError when ``old`` is not within 1 to ``new``.
    """
    if not 1 <= old <= new:
        raise ValueError(f"no proof from {old} to {new}")
    path: list[bytes] = []
    begin, end, whole = 0, new, True
    while old < end:
        middle = begin + split(end - begin)
        if old <= middle:
            path.append(range_root(read, middle, end, hasher))
            end = middle
        else:
            path.append(range_root(read, begin, middle, hasher))
            begin, whole = middle, False
    if not whole:
        path.append(range_root(read, begin, end, hasher))
    return path[::-1]


def inclusion_holds(
    leaf: bytes,
    index: int,
    size: int,
    path: Sequence[bytes],
    root: bytes,
    hasher: Hasher = digest.sha256,
) -> bool:
    """Whether ``leaf`` (a leaf hash) is at ``index`` of the tree with this size and root."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found, hasher)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step, hasher)
        at, last = at >> 1, last >> 1
    return last == 0 and digest.same(found, root)


def consistency_holds(
    old: tuple[int, bytes],
    new: tuple[int, bytes],
    path: Sequence[bytes],
    hasher: Hasher = digest.sha256,
) -> bool:
    """Whether the tree ``old`` (size, root) is the beginning of the tree ``new``."""
    (old_size, old_root), (new_size, new_root) = old, new
    if not 0 <= old_size <= new_size:
        return False
    if old_size == new_size:
        return not path and digest.same(old_root, new_root)
    if old_size == 0:
        return not path and digest.same(old_root, empty_root(hasher))
    steps = list(path)
    if old_size & (old_size - 1) == 0:
        steps.insert(0, old_root)
    roots = _climb(steps, old_size - 1, new_size - 1, hasher)
    return roots is not None and all(map(digest.same, roots, (old_root, new_root)))


def _climb(
    steps: Sequence[bytes], at: int, last: int, hasher: Hasher
) -> tuple[bytes, bytes] | None:
    """Both roots that a consistency proof comes to; None when its length does not fit."""
    if not steps:
        return None
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            first, second = node_hash(step, first, hasher), node_hash(step, second, hasher)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, step, hasher)
        at, last = at >> 1, last >> 1
    return (first, second) if last == 0 else None

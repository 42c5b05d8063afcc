"""Tiles of a tree (C2SP tlog-tiles): 256 hashes high 8, full ones never change; entry bundles.

Rules kept here: pure; a tile at level L holds the hashes of whole subtrees of 256**L leaves; a
partial tile is the beginning of the full one, so the newest form of a tile serves every older one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kernel.crypto import digest
from ledger.tree.merkle import Hasher, Read, empty_root, fold_hashes

WIDTH = 256
HEIGHT = 8
HASH_BYTES = 32
ENTRY_LIMIT_BYTES = 0xFFFF

Fetch = Callable[[int, int], bytes]
"""``fetch(level, number)``: the bytes of a tile as far as it is filled. May raise KeyError."""


def tile_path(level: int, number: int, width: int = WIDTH) -> str:
    """``tile/0/x001/234.p/17``: where a tile lies below the log's prefix."""
    return f"tile/{level}/{_number_path(number, width)}"


def entries_path(number: int, width: int = WIDTH) -> str:
    """Where a bundle of entries lies below the log's prefix."""
    return f"tile/entries/{_number_path(number, width)}"


def _number_path(number: int, width: int) -> str:
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return path if width == WIDTH else f"{path}.p/{width}"


def parse_number(path: str) -> tuple[int, int]:
    """Number and width of ``x001/234.p/17``. Raises ValueError for any other spelling."""
    name, dot, width_text = path.partition(".p/")
    width = int(width_text) if dot else WIDTH
    number = int(name.replace("x", "").replace("/", "") or "-1")
    if number < 0 or (dot and not 1 <= width < WIDTH) or _number_path(number, width) != path:
        raise ValueError("not the path of a tile")
    return number, width


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """(level, number, width) of every tile of a tree of ``size`` leaves."""
    level = 0
    while size:
        full, rest = divmod(size, WIDTH)
        yield from ((level, number, WIDTH) for number in range(full))
        if rest:
            yield level, full, rest
        level, size = level + 1, full


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries behind their lengths (uint16). Raises ValueError for one that is too long."""
    pieces: list[bytes] = []
    for entry in entries:
        if len(entry) > ENTRY_LIMIT_BYTES:
            raise ValueError(f"an entry of {len(entry)} bytes")
        pieces += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(pieces)


def unbundle(data: bytes) -> list[bytes]:
    """The entries of a bundle. Raises ValueError when the lengths do not fit."""
    entries, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        if at + 2 + size > len(data):
            raise ValueError("a bundle that was cut off")
        entries.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return entries


def hashes_of(tile: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]


def reader(fetch: Fetch, hasher: Hasher = digest.sha256) -> Read:
    """Hashes of whole subtrees out of tiles; raises KeyError for a hash that no tile holds."""

    def read(level: int, number: int) -> bytes:
        tile_level, up = divmod(level, HEIGHT)
        first = number << up
        tile_number, at = divmod(first, WIDTH)
        row = hashes_of(fetch(tile_level, tile_number))[at : at + (1 << up)]
        if len(row) != 1 << up:
            raise KeyError((level, number))
        return fold_hashes(row, hasher)

    return read


@dataclass(slots=True)
class Edge:
    """The right edge of a tree: its size and the hashes of the tile that grows at each level."""

    size: int = 0
    rows: list[list[bytes]] = field(default_factory=list)

    @classmethod
    def at(cls, size: int, fetch: Fetch) -> "Edge":
        """The edge of a tree whose tiles can be fetched."""
        rows, count, level = [], size, 0
        while count:
            full, width = divmod(count, WIDTH)
            rows.append(hashes_of(fetch(level, full))[:width] if width else [])
            if len(rows[-1]) != width:
                raise KeyError((level, full))
            count, level = full, level + 1
        return cls(size, rows)

    def root(self, hasher: Hasher = digest.sha256) -> bytes:
        """The root of the whole tree."""
        rest: list[bytes] = []
        for row in self.rows:
            whole = row + rest
            rest = [fold_hashes(whole, hasher)] if whole else []
        return rest[0] if rest else empty_root(hasher)

    def grow(
        self, leaves: Sequence[bytes], hasher: Hasher = digest.sha256
    ) -> dict[tuple[int, int], bytes]:
        """Append leaf hashes; returns every tile that changed, by level and number."""
        changed: dict[tuple[int, int], bytes] = {}
        fresh, count, level = list(leaves), self.size, 0
        self.size += len(fresh)
        while fresh:
            if level == len(self.rows):
                self.rows.append([])
            row, number, above = self.rows[level] + fresh, count // WIDTH, []
            while len(row) >= WIDTH:
                changed[level, number] = b"".join(row[:WIDTH])
                above.append(fold_hashes(row[:WIDTH], hasher))
                row, number = row[WIDTH:], number + 1
            if row:
                changed[level, number] = b"".join(row)
            self.rows[level] = row
            fresh, count, level = above, count // WIDTH, level + 1
        return changed

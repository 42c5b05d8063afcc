"""Writes our part of ``tree.json``: ``python -m tests.vectors.tree``.

Rules kept here: what others published stays as it is in the file, each with its source; ours is
made from fixed keys and comes out the same everywhere; what SM2 signed was signed once, for its
signatures are never the same twice. The private keys below protect nothing.
"""

import json
from pathlib import Path
from typing import Any

from kernel.crypto import digest
from kernel.crypto.signing import ServerKey
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.entry import tree_entry
from ledger.tree.merkle import (
    Hasher,
    Read,
    consistency_path,
    empty_root,
    inclusion_path,
    leaf_hash,
    node_hash,
    tree_root,
)
from ledger.tree.note import Algorithm, NoteKey, cosign, sign_note
from ledger.tree.proof import TlogProof
from ledger.tree.tiles import Edge, bundle, entries_path, reader, tile_path, tiles_of

PATH = Path(__file__).with_name("tree.json")
HASHERS: dict[str, Hasher] = {"SHA-256": digest.sha256, "SM3": digest.sm3}
OURS, ORIGIN, WITNESS_NAME, AT_S = (
    "ours",
    "vectors.example/log",
    "witness.example/w1",
    1_795_000_000,
)
LOG, WITNESS = ServerKey(bytes(range(32))), ServerKey(bytes(range(32, 64)))
LOG_KEY = NoteKey.of_log(ORIGIN, LOG.public)
WITNESS_KEY = NoteKey(WITNESS_NAME, Algorithm.COSIGNATURE, WITNESS.public)
SIZE, TILED = 11, 600
ENTRIES = [tree_entry(f"sitting/s{at}", at + 1, bytes([at]) * 32) for at in range(SIZE)]
INCLUDED = ((0, 1), (0, 11), (4, 11), (7, 8), (10, 11))
CONTINUED = ((1, 11), (4, 11), (6, 8), (7, 11), (11, 11))
NUMBERS = ((0, 256), (7, 1), (255, 255), (999, 256), (1_000, 256), (1_234_067, 17))


def kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return found


def tree(entries: list[bytes], hasher: Hasher) -> tuple[Edge, dict[tuple[int, int], bytes], Read]:
    edge = Edge()
    tiles = edge.grow([leaf_hash(one, hasher) for one in entries], hasher)
    return edge, tiles, reader(lambda level, number: tiles[level, number], hasher)


def counted(size: int) -> list[bytes]:
    """Entries of the vectors of tiles: the leaf's index as 4 bytes, big-endian."""
    return [at.to_bytes(4, "big") for at in range(size)]


def made() -> dict[str, list[dict[str, Any]]]:
    """Our vectors from fixed keys, in the shapes in which the published ones are kept."""
    cases: dict[str, list[dict[str, Any]]] = {
        "hashes": [], "roots": [], "inclusion": [], "consistency": [], "tiles": [],
    }  # fmt: skip
    for name, hasher in HASHERS.items():
        for kind, found in _hashed(name, hasher).items():
            cases[kind] += found
    return cases | _paths() | _signed()


def _hashed(name: str, hasher: Hasher) -> dict[str, list[dict[str, Any]]]:
    mark = {"source": OURS, "with": name}
    _, _, read = tree(ENTRIES, hasher)
    left, right = (leaf_hash(one, hasher) for one in ENTRIES[:2])
    hashes = [
        (["leaf", ENTRIES[0].hex()], left),
        (["node", left.hex(), right.hex()], node_hash(left, right, hasher)),
        (["empty"], empty_root(hasher)),
    ]
    roots = [tree_root(read, size, hasher) for size in range(SIZE + 1)]
    _, tiles, _ = tree(counted(TILED), hasher)
    return {
        "hashes": [mark | {"of": of, "hash_hex": value.hex()} for of, value in hashes],
        "roots": [
            mark | {"entries_hex": _hex(ENTRIES), "roots_hex": _hex(roots)},
        ],
        "inclusion": [
            mark | {
                "index": index, "size": size, "leaf_hex": leaf_hash(ENTRIES[index], hasher).hex(),
                "path_hex": _hex(inclusion_path(read, index, size, hasher)),
                "root_hex": roots[size].hex(),
            } for index, size in INCLUDED
        ],
        "consistency": [
            mark | {
                "old_size": old, "old_root_hex": roots[old].hex(), "size": new,
                "root_hex": roots[new].hex(),
                "path_hex": _hex(consistency_path(read, old, new, hasher)),
            } for old, new in CONTINUED
        ],
        "tiles": [
            mark | {
                "size": TILED, "path": tile_path(level, number, width),
                "bytes": len(tiles[level, number]), "first_hex": tiles[level, number][:32].hex(),
                "hash_hex": hasher(tiles[level, number]).hex(),
            } for level, number, width in tiles_of(TILED)
        ],
    }  # fmt: skip


def _paths() -> dict[str, list[dict[str, Any]]]:
    mark = {"source": OURS}
    bundles: tuple[list[bytes], ...] = ([], [b""], ENTRIES[:2], [b"", b"\x00", bytes(300)])
    return {
        "paths": [
            mark | {"number": number, "width": width, "tile": tile_path(2, number, width),
                    "entries": entries_path(number, width)}
            for number, width in NUMBERS
        ],
        "bundles": [
            mark | {"entries_hex": _hex(one), "hex": bundle(one).hex()} for one in bundles
        ],
    }  # fmt: skip


def _signed() -> dict[str, list[dict[str, Any]]]:
    mark = {"source": OURS}
    edge, _, read = tree(ENTRIES, digest.sha256)
    checkpoint = Checkpoint(ORIGIN, SIZE, edge.root())
    text = checkpoint.to_text()
    line = cosign(text, WITNESS_NAME, WITNESS, AT_S)
    note = sign_note(text, ORIGIN, LOG).with_signatures([line]).to_text()
    keys = [LOG_KEY.text(), WITNESS_KEY.text()]
    proofs = [
        TlogProof(index, tuple(inclusion_path(read, index, SIZE)), note, extra)
        for index, extra in ((4, None), (10, b"more"))
    ]
    return {
        "keys": [mark | key_case(LOG_KEY), mark | key_case(WITNESS_KEY)],
        "notes": [mark | {"keys": keys, "text": note}],
        "checkpoints": [
            mark | {"origin": ORIGIN, "size": SIZE, "root_hex": checkpoint.root.hex(), "text": text}
        ],
        "cosignatures": [
            mark | {"key": WITNESS_KEY.text(), "at_s": AT_S, "checkpoint": text,
                    "message": f"cosignature/v1\ntime {AT_S}\n{text}", "line": line.line()}
        ],
        "proofs": [
            mark | {"keys": keys, "index": one.index, "size": SIZE, "text": one.to_text(),
                    "entry_hex": ENTRIES[one.index].hex(),
                    "extra_hex": None if one.extra is None else one.extra.hex()}
            for one in proofs
        ],
    }  # fmt: skip


def key_case(key: NoteKey) -> dict[str, Any]:
    return {
        "text": key.text(), "name": key.name, "type": key.algorithm.value,
        "id_hex": key.id.hex(), "public_hex": key.public.hex(),
    }  # fmt: skip


def _hex(values: list[bytes]) -> list[str]:
    return [one.hex() for one in values]


if __name__ == "__main__":
    PATH.write_text(
        json.dumps(kept() | {"ours": made()}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )

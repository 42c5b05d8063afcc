"""A tree over a session's records among strangers' leaves, with its checkpoint and witnesses.

Pure: the parts of ``ledger.tree`` do the work; only the strangers are made up.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kernel.crypto import digest
from kernel.crypto.signing import ServerKey, Signer
from ledger.layout import SealFile, SealList
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.entry import SEAL_STREAM, tree_entry
from ledger.tree.merkle import leaf_hash
from ledger.tree.note import Algorithm, NoteKey, cosign, sign_note
from ledger.tree.part import CHECKPOINT_FILE, LEAVES_FILE, StreamLeaves, make_part
from ledger.tree.tiles import Edge, reader

WITNESSES = 3
QUORUM = 2
COSIGNED_AT_S = 1_795_000_100


@dataclass(frozen=True)
class Forest:
    """Witnesses' keys; ``seeds`` sign for them."""

    seeds: tuple[bytes, ...]

    @property
    def keys(self) -> list[NoteKey]:
        return [
            NoteKey(f"witness-{n}.example", Algorithm.COSIGNATURE, ServerKey(seed).public)
            for n, seed in enumerate(self.seeds)
        ]


def witnesses(chance: random.Random) -> Forest:
    return Forest(tuple(chance.randbytes(32) for _ in range(WITNESSES)))


def leaves_of(
    hashes: Mapping[str, Sequence[bytes]], seal: SealFile, chance: random.Random
) -> tuple[dict[str, StreamLeaves], list[bytes]]:
    """Every record and the seal, in an order that keeps each stream's own, strangers between."""
    listed = SealList.from_frame(seal.frame)
    waiting = {name: list(held) for name, held in hashes.items()}
    held: dict[str, list[tuple[int, bytes]]] = {name: [] for name in waiting}
    leaves: list[bytes] = []

    def grow(stream_id: str, record: bytes) -> None:
        mine = held.setdefault(stream_id, [])
        mine.append((len(leaves), record))
        leaves.append(leaf_hash(tree_entry(stream_id, len(mine), record)))

    while any(waiting.values()):
        if chance.random() < 0.3:
            leaves.append(chance.randbytes(32))
            continue
        name = chance.choice([one for one, rest in waiting.items() if rest])
        grow(name, waiting[name].pop(0))
    grow(f"{SEAL_STREAM}{listed.session_id}", digest.sha256(seal.frame))
    leaves += [chance.randbytes(32) for _ in range(chance.randrange(4))]
    streams = {
        name: StreamLeaves(tuple(at for at, _ in mine), tuple(record for _, record in mine))
        for name, mine in held.items()
    }
    return streams, leaves


def part_files(
    streams: Mapping[str, StreamLeaves],
    leaves: Sequence[bytes],
    origin: str,
    signer: Signer,
    forest: Forest,
) -> dict[str, bytes]:
    """The two files, by their names in the ledger's folder; every witness has cosigned."""
    edge = Edge()
    tiles = edge.grow(leaves)
    read = reader(lambda level, number: tiles[level, number])
    part = make_part(origin, len(leaves), streams, read)
    note = sign_note(Checkpoint(origin, len(leaves), edge.root()).to_text(), origin, signer)
    lines = [
        cosign(note.text, key.name, ServerKey(seed), COSIGNED_AT_S)
        for key, seed in zip(forest.keys, forest.seeds, strict=True)
    ]
    text = note.with_signatures(lines).to_text()
    return {CHECKPOINT_FILE: text.encode(), LEAVES_FILE: part.to_bytes()}

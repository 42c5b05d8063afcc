"""Proofs that an entry is in a log (``c2sp.org/tlog-proof@v1``). Pure.

Rules kept here: a proof is checked against a key and an origin that the reader knows, never against
what the proof says of itself; the extra line is not authenticated and proves nothing.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.crypto import digest
from ledger.tree.checkpoint import HASH_BYTES, Checkpoint
from ledger.tree.merkle import Hasher, inclusion_holds, leaf_hash
from ledger.tree.note import Note, NoteKey

FIRST_LINE = "c2sp.org/tlog-proof@v1"
PATH_LIMIT = 63


@dataclass(frozen=True, slots=True)
class TlogProof:
    """An entry's index and audit path, the checkpoint as published, the application's bytes."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    def to_text(self) -> str:
        """The file, extension ``.tlog-proof``."""
        lines = [FIRST_LINE]
        if self.extra is not None:
            lines.append(f"extra {_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += [_base64(one) for one in self.path]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, text: str) -> "TlogProof":
        """Raises ValueError for anything but a proof of version 1."""
        head, gap, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not gap or lines.pop(0) != FIRST_LINE:
            raise ValueError("not a proof")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = _unbase64(lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index "):
            raise ValueError("a proof without an index")
        index = lines.pop(0).removeprefix("index ")
        if not index.isascii() or not index.isdigit() or str(int(index)) != index:
            raise ValueError("not an index")
        path = tuple(_unbase64(line) for line in lines)
        if len(path) > PATH_LIMIT or any(len(one) != HASH_BYTES for one in path):
            raise ValueError("not an audit path")
        return cls(int(index), path, checkpoint, extra)


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof that holds shows: the tree, and which witnesses saw it when (seconds)."""

    checkpoint: Checkpoint
    witnessed: tuple[tuple[str, int], ...]


def check_proof(
    proof: TlogProof,
    entry: bytes,
    log: NoteKey,
    witnesses: Sequence[NoteKey] = (),
    *,
    quorum: int = 0,
    hasher: Hasher = digest.sha256,
) -> Proven:
    """Raises ValueError saying what does not hold: signature, origin, quorum or inclusion."""
    note = Note.parse(proof.checkpoint)
    if not note.signed_by(log):
        raise ValueError("the checkpoint is not signed by the log")
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != log.name:
        raise ValueError("the checkpoint is another log's")
    seen = [(key.name, note.signed_at_s(key) or 0) for key in witnesses if note.signed_by(key)]
    if len(seen) < quorum:
        raise ValueError(f"{len(seen)} of {quorum} witnesses signed")
    leaf = leaf_hash(entry, hasher)
    if not inclusion_holds(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root, hasher):
        raise ValueError("the entry is not in the tree at this index")
    return Proven(checkpoint, tuple(seen))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unbase64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as wrong:
        raise ValueError("not base64") from wrong
    if _base64(raw) != text:
        raise ValueError("not base64 in its one form")
    return raw

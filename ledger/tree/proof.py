"""Proofs that an entry is in a log (``c2sp.org/tlog-proof@v1``). Pure.

Rules kept here: a proof is checked against a key and an origin that the reader knows, never against
what the proof says of itself; the extra line is not authenticated and proves nothing.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ledger.tree.checkpoint import HASH_BYTES, Checkpoint
from ledger.tree.merkle import inclusion_holds, leaf_hash
from ledger.tree.note import Note, NoteKey, each_once

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


class Step(StrEnum):
    """Where a check stopped."""

    CHECKPOINT = "checkpoint"
    INCLUSION = "inclusion"
    COSIGNATURE = "cosignature"
    QUORUM = "quorum"


class ProofFault(ValueError):
    """The first step that does not hold; ``detail`` is the bare fact for a catalogue to say."""

    def __init__(self, step: Step, words: str, detail: str = "") -> None:
        super().__init__(words)
        self.step = step
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof that holds shows: the tree, which witnesses saw it when (seconds), and how many
    signatures that are not the log's stand under it, checked or not.
    """

    checkpoint: Checkpoint
    witnessed: tuple[tuple[str, int], ...]
    cosigned: int


def check_proof(
    proof: TlogProof,
    entry: bytes,
    log: NoteKey,
    witnesses: Sequence[NoteKey] = (),
    *,
    quorum: int = 0,
) -> Proven:
    """Raises ProofFault; ValueError when the checkpoint is none."""
    note = Note.parse(proof.checkpoint)
    if not _signed(note, log, Step.CHECKPOINT):
        raise ProofFault(Step.CHECKPOINT, "the checkpoint is not signed by the log")
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != log.name:
        raise ProofFault(Step.CHECKPOINT, "the checkpoint is another log's", checkpoint.origin)
    leaf = leaf_hash(entry, log.hasher)
    if not inclusion_holds(
        leaf, proof.index, checkpoint.size, proof.path, checkpoint.root, log.hasher
    ):
        where = str(proof.index)
        raise ProofFault(Step.INCLUSION, f"the entry is not in the tree at {where}", where)
    seen = tuple(
        (key.name, note.signed_at_s(key) or 0)
        for key in each_once(witnesses)
        if _signed(note, key, Step.COSIGNATURE)
    )
    if len(seen) < quorum:
        few = f"{len(seen)} of {quorum} witnesses signed"
        raise ProofFault(Step.QUORUM, few, f"{len(seen)}/{quorum}")
    return Proven(checkpoint, seen, sum(one.name != log.name for one in note.signatures))


def _signed(note: Note, key: NoteKey, step: Step) -> bool:
    try:
        return note.signed_by(key)
    except ValueError as wrong:
        raise ProofFault(step, str(wrong), str(wrong)) from wrong


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

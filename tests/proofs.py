"""Receipts with real proofs: a small tree, a real checkpoint, real witnesses; for several tests."""

from dataclasses import dataclass, field

from kernel.crypto.signing import ServerKey, Signer
from kernel.db import ReadSession
from ledger.client import receipt_frame
from ledger.receipts import receipt_extra
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.entry import tree_entry
from ledger.tree.merkle import Read, fold_hashes, inclusion_path, leaf_hash, tree_root
from ledger.tree.note import Algorithm, NoteKey, cosign, sign_note
from ledger.tree.proof import TlogProof

ORIGIN = "hall.example"
STREAM = "sitting/sit_01KB3C9Z7Q8R6S5T4V3W2X1Y0Z"
LOG = ServerKey(b"\x11" * 32)
WITNESSES = tuple((f"witness{n}.example", ServerKey(bytes([0x20 + n]) * 32)) for n in range(1, 4))
AT_MS = 1_795_000_000_000


def witness_keys() -> list[NoteKey]:
    """As they are published."""
    return [NoteKey(name, Algorithm.COSIGNATURE, key.public) for name, key in WITNESSES]


@dataclass(frozen=True, slots=True)
class Made:
    """``server.results.ports.Proof``."""

    proof: TlogProof
    cosigned: int


@dataclass
class SmallTree:
    """Entries in order; proofs against a checkpoint over all of them."""

    origin: str = ORIGIN
    signer: Signer = LOG
    witnesses: int = 2
    entries: list[bytes] = field(default_factory=list)

    def place(self, entry: bytes, *, before: int = 5, after: int = 6) -> int:
        """The entry between others; returns its index."""
        self.entries += [tree_entry("sitting/other", n, bytes(32)) for n in range(before)]
        self.entries.append(entry)
        index = len(self.entries) - 1
        self.entries += [tree_entry("sitting/later", n, bytes(32)) for n in range(after)]
        return index

    def proof_at(self, index: int) -> TlogProof:
        """Against the tree as it stands, cosigned."""
        read, size = self._read(), len(self.entries)
        text = Checkpoint(self.origin, size, tree_root(read, size)).to_text()
        note = sign_note(text, self.origin, self.signer)
        seen = [
            cosign(text, name, key, AT_MS // 1_000) for name, key in WITNESSES[: self.witnesses]
        ]
        path = tuple(inclusion_path(read, index, size))
        return TlogProof(index, path, note.with_signatures(seen).to_text())

    async def proof(self, session: ReadSession, stream_id: str, seq: int) -> Made | None:
        """``server.results.ports.Proofs`` over the records that were put into it."""
        del session
        for index, entry in enumerate(self.entries):
            if entry.startswith(tree_entry(stream_id, seq, b"")[:-4]):
                return Made(self.proof_at(index), self.witnesses)
        return None

    def _read(self) -> Read:
        leaves = [leaf_hash(entry) for entry in self.entries]

        def read(level: int, number: int) -> bytes:
            width = 1 << level
            return fold_hashes(leaves[number * width : (number + 1) * width])

        return read


def receipt_text(
    *,
    witnesses: int = 2,
    before: int = 5,
    after: int = 6,
    count: int = 42,
    path: int | None = None,
    at_ms: int = AT_MS,
) -> str:
    """A whole proof file; ``path`` makes it as long as in a tree of ``2**path`` leaves."""
    head = b"\x5a" * 32
    frame = receipt_frame(ORIGIN, STREAM, count, head, at_ms)
    tree = SmallTree(witnesses=witnesses)
    plain = tree.proof_at(tree.place(tree_entry(STREAM, count, head), before=before, after=after))
    extra = receipt_extra(frame, LOG.sign(frame), LOG.public)
    hashes = plain.path if path is None else tuple(bytes([n]) * 32 for n in range(path))
    return TlogProof(plain.index, hashes, plain.checkpoint, extra).to_text()

"""Attacks on the tree's part: by whoever has the files, and by the server itself."""

from dataclasses import replace

from kernel.codec import decode, encode
from ledger.chain import Damage
from ledger.layout import SEAL_FILE, SealFile
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.note import Note
from ledger.tree.part import CHECKPOINT_FILE, LEAVES_FILE, StreamLeaves, TreePart
from tests.mutations.case import Attack, Case, Expected, at
from tests.mutations.forest import QUORUM, leaves_of, part_files
from tests.mutations.rewriting import rewrite_answer
from tests.mutations.shapes import FOLDER, place_of
from tests.mutations.without_keys import FILES

CHECKPOINT, LEAVES = FOLDER + CHECKPOINT_FILE, FOLDER + LEAVES_FILE
OPERATOR = "is the server: has its signing key and every data key"


def replay_checkpoint(case: Case) -> Expected:
    """A checkpoint of the same log that was right once; sometimes with the leaves of its time."""
    shape = case.shape
    old = shape.chance_sizes(case.chance)
    files = shape.tree_at(old)
    case.files[CHECKPOINT] = files[CHECKPOINT_FILE]
    if case.chance.random() < 0.5:
        case.files[LEAVES] = files[LEAVES_FILE]
    return at(CHECKPOINT, 0, Damage.ROLLED_BACK)


def fork_checkpoint(case: Case) -> Expected:
    """The server signs another root for the same size; it has no witness for it."""
    note = Note.parse(case.files[CHECKPOINT].decode())
    checkpoint = Checkpoint.parse(note.text)
    other = replace(checkpoint, root=case.chance.randbytes(32))
    case.files[CHECKPOINT] = case.noted(other).encode()
    case.signed_by = case.shape.signer
    return at(CHECKPOINT, 0, Damage.FORKED)


def fork_everything(case: Case) -> Expected:
    """Answer, chain, seal, leaves, checkpoint, manifest: all anew under the right key. Only the
    witnesses' silence tells.
    """
    stream = rewrite_answer(case).place
    case.reseal(case.shape.signer)
    seal = SealFile.from_bytes(case.files[FOLDER + SEAL_FILE])
    streams, leaves = leaves_of(case.hashes(), seal, case.chance)
    signer = case.shape.signer
    origin = case.shape.sealed.origin
    files = part_files(streams, leaves, origin, signer, case.shape.forest)
    text = Note.parse(files[CHECKPOINT_FILE].decode())
    own_only = Note(text.text, text.signatures[: case.chance.randrange(1, 1 + QUORUM)])
    case.files[CHECKPOINT] = own_only.to_text().encode()
    case.files[LEAVES] = files[LEAVES_FILE]
    case.signed_by = signer
    case.options = {"witnesses": case.shape.forest.keys, "quorum": QUORUM}
    assert stream
    return at(CHECKPOINT, 0, Damage.WITNESSES)


def seal_without_paper(case: Case) -> Expected:
    """A marked paper moved to another session before the seal: what was sealed is whole, under the
    right key and with every witness. The roster's mark without a paper tells.
    """
    gone = case.some("sitting/")
    del case.files[place_of(gone)]
    signer = case.signed_by = case.shape.signer
    case.reseal(signer)
    seal = SealFile.from_bytes(case.files[FOLDER + SEAL_FILE])
    streams, leaves = leaves_of(case.hashes(), seal, case.chance)
    files = part_files(streams, leaves, case.shape.sealed.origin, signer, case.shape.forest)
    case.files |= {FOLDER + name: data for name, data in files.items()}
    case.options = {"witnesses": case.shape.forest.keys, "quorum": QUORUM}
    return at(gone, 0, Damage.MISSING_SITTING)


def strip_cosignatures(case: Case) -> Expected:
    note = Note.parse(case.files[CHECKPOINT].decode())
    kept = case.chance.sample(note.signatures[1:], case.chance.randrange(QUORUM))
    case.files[CHECKPOINT] = Note(note.text, (note.signatures[0], *kept)).to_text().encode()
    case.options = {"witnesses": case.shape.forest.keys, "quorum": QUORUM}
    return at(CHECKPOINT, 0, Damage.WITNESSES)


def change_checkpoint(case: Case) -> Expected:
    """Size, root or origin, under the old signatures or under the attacker's."""
    note = Note.parse(case.files[CHECKPOINT].decode())
    right = Checkpoint.parse(note.text)
    changed = case.chance.choice(
        [
            replace(right, size=right.size + 1),
            replace(right, root=case.chance.randbytes(32)),
            replace(right, origin="another.example/ledger"),
        ]
    )
    if case.chance.random() < 0.5:
        case.files[CHECKPOINT] = Note(changed.to_text(), note.signatures).to_text().encode()
    else:
        case.files[CHECKPOINT] = case.noted(changed, case.own).encode()
    return at(CHECKPOINT, 0, Damage.TREE)


def change_leaf(case: Case) -> Expected:
    """One record's hash in the list of leaves."""
    part = TreePart.from_bytes(case.files[LEAVES])
    name = case.some()
    held = part.streams[name]
    n = case.chance.randrange(len(held.hashes))
    hashes = (*held.hashes[:n], case.chance.randbytes(32), *held.hashes[n + 1 :])
    streams = {**part.streams, name: StreamLeaves(held.indices, hashes)}
    case.files[LEAVES] = replace(part, streams=streams).to_bytes()
    return at(LEAVES, 0, Damage.TREE)


def swap_leaves(case: Case) -> Expected:
    """Two records of one stream change their leaves."""
    part = TreePart.from_bytes(case.files[LEAVES])
    name = case.some(least=2)
    held = part.streams[name]
    one, two = case.chance.sample(range(len(held.hashes)), 2)
    hashes = list(held.hashes)
    hashes[one], hashes[two] = hashes[two], hashes[one]
    streams = {**part.streams, name: StreamLeaves(held.indices, tuple(hashes))}
    case.files[LEAVES] = replace(part, streams=streams).to_bytes()
    return at(LEAVES, 0, Damage.TREE)


def change_tile(case: Case) -> Expected:
    """A hash over strangers' leaves: only the root tells that it is wrong, not which it is. Where
    the manifest is left it tells the file.
    """
    fields = decode("tree-part", 1, case.files[LEAVES])
    n = case.chance.randrange(len(fields[3]) // 32)
    siblings = fields[3]
    fields[3] = siblings[: 32 * n] + case.chance.randbytes(32) + siblings[32 * (n + 1) :]
    case.files[LEAVES] = encode("tree-part", 1, fields)
    return at(CHECKPOINT, 0, Damage.FORKED)


def drop_tree(case: Case) -> Expected:
    """Without its tree an archive is one that nobody witnessed."""
    del case.files[CHECKPOINT], case.files[LEAVES]
    case.options = {"witnesses": case.shape.forest.keys, "quorum": QUORUM}
    return at(CHECKPOINT, 0, Damage.WITNESSES)


ATTACKS = (
    *(
        Attack(act.__name__, FILES, act)
        for act in (
            replay_checkpoint, strip_cosignatures, change_checkpoint, change_leaf, swap_leaves,
            change_tile, drop_tree,
        )
    ),
    Attack("fork_checkpoint", OPERATOR, fork_checkpoint),
    Attack("seal_without_paper", OPERATOR, seal_without_paper),
    Attack("fork_everything", OPERATOR + "; no witness cosigns", fork_everything),
)  # fmt: skip

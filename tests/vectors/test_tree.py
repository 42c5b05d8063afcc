"""The vectors of the tree's formats, which TypeScript reads too: made, read, and one byte changed.

``python -m tests.vectors.tree`` writes ours anew.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ledger.tree.checkpoint import Checkpoint
from ledger.tree.merkle import (
    consistency_holds,
    consistency_path,
    inclusion_holds,
    inclusion_path,
    leaf_hash,
    node_hash,
    tree_root,
)
from ledger.tree.note import Algorithm, Note, NoteKey, Signature, cosign
from ledger.tree.proof import ProofFault, TlogProof, check_proof
from ledger.tree.tiles import bundle, entries_path, parse_number, tile_path, unbundle
from tests.vectors.tree import HASHERS, TILED, WITNESS, counted, kept, key_case, made, tree

VECTORS = kept()


def cases(kind: str) -> list[Any]:
    """Those of every part of the file, named by their source."""
    return [
        pytest.param(one, id=f"{part}-{at}")
        for part in ("published", "signed_once", "ours")
        for at, one in enumerate(VECTORS[part].get(kind, []))
    ]


def raw(values: list[str]) -> list[bytes]:
    return [bytes.fromhex(one) for one in values]


def spoilt(data: bytes) -> Iterator[bytes]:
    """Each byte changed, one at a time."""
    for at, byte in enumerate(data):
        yield data[:at] + bytes([byte ^ 1]) + data[at + 1 :]


def test_ours_come_out_as_they_are_kept() -> None:
    assert VECTORS["ours"] == made()


@pytest.mark.parametrize("case", cases("hashes"))
def test_leaves_nodes_and_the_empty_tree_hash_so(case: dict[str, Any]) -> None:
    hasher, (of, *inputs) = HASHERS[case["with"]], case["of"]
    if of == "empty":
        assert tree_root(lambda *_: b"", 0, hasher).hex() == case["hash_hex"]
        return
    given = raw(inputs)
    hashed: Callable[..., bytes] = leaf_hash if of == "leaf" else node_hash
    assert hashed(*given, hasher).hex() == case["hash_hex"]
    for first in spoilt(given[0]):
        assert hashed(first, *given[1:], hasher).hex() != case["hash_hex"]


@pytest.mark.parametrize("case", cases("roots"))
def test_a_tree_has_these_roots_as_it_grows(case: dict[str, Any]) -> None:
    hasher, entries = HASHERS[case["with"]], raw(case["entries_hex"])
    _, _, read = tree(entries, hasher)
    for size, root in enumerate(case["roots_hex"]):
        assert tree_root(read, size, hasher).hex() == root
        assert tree(entries[:size], hasher)[0].root(hasher).hex() == root


@pytest.mark.parametrize("case", cases("inclusion"))
def test_an_inclusion_proof_is_made_and_holds(case: dict[str, Any]) -> None:
    hasher, leaf, root = HASHERS[case["with"]], *raw([case["leaf_hex"], case["root_hex"]])
    index, size, path = case["index"], case["size"], raw(case["path_hex"])
    assert inclusion_path(_read_of(case), index, size, hasher) == path
    assert inclusion_holds(leaf, index, size, path, root, hasher)
    for other in spoilt(leaf):
        assert not inclusion_holds(other, index, size, path, root, hasher)
    for other_path in _spoilt_paths(path):
        assert not inclusion_holds(leaf, index, size, other_path, root, hasher)
    assert not inclusion_holds(leaf, index + 1, size, path, root, hasher)


@pytest.mark.parametrize("case", cases("consistency"))
def test_a_consistency_proof_is_made_and_holds(case: dict[str, Any]) -> None:
    hasher, path = HASHERS[case["with"]], raw(case["path_hex"])
    old = case["old_size"], bytes.fromhex(case["old_root_hex"])
    new = case["size"], bytes.fromhex(case["root_hex"])
    assert consistency_path(_read_of(case), old[0], new[0], hasher) == path
    assert consistency_holds(old, new, path, hasher)
    for other_path in _spoilt_paths(path):
        assert not consistency_holds(old, new, other_path, hasher)
    for root in spoilt(old[1]):
        assert not consistency_holds((old[0], root), new, path, hasher)


def _read_of(case: dict[str, Any]) -> Any:
    """The tree of the same source, over whose entries the proof is."""
    [entries] = [
        one["entries_hex"]
        for part in ("published", "ours")
        for one in VECTORS[part]["roots"]
        if (one["source"], one["with"]) == (case["source"], case["with"])
    ]
    return tree(raw(entries), HASHERS[case["with"]])[2]


def _spoilt_paths(path: list[bytes]) -> Iterator[list[bytes]]:
    """A byte changed in every step, a step dropped, one more."""
    for at, step in enumerate(path):
        yield from ([*path[:at], other, *path[at + 1 :]] for other in spoilt(step))
        yield [*path[:at], *path[at + 1 :]]
    yield [*path, bytes(32)]


@pytest.mark.parametrize("case", cases("tiles"))
def test_tiles_hold_these_bytes(case: dict[str, Any]) -> None:
    hasher = HASHERS[case["with"]]
    _, tiles, _ = tree(counted(TILED), hasher)
    level, _, rest = case["path"].removeprefix("tile/").partition("/")
    number, width = parse_number(rest)
    held = tiles[int(level), number]
    assert (case["size"], case["bytes"], len(held)) == (TILED, 32 * width, 32 * width)
    assert (held[:32].hex(), hasher(held).hex()) == (case["first_hex"], case["hash_hex"])


@pytest.mark.parametrize("case", cases("paths"))
def test_paths_are_written_and_read_in_one_spelling(case: dict[str, Any]) -> None:
    place = case["number"], case["width"]
    assert (tile_path(2, *place), entries_path(*place)) == (case["tile"], case["entries"])
    path = case["entries"].removeprefix("tile/entries/")
    assert parse_number(path) == place
    for at in range(len(path)):
        for other in "0x/.p9":
            changed = path[:at] + other + path[at + 1 :]
            if changed == path:
                continue
            try:
                assert parse_number(changed) != place
            except ValueError:
                continue


@pytest.mark.parametrize("case", cases("bundles"))
def test_bundles_are_written_and_read(case: dict[str, Any]) -> None:
    entries, data = raw(case["entries_hex"]), bytes.fromhex(case["hex"])
    assert bundle(entries) == data
    assert unbundle(data) == entries
    for other in spoilt(data):
        try:
            assert unbundle(other) != entries
        except ValueError:
            continue
    if data:
        with pytest.raises(ValueError, match="cut off"):
            unbundle(data + b"\x00")


@pytest.mark.parametrize("case", cases("keys"))
def test_verifier_keys_are_read_and_written(case: dict[str, Any]) -> None:
    key = NoteKey(case["name"], Algorithm(case["type"]), bytes.fromhex(case["public_hex"]))
    assert key.text() == case["text"]
    assert {"source": case["source"]} | key_case(NoteKey.parse(case["text"])) == case
    for other in spoilt(case["text"].encode()):
        with pytest.raises(ValueError, match=r"."):
            NoteKey.parse(other.decode())


def _keys(case: dict[str, Any]) -> list[NoteKey]:
    keys = [NoteKey.parse(one) for one in case["keys"]]
    if any(one.algorithm is Algorithm.SM2 for one in keys):
        pytest.importorskip("gmssl_pyx", reason="the optional extra `gm` is not installed")
    return keys


@pytest.mark.parametrize("case", cases("notes"))
def test_notes_are_read_written_and_signed_by_their_keys(case: dict[str, Any]) -> None:
    note, keys = Note.parse(case["text"]), _keys(case)
    assert note.to_text() == case["text"]
    for key in keys:
        assert note.signed_by(key)
        for text in list(spoilt(note.text.encode()))[:40]:
            with pytest.raises(ValueError, match="does not hold"):
                Note(text.decode(errors="replace"), note.signatures).signed_by(key)
        [mine] = [one for one in note.signatures if one.key_id == key.id]
        for value in spoilt(mine.value):
            with pytest.raises(ValueError, match="does not hold"):
                Note(note.text, (Signature(mine.name, mine.key_id, value),)).signed_by(key)


@pytest.mark.parametrize("case", cases("checkpoints"))
def test_checkpoints_are_read_and_written(case: dict[str, Any]) -> None:
    checkpoint = Checkpoint(case["origin"], case["size"], bytes.fromhex(case["root_hex"]))
    assert checkpoint.to_text() == case["text"]
    assert Checkpoint.parse(case["text"]) == checkpoint
    for other in spoilt(case["text"].encode()):
        try:
            assert Checkpoint.parse(other.decode()) != checkpoint
        except ValueError:
            continue


@pytest.mark.parametrize("case", cases("cosignatures"))
def test_cosignatures_are_made_and_hold(case: dict[str, Any]) -> None:
    key = NoteKey.parse(case["key"])
    line = cosign(case["checkpoint"], key.name, WITNESS, case["at_s"])
    assert line.line() == case["line"]
    assert WITNESS.sign(case["message"].encode()) == line.value[8:]
    note = Note.parse(f"{case['checkpoint']}\n{case['line']}")
    assert note.signed_by(key)
    assert note.signed_at_s(key) == case["at_s"]
    for value in spoilt(line.value):  # the time is under the signature
        with pytest.raises(ValueError, match="does not hold"):
            Note(note.text, (Signature(key.name, key.id, value),)).signed_by(key)


@pytest.mark.parametrize("case", cases("proofs"))
def test_proof_files_are_read_written_and_hold(case: dict[str, Any]) -> None:
    proof, entry = TlogProof.parse(case["text"]), bytes.fromhex(case["entry_hex"])
    log, *witnesses = _keys(case)
    assert proof.to_text() == case["text"]
    assert (None if proof.extra is None else proof.extra.hex()) == case["extra_hex"]
    proven = check_proof(proof, entry, log, witnesses, quorum=len(witnesses))
    assert (proof.index, proven.checkpoint.size) == (case["index"], case["size"])
    for other in spoilt(entry):
        with pytest.raises(ProofFault):
            check_proof(proof, other, log)
    for path in _spoilt_paths(list(proof.path)):
        with pytest.raises(ProofFault):
            check_proof(TlogProof(proof.index, tuple(path), proof.checkpoint), entry, log)

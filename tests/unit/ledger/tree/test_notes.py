"""ledger.tree.note, checkpoint and proof: the specification's example, and every line changed."""

import pytest

from kernel.crypto.signing import ServerKey
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.entry import read_entry, seal_entry, tree_entry
from ledger.tree.merkle import inclusion_path, leaf_hash
from ledger.tree.note import Algorithm, Note, NoteKey, cosign, sign_note
from ledger.tree.proof import ProofFault, TlogProof, check_proof
from ledger.tree.tiles import Edge, reader

# c2sp.org/signed-note and c2sp.org/tlog-cosignature print this checkpoint with both signatures.
PUBLISHED = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "\N{EM DASH} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7"
    "u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "\N{EM DASH} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9"
    "dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
LOG, WITNESS = ServerKey(bytes(32)), ServerKey(bytes([7]) * 32)
LOG_KEY = NoteKey("example.test/log", Algorithm.ED25519, LOG.public)
WITNESS_KEY = NoteKey("chief.example.test", Algorithm.COSIGNATURE, WITNESS.public)
ENTRIES = [tree_entry(f"sitting/s{n}", n + 1, bytes([n]) * 32) for n in range(11)]


def _proof(index: int = 4) -> TlogProof:
    edge = Edge()
    tiles = edge.grow([leaf_hash(one) for one in ENTRIES])
    read = reader(lambda level, number: tiles[level, number])
    text = Checkpoint(LOG_KEY.name, len(ENTRIES), edge.root()).to_text()
    note = sign_note(text, LOG_KEY.name, LOG)
    note = note.with_signatures([cosign(text, WITNESS_KEY.name, WITNESS, 1_795_000_000)])
    path = inclusion_path(read, index, len(ENTRIES))
    return TlogProof(index, tuple(path), note.to_text(), b"more")


def test_the_published_checkpoint_is_read_and_written_back() -> None:
    note = Note.parse(PUBLISHED)
    assert note.to_text() == PUBLISHED
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.to_text() == note.text
    assert [one.name for one in note.signatures][1] == "witness.example.com/w1"
    assert int.from_bytes(note.signatures[1].value[:8], "big") == 1_679_315_147


def test_a_verifier_key_is_read_and_written_back() -> None:
    for key in (LOG_KEY, WITNESS_KEY):
        assert NoteKey.parse(key.text()) == key
    with pytest.raises(ValueError, match="id"):
        NoteKey.parse(LOG_KEY.text().replace("example.test/log", "example.test/gol"))


def test_go_sumdb_key_has_the_id_that_go_prints() -> None:
    """The key of sum.golang.org, as every Go installation carries it."""
    published = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert NoteKey.parse(published).text() == published


def test_signatures_of_unknown_keys_are_passed_over_and_a_bad_one_refuses() -> None:
    note = Note.parse(_proof().checkpoint)
    assert note.signed_by(LOG_KEY)
    assert note.signed_by(WITNESS_KEY)
    assert note.signed_at_s(WITNESS_KEY) == 1_795_000_000
    stranger = NoteKey("stranger.test", Algorithm.ED25519, WITNESS.public)
    assert not note.signed_by(stranger)
    changed = Note.parse(note.to_text().replace("\n11\n", "\n12\n"))
    for key in (LOG_KEY, WITNESS_KEY):
        with pytest.raises(ValueError, match="does not hold"):
            changed.signed_by(key)


@pytest.mark.parametrize(
    "text",
    [
        "", "a\n", "a\n\n", "a\n\nb\n", "a\n\n\N{EM DASH} n \n", "a\n\n\N{EM DASH} n AAAA\n",
        "a\r\n\n\N{EM DASH} n AAAAAAAA\n", "a\n\n\N{EM DASH} n AAAAAAAB==\n",
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not|note"):
        Note.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "o\n1\n",
        "o\n01\n" + "A" * 43 + "=\n",
        "o\n-1\n" + "A" * 43 + "=\n",
        "\n1\n\n",
        "o\n1\nAA==\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not"):
        Checkpoint.parse(text)


def test_a_proof_is_written_and_read_back_and_proves_its_entry() -> None:
    proof = _proof()
    again = TlogProof.parse(proof.to_text())
    assert again == proof
    proven = check_proof(again, ENTRIES[4], LOG_KEY, [WITNESS_KEY], quorum=1)
    assert proven.checkpoint.size == len(ENTRIES)
    assert proven.witnessed == ((WITNESS_KEY.name, 1_795_000_000),)


@pytest.mark.parametrize("name", ["witness.test", "another.test"])
def test_one_witness_named_twice_is_no_quorum_of_two(name: str) -> None:
    text = Checkpoint(LOG_KEY.name, 1, leaf_hash(ENTRIES[0])).to_text()
    note = sign_note(text, LOG_KEY.name, LOG)
    keys = [NoteKey(one, Algorithm.COSIGNATURE, WITNESS_KEY.public) for one in ("w.test", name)]
    lines = [cosign(text, key.name, WITNESS, 7) for key in keys]
    proof = TlogProof(0, (), note.with_signatures(lines).to_text())
    assert len(check_proof(proof, ENTRIES[0], LOG_KEY, keys, quorum=1).witnessed) == 1
    with pytest.raises(ProofFault, match="1 of 2"):
        check_proof(proof, ENTRIES[0], LOG_KEY, keys, quorum=2)


def test_a_proof_fails_for_another_entry_key_origin_or_quorum() -> None:
    proof = _proof()
    other = NoteKey("example.test/log", Algorithm.ED25519, WITNESS.public)
    with pytest.raises(ValueError, match="not in the tree"):
        check_proof(proof, ENTRIES[5], LOG_KEY)
    with pytest.raises(ValueError, match="not signed by the log"):
        check_proof(proof, ENTRIES[4], other)
    with pytest.raises(ValueError, match="0 of 1"):
        check_proof(proof, ENTRIES[4], LOG_KEY, [], quorum=1)


def test_every_changed_line_of_a_proof_is_found() -> None:
    lines = _proof().to_text().split("\n")
    for number, line in enumerate(lines):
        if not line or line.startswith("extra "):  # the extra line is not authenticated
            continue
        middle = len(line) // 2
        swapped = "A" if line[middle] != "A" else "B"
        broken = [
            *lines[:number],
            line[:middle] + swapped + line[middle + 1 :],
            *lines[number + 1 :],
        ]
        with pytest.raises(ValueError, match=r".+"):
            check_proof(
                TlogProof.parse("\n".join(broken)), ENTRIES[4], LOG_KEY, [WITNESS_KEY], quorum=1
            )


def test_entries_name_stream_number_and_hash() -> None:
    assert read_entry(ENTRIES[3]) == ("sitting/s3", 4, bytes([3]) * 32)
    assert read_entry(seal_entry("session_1", bytes(32))) == ("seal/session_1", 1, bytes(32))
    with pytest.raises(ValueError, match="."):
        read_entry(ENTRIES[3][:-1])

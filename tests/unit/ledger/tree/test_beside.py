"""ledger.tree.beside: each origin's last checkpoint stays; only a later one replaces it."""

from pathlib import Path

import pytest

from kernel.crypto.signing import ServerKey
from kernel.errors import Refusal
from ledger.tree.beside import Beside
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.note import Note, NoteKey, sign_note

SIGNER = ServerKey(bytes(32))
LONG = "b.test/" + "x" * 400


def signed(origin: str, size: int, signer: ServerKey = SIGNER) -> Note:
    return sign_note(Checkpoint(origin, size, bytes(32)).to_text(), origin, signer)


def beside(path: Path, origin: str) -> Beside:
    return Beside(path, NoteKey.of_log(origin, SIGNER.public))


def test_the_last_checkpoint_of_an_origin_stays_when_another_follows(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    for origin, size in (("a.test", 2), ("a.test", 3), (LONG, 5), ("c.test", 2)):
        beside(path, origin).store(signed(origin, size))
    for origin, size in (("a.test", 3), (LONG, 5)):
        assert beside(path, origin).kept(origin).read_text() == signed(origin, size).to_text()
    assert path.read_text() == signed("c.test", 2).to_text()
    assert len(list(tmp_path.iterdir())) == 3


def test_an_origin_that_was_followed_comes_back_only_beyond_its_end(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    for origin, size in (("a.test", 3), ("c.test", 2), ("a.test", 2)):
        beside(path, origin).store(signed(origin, size))
    assert path.read_text() == signed("c.test", 2).to_text()
    beside(path, "a.test").store(signed("a.test", 4))
    assert path.read_text() == signed("a.test", 4).to_text()
    assert beside(path, "a.test").kept("c.test").read_text() == signed("c.test", 2).to_text()


def test_a_kept_checkpoint_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    ours = beside(path, "a.test")
    beside(path, "c.test").store(signed("c.test", 2))
    ours.kept("a.test").write_text(signed("a.test", 3, ServerKey(bytes([1]) * 32)).to_text())
    with pytest.raises(Refusal) as refused:
        ours.store(signed("a.test", 4))
    assert refused.value.code == "ledger.checkpoint_unreadable"

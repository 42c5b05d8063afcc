from pathlib import Path

from setup.stamps import digest, is_current, leave


def test_a_step_is_done_until_an_input_changes(tmp_path: Path) -> None:
    source, stamp = tmp_path / "lock", tmp_path / "made" / "stamp"
    source.write_text("a==1")
    assert not is_current(stamp, digest([source]))
    leave(stamp, digest([source]))
    assert is_current(stamp, digest([source]))
    source.write_text("a==2")
    assert not is_current(stamp, digest([source]))


def test_moving_a_byte_from_one_file_to_the_next_changes_the_digest(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("xy")
    second.write_text("z")
    before = digest([first, second])
    first.write_text("x")
    second.write_text("yz")
    assert digest([first, second]) != before

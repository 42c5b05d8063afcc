"""kernel.files: whole or not there, durable when the call returns."""

import errno
import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kernel import files
from kernel.files import PRIVATE, PUBLIC, create_file, folder_held, make_folder, replace_file

Write = Callable[[Path, bytes], None]


class Disk:
    """Which inodes were fsynced, in order, and what stood in each file as it was."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.synced: list[int] = []
        self.contents: list[bytes] = []
        real = os.fsync

        def fsync(handle: int) -> None:
            real(handle)
            found = os.fstat(handle)
            self.synced.append(found.st_ino)
            if stat.S_ISREG(found.st_mode):
                self.contents.append(Path(f"/proc/self/fd/{handle}").read_bytes())

        monkeypatch.setattr(os, "fsync", fsync)


def fail(*_: object) -> None:
    raise OSError(errno.ENOSPC, "no space left on device")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [PRIVATE, PUBLIC])
@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_file_has_its_mode_whatever_the_umask_and_the_one_before(
    tmp_path: Path, mode: int, umask: int
) -> None:
    before = os.umask(umask)
    try:
        create_file(tmp_path / "one", b"one", mode=mode)
        replace_file(tmp_path / "two", b"two", mode=PRIVATE if mode == PUBLIC else PUBLIC)
        replace_file(tmp_path / "two", b"two", mode=mode)
    finally:
        os.umask(before)
    assert [mode_of(path) for path in sorted(tmp_path.iterdir())] == [mode, mode]


def test_nobody_else_may_read_it_unless_that_is_said(tmp_path: Path) -> None:
    replace_file(tmp_path / "one", b"one")
    create_file(tmp_path / "two", b"two")
    assert [mode_of(path) for path in sorted(tmp_path.iterdir())] == [PRIVATE, PRIVATE]


@pytest.mark.parametrize("write", [replace_file, create_file])
def test_the_bytes_are_on_disk_before_their_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    disk = Disk(monkeypatch)
    path = tmp_path / "file"
    write(path, b"whole")
    assert disk.contents == [b"whole"]
    assert disk.synced == [path.stat().st_ino, tmp_path.stat().st_ino]


def test_folders_that_had_to_be_made_are_on_disk_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    replace_file(tmp_path / "a" / "b" / "file", b"x")
    above = [tmp_path.stat().st_ino, (tmp_path / "a").stat().st_ino]
    assert disk.synced[:2] == above
    make_folder(tmp_path / "a")
    assert len(disk.synced) == 4


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.rename"])
def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")
    monkeypatch.setattr(broken, fail)
    with pytest.raises(OSError, match="no space"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.hardlink_to"])
def test_a_creation_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(broken, fail)
    with pytest.raises(OSError, match="no space"):
        create_file(tmp_path / "file", b"new")
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_beside_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")
    with monkeypatch.context() as crash:
        crash.setattr("pathlib.Path.rename", fail)
        crash.setattr("pathlib.Path.unlink", lambda *_, **__: None)
        with pytest.raises(OSError, match="no space"):
            replace_file(path, b"half")
    (left,) = [one for one in tmp_path.iterdir() if one != path]
    assert left.name.startswith(files.FRESH)
    assert mode_of(left) == PRIVATE
    left.chmod(0o000)
    replace_file(path, b"new")
    create_file(tmp_path / "other", b"other")
    assert (path.read_bytes(), (tmp_path / "other").read_bytes()) == (b"new", b"other")


def test_a_file_is_created_once(tmp_path: Path) -> None:
    create_file(tmp_path / "file", b"first")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "file", b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert len(list(tmp_path.iterdir())) == 1


def test_of_many_who_create_at_once_one_succeeds_and_what_it_wrote_stays(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def create(number: int) -> int | None:
        together.wait()
        try:
            create_file(tmp_path / "file", b"%d" % number)
        except FileExistsError:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        made = [number for number in pool.map(create, range(8)) if number is not None]
    assert [(tmp_path / "file").read_bytes()] == [b"%d" % number for number in made]


def test_a_reader_sees_one_whole_version_or_another(tmp_path: Path) -> None:
    path = tmp_path / "file"
    versions = {bytes([number]) * 100_000 for number in range(4)}
    replace_file(path, next(iter(versions)))

    def write(version: bytes) -> None:
        for _ in range(20):
            replace_file(path, version)

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, version) for version in versions]
        while not all(one.done() for one in writing):
            assert path.read_bytes() in versions
        for one in writing:
            one.result()
    assert list(tmp_path.iterdir()) == [path]


def test_a_held_folder_is_held_by_one(tmp_path: Path) -> None:
    inside = 0

    def add() -> None:
        nonlocal inside
        with folder_held(tmp_path):
            inside += 1
            assert inside == 1
            replace_file(tmp_path / "file", b"x")
            inside -= 1

    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(add) for _ in range(20)]:
            one.result()

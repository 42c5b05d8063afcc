"""ledger.parcel: a signed bundle of files in which no byte can change unseen."""

import io
import zipfile
from pathlib import Path

import pytest

from kernel.crypto.signing import ServerKey
from ledger.parcel import FolderSink, ParcelWriter, Seen, Sink, ZipSink, check_parcel
from ledger.parcel.container import Member, local_header, tail
from ledger.parcel.manifest import is_safe_path

KEY = ServerKey(b"\x07" * 32)
FILES = {"README.md": b"# read me\n", "3-process/draw.json": b"{}", "4-results/empty": b""}


def write(sink: Sink, files: dict[str, bytes] = FILES) -> None:
    writer = ParcelWriter(sink)
    for path, data in files.items():
        writer.add(path, data, sealed=path.endswith("empty"))
    writer.leave_out("5-certificates", "none were issued")
    writer.close(
        archive_id="arch_1",
        origin="test.example",
        session_id="sess_1",
        made_at_ms=1_795_000_000_000,
        signer_public=KEY.public,
        sign=KEY.sign,
    )


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    write(ZipSink(tmp_path / "archive.zip"))
    return tmp_path / "archive.zip"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(FolderSink(tmp_path / "archive"))
    return tmp_path / "archive"


def places(seen: Seen) -> list[str]:
    return [fault.place for fault in seen.faults]


def test_an_untouched_parcel_has_no_fault_in_either_form(zipped: Path, folder: Path) -> None:
    for path in (zipped, folder):
        seen = check_parcel(path)
        assert seen.faults == ()
        assert seen.files == len(FILES)
        assert seen.manifest is not None
        assert seen.manifest.session_id == "sess_1"
        assert [entry.path for entry in seen.manifest.files if entry.sealed] == ["4-results/empty"]


def test_any_zip_program_reads_it(zipped: Path) -> None:
    with zipfile.ZipFile(zipped) as file:
        assert file.testzip() is None
        assert {name: file.read(name) for name in FILES} == FILES


def test_two_writings_of_the_same_files_are_the_same_bytes(tmp_path: Path) -> None:
    write(ZipSink(tmp_path / "a.zip"))
    write(ZipSink(tmp_path / "b.zip"))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_every_single_byte_of_the_zip_is_accounted_for(zipped: Path) -> None:
    good = zipped.read_bytes()
    unseen = []
    for at in range(len(good)):
        zipped.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        if not check_parcel(zipped).faults:
            unseen.append(at)
    assert unseen == []


def test_bytes_added_or_cut_at_the_end_are_seen(zipped: Path) -> None:
    good = zipped.read_bytes()
    for changed in (good + b"\x00", good[:-1], good[: len(good) // 2], b""):
        zipped.write_bytes(changed)
        assert check_parcel(zipped).faults


def test_a_changed_file_in_a_folder_is_named(folder: Path) -> None:
    for path, data in FILES.items():
        place = folder / path
        place.write_bytes(data + b"x")
        assert places(check_parcel(folder)) == [path]
        place.write_bytes(data)
    assert check_parcel(folder).faults == ()


def test_a_missing_an_added_and_a_linked_file_are_named(folder: Path) -> None:
    (folder / "README.md").unlink()
    (folder / "more.txt").write_bytes(b"")
    (folder / "link").symlink_to(folder / "more.txt")
    assert places(check_parcel(folder)) == ["README.md", "more.txt", "link"]


def test_a_manifest_that_was_written_anew_has_no_signature(folder: Path) -> None:
    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"sess_1", b"sess_2"))
    assert places(check_parcel(folder)) == ["manifest.json"]


def test_a_parcel_without_its_manifest_is_a_fault(folder: Path, zipped: Path) -> None:
    (folder / "manifest.json").unlink()
    assert places(check_parcel(folder)) == ["manifest.json"]
    zipped.write_bytes(b"not a zip")
    assert check_parcel(zipped).faults


def test_a_discarded_parcel_leaves_nothing_behind(tmp_path: Path) -> None:
    for sink in (ZipSink(tmp_path / "a.zip"), FolderSink(tmp_path / "a")):
        writer = ParcelWriter(sink)
        writer.add("x", b"1")
        writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_file_on_disk_is_copied_whole(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"abc" * 1_000_000)
    writer = ParcelWriter(ZipSink(tmp_path / "a.zip"))
    entry = writer.add_file("big", source)
    assert entry.size_bytes == 3_000_000
    writer.discard()


@pytest.mark.parametrize(
    "path", ["", "/a", "a//b", "../a", "a/..", "a/.b", "a\\b", "a b", "a/", "名", "x" * 300]
)
def test_paths_that_mean_other_things_elsewhere_are_refused(path: str) -> None:
    assert not is_safe_path(path)


def test_a_path_is_written_once_and_the_manifest_is_not_a_file(tmp_path: Path) -> None:
    writer = ParcelWriter(ZipSink(tmp_path / "a.zip"))
    writer.add("x", b"1")
    for path in ("x", "manifest.json", "manifest.sig"):
        with pytest.raises(ValueError, match="bad or used path"):
            writer.add(path, b"2")
    writer.discard()


def test_numbers_that_do_not_fit_get_zip64_fields_that_others_read(tmp_path: Path) -> None:
    huge, place = 0x1_2345_6789, tmp_path / "sparse.zip"
    members = [Member("first", huge, 0, 0)]
    members.append(Member("second", 3, 0x352441C2, len(local_header(members[0])) + huge))
    end = members[1].data_offset + 3
    with place.open("wb") as file:
        file.write(local_header(members[0]))
        file.seek(members[1].offset)
        file.write(local_header(members[1]) + b"abc")
        file.write(tail(members, end))
    with zipfile.ZipFile(place) as read:
        assert [info.file_size for info in read.infolist()] == [huge, 3]
        assert read.read("second") == b"abc"


def test_more_members_than_the_short_field_counts_are_read_by_others() -> None:
    out, members, at = io.BytesIO(), [], 0
    for number in range(70_000):
        member = Member(f"f{number}", 0, 0, at)
        header = local_header(member)
        out.write(header)
        at += len(header)
        members.append(member)
    out.write(tail(members, at))
    with zipfile.ZipFile(out) as read:
        assert len(read.infolist()) == 70_000

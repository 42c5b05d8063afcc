"""``gongyuan verify receipt``: exit codes, words in both languages, the archive compared."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.codec import decode
from kernel.crypto import digest
from ledger.chain import read_stream_file
from ledger.client import receipt_frame
from ledger.layout import STREAM_MAGIC, stream_bytes, stream_path
from ledger.parcel import FolderSink, ParcelWriter, open_parcel
from ledger.receipts import receipt_extra
from ledger.tree.entry import tree_entry
from ledger.tree.proof import TlogProof
from server.cli.main import main
from tests.proofs import LOG, SmallTree, receipt_text, witness_keys
from tests.vectors.archive import ARCHIVE
from tests.vectors.make import ORIGIN, SERVER

STREAM = "sitting/sitting_1"
TRUST = ("--trust", LOG.public.hex())
QUORUM = (*(w for key in witness_keys() for w in ("--witness", key.text())), "--quorum", "2")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "receipt.tlog-proof"
    path.write_text(receipt_text(), encoding="utf-8")
    return path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_a_good_receipt_tells_what_it_proves_and_what_not(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "receipt", str(file), *TRUST, *QUORUM]) == 0
    words = said(capsys)
    for part in ("42 条记录", "42 records", "witness1.example, witness2.example", "不证明",
                 "does not prove", "✔ The log's key is the one you gave"):  # fmt: skip
        assert part in words
    assert main(["verify", "receipt", str(file)]) == 0
    words = said(capsys)
    assert "compare it with the one the body published" in words
    assert "No witness was checked" in words


def test_a_receipt_without_cosignatures_is_said_to_have_none(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(receipt_text(witnesses=0), encoding="utf-8")
    assert main(["verify", "receipt", str(file), *TRUST]) == 0
    assert "Not yet cosigned" in said(capsys)
    assert main(["verify", "receipt", str(file), *TRUST, *QUORUM]) == 1
    assert "Too few witnesses" in said(capsys)


def test_a_changed_receipt_ends_with_one_in_both_languages(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = receipt_text().split("\n")
    lines[3] = lines[4]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert main(["verify", "receipt", str(file)]) == 1
    words = said(capsys)
    assert "不在检查点所指的树中" in words
    assert "not in the checkpoint's tree" in words
    assert main(["verify", "receipt", str(file), "--json"]) == 1
    assert json.loads(said(capsys)) == {"good": False, "fault": "inclusion", "detail": "5"}


@pytest.mark.parametrize("at_ms", [10**17, (1 << 64) - 1])
def test_a_receipt_forged_for_no_instant_of_the_calendar_is_refused_in_words(
    file: Path, capsys: pytest.CaptureFixture[str], at_ms: int
) -> None:
    file.write_text(receipt_text(at_ms=at_ms), encoding="utf-8")
    assert main(["verify", "receipt", str(file)]) == 1
    words = said(capsys)
    assert "这不是完整的回执证明文件" in words
    assert "not a whole receipt proof" in words
    assert main(["verify", "receipt", str(file), "--json"]) == 1
    assert json.loads(said(capsys))["fault"] == "shape"


def test_another_logs_key_is_not_trusted(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "receipt", str(file), "--trust", "00" * 32]) == 1
    assert "not the one you gave" in said(capsys)


def test_wrong_usage_ends_with_two(file: Path, tmp_path: Path) -> None:
    assert main(["verify", "receipt", str(tmp_path / "none")]) == 2
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    assert main(["verify", "receipt", str(binary)]) == 2
    assert main(["verify", "receipt", str(file), "--archive", str(tmp_path / "none.zip")]) == 2
    for words in (["--trust", "x"], ["--witness", "x"], ["--quorum", "-1"], ["--nothing"], []):
        with pytest.raises(SystemExit) as ended:
            main(["verify", "receipt", *([str(file)] if words else []), *words])
        assert ended.value.code == 2


def archived_receipt(count: int, *, head: bytes | None = None) -> str:
    """A receipt over the first records of a stream in the vectors' archive."""
    parcel = open_parcel(ARCHIVE)
    [place] = [one for one in parcel.paths() if one.endswith(stream_path(STREAM))]
    data, at = parcel.read(place), len(STREAM_MAGIC)
    for _ in range(count):
        size = int.from_bytes(data[at : at + 4], "big")
        record, at = data[at + 4 : at + 4 + size], at + 4 + size
    assert decode("record", 1, record)
    last = head or digest.sha256(record)
    frame = receipt_frame(ORIGIN, STREAM, count, last, 1_795_000_000_000)
    tree = SmallTree(ORIGIN, SERVER)
    plain = tree.proof_at(tree.place(tree_entry(STREAM, count, last)))
    extra = receipt_extra(frame, SERVER.sign(frame), SERVER.public)
    return TlogProof(plain.index, plain.path, plain.checkpoint, extra).to_text()


def archive_with(folder: Path, change: Callable[[bytes], bytes]) -> Path:
    """The vectors' archive with one stream's file changed."""
    writer, parcel = ParcelWriter(FolderSink(folder)), open_parcel(ARCHIVE)
    for path in parcel.paths():
        data = parcel.read(path)
        if path.endswith(stream_path(STREAM)):
            data = change(data)
        if "manifest" not in path:
            writer.add(path, data)
    writer._sink.finish()
    return folder


@pytest.mark.parametrize("count", [3, 8])
def test_the_archive_agrees_with_its_receipt(
    file: Path, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(archived_receipt(count), encoding="utf-8")
    assert main(["verify", "receipt", str(file), "--archive", str(ARCHIVE)]) == 0
    assert f"first {count} are those of this proof" in said(capsys)


def test_an_archive_that_was_shortened_or_rewritten_disagrees(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(archived_receipt(3, head=b"\x01" * 32), encoding="utf-8")
    assert main(["verify", "receipt", str(file), "--archive", str(ARCHIVE)]) == 1
    assert "The archive does not agree" in said(capsys)

    file.write_text(archived_receipt(8), encoding="utf-8")
    folder = archive_with(tmp_path / "shortened", lambda data: data[: len(data) // 2])
    assert main(["verify", "receipt", str(file), "--archive", str(folder)]) == 1
    assert STREAM in said(capsys)


def test_an_archive_whose_stream_is_broken_after_the_receipt_is_no_witness_for_it(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(archived_receipt(3), encoding="utf-8")

    def without_the_fifth(data: bytes) -> bytes:
        kept = [(one.header_bytes, one.ciphertext) for one in read_stream_file(data, b"").records]
        return stream_bytes([*kept[:4], *kept[5:]])

    folder = archive_with(tmp_path / "dropped", without_the_fifth)
    assert main(["verify", "receipt", str(file), "--archive", str(folder)]) == 1
    assert f"{STREAM} #5" in said(capsys)


def test_a_receipt_of_another_log_is_not_in_this_archive(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "receipt", str(file), "--archive", str(ARCHIVE)]) == 1
    assert "The archive does not agree" in said(capsys)

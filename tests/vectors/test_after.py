"""The archive's container and manifest, marks and result lists, against their published bytes."""

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from kernel.codec import encode
from kernel.crypto.signing import ServerKey
from ledger.parcel import ParcelWriter, ZipSink, check_parcel, signed_bytes
from server.archive.rules import key_purpose, seal_purpose
from server.marking.rules import ItemMark, Sheet, totals_hash
from server.results.rules.lines import Line, State, lines_bytes, lines_hash

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("after.json").read_text())


def test_a_parcel_has_its_published_bytes(tmp_path: Path) -> None:
    vector = VECTORS["parcel"]
    key = ServerKey(bytes.fromhex(vector["seed_hex"]))
    writer = ParcelWriter(ZipSink(tmp_path / "a.zip"))
    writer.add("README.md", "# 档案\n".encode())
    writer.add("1-eligibility/people.json.sealed", b"\x01\x02", sealed=True)
    writer.leave_out("5-certificates/certificates", "none")
    writer.close(
        archive_id="archive_1",
        origin="hall.example",
        session_id="sess_1",
        made_at_ms=1_795_000_000_000,
        signer_public=key.public,
        sign=key.sign,
    )
    assert (tmp_path / "a.zip").read_bytes().hex() == vector["zip_hex"]


def test_the_published_parcel_is_good_and_its_signature_is_over_the_frame(tmp_path: Path) -> None:
    vector = VECTORS["parcel"]
    path = tmp_path / "a.zip"
    path.write_bytes(bytes.fromhex(vector["zip_hex"]))
    assert check_parcel(path).faults == ()
    frame = encode("archive-manifest", 1, [vector["manifest"].encode()])
    assert frame.hex() == vector["signed_hex"] == signed_bytes(vector["manifest"].encode()).hex()
    key = ServerKey(bytes.fromhex(vector["seed_hex"]))
    assert key.sign(frame).hex() == vector["signature_hex"]


def test_sealed_files_and_keys_are_bound_to_their_published_frames() -> None:
    key, sealed = VECTORS["purposes"]["key"], VECTORS["purposes"]["sealed"]
    assert key_purpose(key["archive_id"]).hex() == key["hex"]
    assert seal_purpose(sealed["archive_id"], sealed["path"]).hex() == sealed["hex"]


def test_marks_have_their_published_hash() -> None:
    vector = VECTORS["marking_totals"]
    sheets = [
        Sheet(
            sitting_id,
            form_code,
            tuple(
                ItemMark(item_id, Decimal(full), None if mark is None else Decimal(mark), answered)
                for item_id, full, mark, answered in marks
            ),
        )
        for sitting_id, form_code, marks in vector["sheets"]
    ]
    found = totals_hash(vector["session_id"], vector["key_sha256"], sheets).hex()
    frame = bytes.fromhex(vector["frame_hex"])
    assert found == vector["sha256"] == hashlib.sha256(frame).hexdigest()


def test_a_result_list_has_its_published_bytes() -> None:
    vector = VECTORS["result_list"]
    lines = [Line(**{**one, "state": State(one["state"])}) for one in vector["lines"]]
    session_id, totals = vector["session_id"], vector["totals_hash"]
    assert lines_bytes(session_id, totals, lines).hex() == vector["frame_hex"]
    assert lines_hash(session_id, totals, lines).hex() == vector["sha256"]

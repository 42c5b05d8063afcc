"""ledger.receipts: the proof of a receipt, and every way to spoil it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import LAST_MS
from kernel.crypto.signing import ServerKey
from ledger.client import receipt_frame
from ledger.receipts import (
    Fault,
    ReceiptFault,
    check_receipt_proof,
    parse_public,
    read_receipt_proof,
    receipt_extra,
)
from ledger.tree.note import NoteKey
from ledger.tree.proof import TlogProof
from tests.proofs import AT_MS, LOG, ORIGIN, STREAM, receipt_text, witness_keys

WHOLE = receipt_text()
LINES = WHOLE.split("\n")
OTHER = ServerKey(b"\x77" * 32)


def holds(text: str, *, quorum: int = 2) -> bool:
    try:
        check_receipt_proof(
            read_receipt_proof(text), trust=LOG.public, witnesses=witness_keys(), quorum=quorum
        )
    except ReceiptFault:
        return False
    return True


def fault_of(text: str, **how: object) -> Fault:
    with pytest.raises(ReceiptFault) as found:
        check_receipt_proof(read_receipt_proof(text), **how)  # type: ignore[arg-type]
    return found.value.fault


def test_a_proof_says_what_was_signed_and_who_saw_the_tree() -> None:
    proven = check_receipt_proof(
        read_receipt_proof(WHOLE), trust=LOG.public, witnesses=witness_keys(), quorum=2
    )
    stated = proven.stated
    assert (stated.origin, stated.stream_id, stated.count) == (ORIGIN, STREAM, 42)
    assert (stated.at_ms, proven.index, proven.size) == (AT_MS, 5, 12)
    assert [name for name, _ in proven.witnessed] == ["witness1.example", "witness2.example"]
    assert proven.cosigned == 2


def test_the_file_is_c2sps_with_our_extra_line() -> None:
    assert LINES[0] == "c2sp.org/tlog-proof@v1"
    assert LINES[1].startswith("extra ")
    assert LINES[2] == "index 5"
    assert TlogProof.parse(WHOLE).to_text() == WHOLE
    assert receipt_text(before=0, after=0).split("\n")[2:4] == ["index 0", ""]


@pytest.mark.parametrize("at", range(len(LINES) - 1))
def test_a_change_in_any_line_is_found(at: int) -> None:
    doubled = [*LINES[:at], LINES[at], *LINES[at:]]
    for spoilt in (
        [*LINES[:at], *LINES[at + 1 :]],
        [*LINES[:at], LINES[at] + "x", *LINES[at + 1 :]],
        [*LINES[:at], "", *LINES[at:]],
        *([] if LINES[at].startswith("— ") else [doubled]),
    ):
        assert not holds("\n".join(spoilt)), (at, spoilt)


def test_a_cosignature_twice_is_one_witness() -> None:
    doubled = WHOLE + LINES[-2] + "\n"
    assert holds(doubled)
    assert not holds(doubled, quorum=3)


@given(st.data())
def test_no_character_can_be_changed_unseen(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(WHOLE) - 2))
    new = data.draw(st.characters(codec="utf-8", exclude_characters=WHOLE[at]))
    assert not holds(WHOLE[:at] + new + WHOLE[at + 1 :])


@pytest.mark.parametrize("ending", ["", "\n\n", "\r\n"])
def test_what_a_scanner_does_to_line_ends_is_forgiven(ending: str) -> None:
    assert holds(WHOLE.rstrip("\n") + ending)
    assert holds("\ufeff" + WHOLE.replace("\n", "\r\n"))


def spoilt_extra(frame: bytes, signature: bytes, public: bytes) -> str:
    extra = base64.b64encode(receipt_extra(frame, signature, public)).decode()
    return "\n".join([LINES[0], f"extra {extra}", *LINES[2:]])


def test_each_fault_has_its_name() -> None:
    read = read_receipt_proof(WHOLE)
    frame = receipt_frame(ORIGIN, STREAM, 41, b"\x5a" * 32, AT_MS)
    assert fault_of(WHOLE, trust=OTHER.public) is Fault.TRUST
    assert fault_of(spoilt_extra(frame, read.signature, LOG.public)) is Fault.RECEIPT
    assert fault_of(spoilt_extra(frame, LOG.sign(frame), LOG.public)) is Fault.INCLUSION
    forged = spoilt_extra(read.frame, OTHER.sign(read.frame), OTHER.public)
    assert fault_of(forged) is Fault.CHECKPOINT
    assert fault_of(WHOLE, witnesses=witness_keys(), quorum=3) is Fault.QUORUM
    with pytest.raises(ReceiptFault) as found:
        read_receipt_proof("K7QM-2F9D-XW3R")
    assert found.value.fault is Fault.SHAPE


@pytest.mark.parametrize("at_ms", [LAST_MS + 1, 10**17, (1 << 64) - 1])
def test_a_receipt_at_an_instant_of_no_calendar_is_none(at_ms: int) -> None:
    assert holds(receipt_text(at_ms=LAST_MS))
    assert fault_of(receipt_text(at_ms=at_ms), trust=LOG.public) is Fault.SHAPE


def test_a_receipt_of_another_log_does_not_pass_under_this_checkpoint() -> None:
    frame = receipt_frame("other.example", STREAM, 42, b"\x5a" * 32, AT_MS)
    assert fault_of(spoilt_extra(frame, LOG.sign(frame), LOG.public)) is Fault.CHECKPOINT


def test_without_witnesses_it_says_so() -> None:
    alone = check_receipt_proof(read_receipt_proof(receipt_text(witnesses=0)), trust=LOG.public)
    assert (alone.cosigned, alone.witnessed) == (0, ())
    unchecked = check_receipt_proof(read_receipt_proof(WHOLE), trust=LOG.public)
    assert (unchecked.cosigned, unchecked.witnessed) == (2, ())


def test_keys_are_read_as_they_are_published() -> None:
    for public in (LOG.public, b"\x04" + bytes(64)):  # Ed25519, SM2
        key = NoteKey.of_log(ORIGIN, public)
        for text in (public.hex(), base64.b64encode(public).decode(), key.text()):
            assert parse_public(f" {text}\n") == public
    for wrong in ("", "00", "x+00000000+AA=="):
        with pytest.raises(ValueError, match="key|id|base64|hex|public|short|padding|Incorrect"):
            parse_public(wrong)

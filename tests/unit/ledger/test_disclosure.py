"""ledger.disclosure: one record opened, and no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.suite import InternationalSuite
from ledger.disclosure import Opening, check_opening, make_opening
from ledger.record import ZERO_HASH, Place, Sealed, open_record, seal_record

SUITE = InternationalSuite()
KEY = b"\x07" * 32
BODY = {"item_id": "item_1", "response": {"options": ["b"]}, "client_seq": 1}


def sealed(seq: int = 1, salt: bytes = b"\x01" * 32, key: bytes = KEY) -> Sealed:
    place = Place("hall.example", "sitting/sit_1", seq, ZERO_HASH, 1)
    return seal_record(
        SUITE, key, place, salt=salt, server_ms=5, epoch=1, kind="answer_set", content=BODY
    )


def test_an_opening_shows_the_record_and_where_it_stands() -> None:
    one = sealed(3)
    told = check_opening(
        Opening.from_bytes(make_opening(KEY, one.header, one.ciphertext).to_bytes())
    )
    assert (told.stream_id, told.seq, told.server_ms) == ("sitting/sit_1", 3, 5)
    assert (told.hash, told.body.kind, told.body.content) == (one.hash, "answer_set", BODY)


def test_an_opening_needs_the_records_own_key() -> None:
    one = sealed()
    with pytest.raises(ValueError, match="do not fit"):
        make_opening(b"\x08" * 32, one.header, one.ciphertext)


def test_an_opening_opens_no_other_record() -> None:
    first, second = sealed(1), sealed(2, b"\x02" * 32)
    opened = make_opening(KEY, first.header, first.ciphertext)
    with pytest.raises(ValueError, match="committed"):
        check_opening(Opening(second.header, second.ciphertext, opened.secret, opened.body))
    with pytest.raises(ValueError, match="do not fit"):
        open_record(SUITE, opened.secret, second.header, second.ciphertext)
    assert KEY not in opened.to_bytes()


@given(st.data())
def test_no_byte_of_an_opening_can_be_changed_unseen(data: st.DataObject) -> None:
    one = sealed()
    raw = bytearray(make_opening(KEY, one.header, one.ciphertext).to_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        told = check_opening(Opening.from_bytes(bytes(raw)))
    except ValueError:
        return
    # Header and ciphertext are bound by the record's hash, which the log holds.
    assert told.hash != one.hash

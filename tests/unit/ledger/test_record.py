"""A record seals, opens, hides its length and breaks at any changed byte."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.codec import canonical_json, decode, encode
from kernel.crypto.suite import InternationalSuite
from kernel.errors import Refusal
from ledger.record import (
    LARGEST_CLASS_BYTES,
    SMALLEST_CLASS_BYTES,
    ZERO_HASH,
    Body,
    Header,
    Place,
    Sealed,
    commit_body,
    open_record,
    padded_size,
    read_body,
    record_hash,
    seal_record,
)

SUITE = InternationalSuite()
KEY = bytes(range(32))
PLACE = Place("origin", "sitting/s", 1, ZERO_HASH, 1)

contents = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=40),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
        max_leaves=8,
    ),
    max_size=6,
)


def seal(content: dict[str, Any], salt: bytes = bytes(32), **place: Any) -> Sealed:
    return seal_record(
        SUITE, KEY, replace(PLACE, **place), salt=salt, server_ms=7, epoch=1, kind="answer_set",
        content=content,
    )  # fmt: skip


@given(content=contents, salt=st.binary(min_size=32, max_size=32))
def test_what_was_sealed_opens_as_it_was(content: dict[str, Any], salt: bytes) -> None:
    sealed = seal(content, salt)
    body = open_record(SUITE, KEY, sealed.header, sealed.ciphertext)
    assert (body.kind, body.content) == ("answer_set", content)
    header = Header.from_bytes(sealed.header)
    assert header.to_bytes() == sealed.header
    assert (header.seq, header.previous, header.salt) == (1, ZERO_HASH, salt)
    assert sealed.hash == record_hash(SUITE, sealed.header, sealed.ciphertext)


@given(content=contents, data=st.data())
def test_any_flipped_bit_changes_the_hash_and_stops_the_opening(
    content: dict[str, Any], data: st.DataObject
) -> None:
    sealed = seal(content)
    whole = bytearray(sealed.header + sealed.ciphertext)
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << (bit % 8)
    header, ciphertext = bytes(whole[: len(sealed.header)]), bytes(whole[len(sealed.header) :])
    assert record_hash(SUITE, header, ciphertext) != sealed.hash
    with pytest.raises(ValueError, match="."):
        open_record(SUITE, KEY, header, ciphertext)


@given(short=st.text(max_size=10), long=st.text(min_size=1, max_size=20))
def test_texts_of_one_size_class_cannot_be_told_apart_by_length(short: str, long: str) -> None:
    sizes = {len(seal({"a": text}).ciphertext) for text in (short, long)}
    assert sizes <= {SMALLEST_CLASS_BYTES + 16, 2 * SMALLEST_CLASS_BYTES + 16}
    assert len(seal({"a": "x" * 5}).ciphertext) == len(seal({"a": "x" * 40}).ciphertext)


@given(st.integers(0, LARGEST_CLASS_BYTES))
def test_size_classes_are_powers_of_two_and_never_smaller_than_the_body(size: int) -> None:
    found = padded_size(size)
    assert found >= max(size, SMALLEST_CLASS_BYTES)
    assert found & (found - 1) == 0
    assert found == SMALLEST_CLASS_BYTES or found < 2 * size


def test_a_body_over_the_largest_class_is_refused() -> None:
    with pytest.raises(Refusal, match="ledger.too_large"):
        seal({"text": "字" * LARGEST_CLASS_BYTES})


@pytest.mark.parametrize(
    "place", [{"stream_id": "sitting/t"}, {"origin": "other"}, {"seq": 2}, {"key_version": 2}]
)
def test_a_body_does_not_open_under_another_header(place: dict[str, Any]) -> None:
    sealed, other = seal({"a": 1}), seal({"a": 1}, **place)
    with pytest.raises(ValueError, match="do not fit"):
        open_record(SUITE, KEY, other.header, sealed.ciphertext)


def test_a_body_does_not_open_under_another_key() -> None:
    sealed = seal({"a": 1})
    with pytest.raises(ValueError, match="do not fit"):
        open_record(SUITE, bytes(32), sealed.header, sealed.ciphertext)


def test_the_same_content_twice_has_nothing_in_common() -> None:
    first, second = seal({"a": 1}, bytes(32)), seal({"a": 1}, bytes([1]) * 32)
    assert first.ciphertext != second.ciphertext
    headers = [Header.from_bytes(one.header) for one in (first, second)]
    assert headers[0].body_commit != headers[1].body_commit


def test_padding_that_is_not_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="padded"):
        read_body(b"\x00\x00\x00\x00" + b"\x01")
    with pytest.raises(ValueError, match="padded"):
        read_body(b"\x00\x00\x00\x09")


@given(content=contents, data=st.data())
def test_a_body_is_read_as_the_codec_reads_it_whatever_byte_was_changed(
    content: dict[str, Any], data: st.DataObject
) -> None:
    frame = bytearray(encode("record-body", 1, ["answer_set", canonical_json(content)]))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(0, 255))
    body = len(frame).to_bytes(4, "big") + frame + bytes(7)
    try:
        kind, raw = decode("record-body", 1, bytes(frame))
        expected = Body(kind, msgspec.json.decode(raw))
    except (ValueError, TypeError) as wrong:
        with pytest.raises(type(wrong)):
            read_body(body)
    else:
        assert read_body(body) == expected


@given(secret=st.binary(max_size=40), body=st.binary(max_size=600))
def test_a_commitment_is_the_hash_of_its_frame_whatever_the_secrets_size(
    secret: bytes, body: bytes
) -> None:
    frame = encode("body-commit", 1, [secret, len(body), body])
    assert commit_body(SUITE, secret, body) == SUITE.hash(frame)


@pytest.mark.parametrize("data", [b"", b"GY", b"GY\x06record\x00\x01\x04\x00\x00\x00\x00"])
def test_what_is_no_header_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        Header.from_bytes(data)


@pytest.mark.parametrize(
    "content", [b"[]", b"null", b"5", b"{", b"[" * 100_000, b'{"a":' * 100_000]
)
def test_a_body_whose_content_is_no_object_is_refused(content: bytes) -> None:
    frame = encode("record-body", 1, ["answer_set", content])
    with pytest.raises(ValueError):  # noqa: PT011 - whoever reads it asks for no more
        read_body(len(frame).to_bytes(4, "big") + frame)

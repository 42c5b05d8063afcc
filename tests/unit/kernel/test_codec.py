"""kernel.codec: one value, one encoding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.codec import Field, canonical_json, decode, decode_any, encode

leaves = (
    st.none()
    | st.booleans()
    | st.binary(max_size=40)
    | st.text(max_size=20)
    | st.integers(min_value=0, max_value=(1 << 64) - 1)
)
fields = st.lists(st.recursive(leaves, lambda inner: st.lists(inner, max_size=4), max_leaves=12))


@given(fields)
def test_what_was_encoded_decodes_to_the_same_value(value: list[Field]) -> None:
    assert decode("thing", 1, encode("thing", 1, value)) == value


@given(fields, fields)
def test_two_different_values_never_share_their_bytes(one: list[Field], two: list[Field]) -> None:
    same_bytes = encode("thing", 1, one) == encode("thing", 1, two)
    assert same_bytes == (repr(one) == repr(two))


@given(fields, st.data())
def test_a_shortened_frame_is_refused(value: list[Field], data: st.DataObject) -> None:
    frame = encode("thing", 1, value)
    cut = data.draw(st.integers(min_value=0, max_value=len(frame) - 1))
    with pytest.raises(ValueError, match=r".+"):
        decode_any(frame[:cut])


def test_kind_and_version_stand_in_front_and_are_checked() -> None:
    frame = encode("ack", 2, ["x"])
    assert frame.startswith(b"GY\x03ack\x00\x02")
    with pytest.raises(ValueError, match="expected ack v1"):
        decode("ack", 1, frame)


@pytest.mark.parametrize("value", [-1, 1 << 64])
def test_a_number_outside_64_unsigned_bits_has_no_encoding(value: int) -> None:
    with pytest.raises(ValueError, match="unsigned"):
        encode("n", 1, [value])


def test_trailing_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="canonical"):
        decode_any(encode("n", 1, []) + b"\x00")


def test_canonical_json_sorts_keys_and_keeps_chinese_as_it_is() -> None:
    assert canonical_json({"乙": 1, "a": [True, None]}) == '{"a":[true,null],"乙":1}'.encode()
    with pytest.raises(ValueError, match=r".+"):
        canonical_json(float("nan"))

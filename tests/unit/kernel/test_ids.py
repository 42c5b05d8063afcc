"""kernel.ids: ids and codes people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.ids import CROCKFORD, is_short_code, mint, normalise_code, short_code


def test_ids_name_their_noun_and_never_repeat() -> None:
    ids = {mint("cand") for _ in range(2000)}
    assert len(ids) == 2000
    assert all(one.startswith("cand_") and len(one) == 31 for one in ids)


@given(st.binary(min_size=7, max_size=32))
def test_a_code_checks_also_as_people_type_it(digest: bytes) -> None:
    code = short_code(digest)
    assert len(code) == 12
    assert is_short_code(code)
    assert is_short_code(f"{code[:4]}-{code[4:8]}-{code[8:]}".lower())


@given(st.binary(min_size=7, max_size=7), st.integers(0, 10), st.sampled_from(CROCKFORD))
def test_one_mistyped_character_is_found(digest: bytes, at: int, other: str) -> None:
    code = short_code(digest)
    wrong = code[:at] + other + code[at + 1 :]
    near = abs(CROCKFORD.index(other) - CROCKFORD.index(code[at])) % 31 == 0
    assert is_short_code(wrong) == (wrong == code or near)


def test_confused_letters_are_put_right() -> None:
    assert normalise_code("o1 i-L") == "0111"


def test_too_few_bytes_make_no_code() -> None:
    with pytest.raises(ValueError, match="7 bytes"):
        short_code(b"123456")

"""server.archive.rules: the five volumes as paths."""

import pytest

from ledger.parcel.manifest import is_safe_path
from server.archive import rules
from server.archive.rules import SEALED, Volume, masked_name

PERSONAL = (rules.PEOPLE, rules.STAFFING, rules.VISITS, rules.MARKS, rules.RESULTS)
OPEN = (rules.SESSION, rules.ROSTER, rules.PLAN, rules.DRAW, rules.PACKAGE, rules.PUBLICATION)


def test_there_are_five_volumes_in_the_fields_order() -> None:
    assert [volume.value[0] for volume in Volume] == ["1", "2", "3", "4", "5"]


def test_a_path_says_whether_it_is_sealed_and_lies_in_a_volume() -> None:
    rooms = (rules.room_record("room_1", "json"), rules.room_record("room_1", "pdf"))
    assert all(path.endswith(SEALED) for path in (*PERSONAL, *rooms))
    assert not any(path.endswith(SEALED) for path in OPEN)
    for path in (*PERSONAL, *OPEN, *rooms, rules.blob_path("proctor/a/b.bin")):
        assert is_safe_path(path)
        assert path.partition("/")[0] in set(Volume)


def test_a_seal_belongs_to_one_path_of_one_archive() -> None:
    purposes = {rules.seal_purpose(a, p) for a in ("a1", "a2") for p in ("x", "y")}
    assert len({*purposes, rules.key_purpose("a1"), rules.key_purpose("a2")}) == 6


@pytest.mark.parametrize(
    ("name", "masked"),
    [("张三", "张*"), ("张三丰", "张*丰"), ("欧阳明日", "欧**日"), ("李", "*"), ("", "")],
)
def test_names_are_masked(name: str, masked: str) -> None:
    assert masked_name(name) == masked

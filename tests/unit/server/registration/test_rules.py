"""server.registration.rules: roster rows, ID numbers, tickets."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.registration.rules import (
    Route,
    doubles,
    gender_differs,
    id_number_fault,
    masked,
    masked_name,
    normal_id_number,
    parse_date,
    parse_level,
    parse_percent,
    parse_row,
    ticket_checks,
    ticket_number,
)

# Region code 999999 belongs to no place, so these numbers are nobody's.
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def number_of(body: str) -> str:
    total = sum(weight * int(c) for weight, c in zip(WEIGHTS, body, strict=True))
    return body + "10X98765432"[total % 11]


def test_the_standards_own_example_checks() -> None:
    # GB 11643-1999 gives 11010519491231002X as its example.
    assert id_number_fault("11010519491231002X") is None


@given(st.integers(0, 10**10), st.dates(date(1930, 1, 1), date(2010, 1, 1)), st.integers(0, 999))
def test_one_wrong_digit_is_always_found(seed: int, born: date, serial: int) -> None:
    number = number_of(f"999999{born:%Y%m%d}{serial:03d}")
    assert id_number_fault(number) is None
    at = seed % 17
    digit = str((int(number[at]) + 1 + seed // 17 % 9) % 10)
    assert id_number_fault(number[:at] + digit + number[at + 1 :]) is not None


@given(st.integers(0, 15))
def test_two_neighbours_exchanged_are_found(at: int) -> None:
    number = number_of("99999919870613472")
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert swapped == number or id_number_fault(swapped) is not None


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("99999919900501421", "registration.id_number_shape"),
        ("9999991990050142175", "registration.id_number_shape"),
        (number_of("99999919900231421"), "registration.id_number_date"),
        ("11010519491231002x", "registration.id_number_shape"),
        ("110105194912310021", "registration.id_number_check"),
    ],
)
def test_what_is_wrong_with_an_id_number_is_said(number: str, code: str) -> None:
    assert id_number_fault(number) == code


def test_people_type_spaces_and_small_letters() -> None:
    assert normal_id_number(" 110105 19491231 002x\n") == "11010519491231002X"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("340802199001011234", "3408**********1234"),
        ("E12345678", "E1*****78"),
        ("AB123", "A***3"),
    ],
)
def test_a_number_is_shown_masked(number: str, shown: str) -> None:
    assert masked(number) == shown
    assert len(masked(number)) == len(number)


def test_a_name_is_shown_by_its_first_character() -> None:
    assert masked_name("张三丰") == "张**"
    assert masked_name("李") == "李"


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.integers(1, 2_000), st.integers(1, 9_999))
def test_a_ticket_number_checks_and_one_wrong_digit_does_not(
    day: date, serial: int, number: int
) -> None:
    ticket = ticket_number(day, serial, number)
    assert ticket_checks(ticket)
    for at, char in enumerate(ticket):
        wrong = str((int(char) + 1) % 10)
        assert not ticket_checks(ticket[:at] + wrong + ticket[at + 1 :])


@pytest.mark.parametrize("text", ["1990-05-01", "1990/5/1", "1990.5.1", "19900501", "1990年5月1日"])
def test_dates_are_read_as_people_write_them(text: str) -> None:
    assert parse_date(text) == date(1990, 5, 1)


@pytest.mark.parametrize("text", ["1990-13-01", "1990-02-30", "90-5-1", "yesterday", ""])
def test_no_date_is_made_up(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "percent"),
    [("", 0), ("25", 25), ("25%", 25), ("25 %", 25), ("0.25", 25), ("100", 100), ("0", 0)],
)
def test_extra_time_is_read(text: str, percent: int) -> None:
    assert parse_percent(text) == percent


@pytest.mark.parametrize("text", ["101", "-5", "many", "1.5", "25％％"])
def test_impossible_extra_time_is_refused(text: str) -> None:
    assert parse_percent(text) is None


@pytest.mark.parametrize("text", ["3", "三级", "高级工", "三级/高级工"])
def test_levels_have_several_names(text: str) -> None:
    assert parse_level(text) == 3


def row(**cells: str) -> dict[str, str]:
    return {"姓名": "赵一", "证件号码": GOOD_NUMBER, **cells}


GOOD_NUMBER = number_of("99999919900501421")


def test_a_short_row_gets_its_defaults() -> None:
    entry, faults = parse_row(5, row(), occupation_name="人工智能训练师", level=3)
    assert faults == []
    assert entry is not None
    assert (entry.route, entry.extra_time_pct, entry.id_type) == (Route.FACE, 0, "居民身份证")
    assert entry.birth_date == "1990-05-01"


def test_every_fault_of_a_row_is_named_at_once() -> None:
    cells = {
        "证件号码": "123", "性别": "?", "出生日期": "1990-02-30", "职业": "厨师", "等级": "一级",
        "手机": "abc", "准考证号": "a b", "核验方式": "指纹", "补时%": "500",
    }  # fmt: skip
    entry, faults = parse_row(7, cells, occupation_name="人工智能训练师", level=3)
    assert entry is None
    assert {(fault.row, fault.field, fault.code) for fault in faults} == {
        (7, "姓名", "registration.name_missing"),
        (7, "证件号码", "registration.id_number_shape"),
        (7, "性别", "registration.gender_unknown"),
        (7, "出生日期", "registration.date_wrong"),
        (7, "职业", "registration.occupation_differs"),
        (7, "等级", "registration.level_differs"),
        (7, "手机", "registration.phone_wrong"),
        (7, "准考证号", "registration.ticket_wrong"),
        (7, "核验方式", "registration.route_unknown"),
        (7, "补时%", "registration.extra_wrong"),
    }


def test_a_birth_date_must_be_the_one_in_the_number() -> None:
    _, faults = parse_row(2, row(出生日期="1991-05-01"), occupation_name="x", level=3)
    assert [fault.code for fault in faults] == ["registration.date_differs"]


@pytest.mark.parametrize(
    ("id_type", "number", "good"),
    [
        ("护照", "E12345678", True),
        ("护照", "E1", False),
        ("护照", "E1234 5678", True),
        ("驾驶证", "E12345678", False),
        ("港澳台居民居住证", GOOD_NUMBER, True),
        ("港澳台居民居住证", GOOD_NUMBER[:-1] + ("1" if GOOD_NUMBER[-1] != "1" else "2"), False),
    ],
)
def test_other_documents_have_their_own_shape(id_type: str, number: str, good: bool) -> None:
    entry, _ = parse_row(2, row(证件类型=id_type, 证件号码=number), occupation_name="x", level=3)
    assert (entry is not None) is good


def test_doubles_in_a_file_name_the_first_row() -> None:
    entries = []
    for at, name in ((2, "甲"), (3, "乙"), (4, "丙")):
        entry, _ = parse_row(
            at, row(姓名=name, 准考证号=f"T00000{at // 4}"), occupation_name="x", level=3
        )
        assert entry is not None
        entries.append(entry)
    found = [(fault.row, fault.field, fault.params["first"]) for fault in doubles(entries)]
    assert found == [(3, "证件号码", 2), (4, "证件号码", 2), (3, "准考证号", 2)]


def test_gender_is_compared_with_the_seventeenth_digit_but_is_no_fault() -> None:
    entry, faults = parse_row(2, row(性别="女"), occupation_name="x", level=3)
    assert entry is not None
    assert faults == []
    assert gender_differs(entry)

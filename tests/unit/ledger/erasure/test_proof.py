"""An order to destroy keys is one only for its session and seal, with enough others' agreement;
why not is said in words.
"""

from typing import Any

import pytest

from ledger.chain import Damage, Finding
from ledger.erasure.proof import DONE, ORDER, NoOrder, OrderFault, Told, order_of, read_destruction
from ledger.report import say_finding

SEAL = bytes(32)
ORDERED = {
    "erasure_id": "erasure_1", "session_id": "session_1", "seal_hash": SEAL.hex(),
    "reason_text": "到期", "ordered_by": "officer", "agreed": ["chief", "supervisor"], "needed": 2,
}  # fmt: skip
GONE = {"erasure_id": "erasure_1", "session_id": "session_1", "keys": {"sitting": 2}}


def order(**changes: Any) -> Told:
    return Told(2, 7, ORDER, ORDERED | changes)


def done(seq: int = 3, **changes: Any) -> Told:
    return Told(seq, 8, DONE, GONE | changes)


def test_an_order_and_its_destruction_are_told() -> None:
    told = order_of(order(), done(), "session_1", SEAL, 5)
    assert (told.erasure_id, told.position, told.erased_at_ms, told.keys) == ("erasure_1", 5, 8, 2)
    assert order_of(order(), None, "session_1", SEAL, None).erased_at_ms is None


@pytest.mark.parametrize(
    ("ordered", "after", "fault"),
    [
        (order(seal_hash="00"), None, OrderFault.SEAL),
        (order(session_id="session_2"), None, OrderFault.SEAL),
        (order(agreed=["chief"]), None, OrderFault.AGREED),
        (order(agreed=["chief", "chief"]), None, OrderFault.AGREED),
        (order(agreed=["chief", "officer"]), None, OrderFault.AGREED),
        (order(agreed=[], needed=0), None, OrderFault.AGREED),
        (order(), done(erasure_id="erasure_2"), OrderFault.DONE),
        (order(), done(seq=2), OrderFault.DONE),
        (done(), None, OrderFault.UNREADABLE),
        (order(needed="two"), None, OrderFault.UNREADABLE),
        (order(), done(keys=None), OrderFault.UNREADABLE),
    ],
)
def test_what_breaks_an_orders_rules_is_no_order(
    ordered: Told, after: Told | None, fault: OrderFault
) -> None:
    with pytest.raises(NoOrder) as refused:
        order_of(ordered, after, "session_1", SEAL, 5)
    assert refused.value.fault is fault


@pytest.mark.parametrize(
    "data", [b"", b"GY", b"GY\x11destruction-proof\x00\x01\x04\x00\x00\x00\x00"]
)
def test_what_is_no_file_of_an_order_is_unreadable(data: bytes) -> None:
    with pytest.raises(NoOrder) as refused:
        read_destruction(data, "session_1", SEAL, bytes(32))
    assert refused.value.fault is OrderFault.UNREADABLE


@pytest.mark.parametrize("fault", OrderFault)
def test_why_an_order_is_none_is_said_in_the_readers_language(fault: OrderFault) -> None:
    finding = Finding(Damage.ORDER, "3-process/destruction.bin", detail=fault)
    zh, en = say_finding(finding, "zh"), say_finding(finding, "en")
    assert zh.startswith("✗ 3-process/destruction.bin:销毁令不成立(")
    assert en.startswith("✗ 3-process/destruction.bin: the order to destroy keys does not hold (")
    assert fault not in zh
    assert "(" + fault + ")" not in en

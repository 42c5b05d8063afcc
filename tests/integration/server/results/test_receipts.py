"""Public receipts: found by code, checked against the log, nobody named."""

import dataclasses

import pytest
from sqlalchemy import update

from kernel.errors import Refusal
from ledger.tables import RecordRow
from server.results.service import Receipts
from server.results.service.kept import PER_ADDRESS_AND_MINUTE
from server.sittings.tables import SittingRow
from tests.integration.server.after import ORIGIN, Afternoon, sitting_of


@pytest.fixture
def receipts(hall: Afternoon) -> Receipts:
    return Receipts(hall.database, hall.clock, hall.ledger)


async def code_of(hall: Afternoon, name: str) -> str:
    async with hall.database.read() as session:
        row = await session.get(SittingRow, sitting_of(name))
        assert row is not None
        assert row.receipt is not None
        return str(row.receipt["receipt_code"])


async def test_a_receipt_is_found_as_people_type_it(hall: Afternoon, receipts: Receipts) -> None:
    code = await code_of(hall, "alice")
    typed = f" {code[:4].lower()}-{code[4:8]}-{code[8:]} "
    said = await receipts.look_up(typed, address="a")
    assert (said.found, said.holds, said.origin, said.count) == (True, True, ORIGIN, 7)
    assert "4" in said.words["zh"]
    assert set(said.words) == {"zh", "en"}
    shown = str(dataclasses.asdict(said)).lower()
    assert not any(word in shown for word in ("alice", "sit_", "202611"))


async def test_a_record_changed_in_the_log_breaks_the_receipt(
    hall: Afternoon, receipts: Receipts
) -> None:
    code = await code_of(hall, "alice")
    async with hall.database.write() as tx:
        await tx.execute(update(RecordRow).values(ciphertext=b"\x00" * 144))
    said = await receipts.look_up(code, address="a")
    assert (said.found, said.holds) == (True, False)


async def test_a_receipt_of_another_paper_does_not_hold(
    hall: Afternoon, receipts: Receipts
) -> None:
    async with hall.database.write() as tx:
        alice = await tx.get(SittingRow, sitting_of("alice"))
        bob = await tx.get(SittingRow, sitting_of("bob"))
        assert alice is not None
        assert bob is not None
        alice.receipt = {**(bob.receipt or {}), "receipt_code": "000000000000"}
    said = await receipts.look_up("000000000000", address="a")
    assert (said.found, said.holds) == (True, False)


async def test_an_unknown_code_and_a_mistyped_one_are_told_apart(
    hall: Afternoon, receipts: Receipts
) -> None:
    said = await receipts.look_up("000000000000", address="a")
    assert (said.found, said.head_hex) == (False, None)
    code = await code_of(hall, "bob")
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    with pytest.raises(Refusal, match="receipt.code_bad"):
        await receipts.look_up(wrong, address="a")


async def test_asking_is_paced_per_address_and_begins_again(
    hall: Afternoon, receipts: Receipts
) -> None:
    for _ in range(PER_ADDRESS_AND_MINUTE):
        await receipts.look_up("000000000000", address="a")
    with pytest.raises(Refusal, match="receipt.too_many"):
        await receipts.look_up("000000000000", address="a")
    await receipts.look_up("000000000000", address="b")
    hall.clock.advance(minutes=1)
    await receipts.look_up("000000000000", address="a")

"""ledger.comparing: which records a receipt's head stands on, and every way to leave it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from msgspec import structs

from kernel.crypto.suite import InternationalSuite
from ledger.chain import Stored
from ledger.comparing import begins_as, chained
from ledger.receipts import Stated
from ledger.record import ZERO_HASH, Place, seal_record

ORIGIN, STREAM = "log.test", "sitting/1"


def records(count: int, origin: str = ORIGIN, stream: str = STREAM, text: str = "") -> list[Stored]:
    previous, made = ZERO_HASH, []
    for seq in range(1, count + 1):
        sealed = seal_record(
            InternationalSuite(), bytes(32), Place(origin, stream, seq, previous, 1),
            salt=bytes([seq]) * 32, server_ms=seq, epoch=1, kind="item_viewed",
            content={"text": text},
        )  # fmt: skip
        made.append(Stored.of(sealed.header, sealed.ciphertext))
        previous = sealed.hash
    return made


WHOLE = records(5)
RENUMBERED = structs.replace(WHOLE[4], header=structs.replace(WHOLE[4].header, seq=6))
STATED = Stated(ORIGIN, STREAM, 3, WHOLE[2].hash, 0)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_stream_begins_as_its_receipt_says_however_far_it_went_on(count: int) -> None:
    stated = Stated(ORIGIN, STREAM, count, WHOLE[count - 1].hash, 0)
    assert begins_as(stated, ORIGIN, WHOLE)
    assert begins_as(stated, ORIGIN, WHOLE[:count])
    assert not begins_as(stated, ORIGIN, WHOLE[: count - 1])


@pytest.mark.parametrize(
    ("held", "seen"),
    [
        (WHOLE, 5),
        ([], 0),
        (WHOLE[1:], 0),
        ([WHOLE[0], *WHOLE[2:]], 1),
        ([WHOLE[1], WHOLE[0], *WHOLE[2:]], 0),
        ([*WHOLE[:2], WHOLE[1], *WHOLE[2:]], 2),
        ([*WHOLE[:2], records(3, text="x")[2], *WHOLE[3:]], 2),
        ([records(1, text="x")[0], *WHOLE[1:]], 1),
        (records(5, origin="other"), 0),
        (records(5, stream="sitting/2"), 0),
        ([*WHOLE[:4], RENUMBERED], 4),
    ],
)
def test_the_chain_is_followed_up_to_the_first_record_out_of_its_place(
    held: Sequence[Stored], seen: int
) -> None:
    assert chained(ORIGIN, STREAM, held) == seen
    assert begins_as(STATED, ORIGIN, held) == (seen >= 4)


@pytest.mark.parametrize(
    "stated",
    [
        replace(STATED, head=WHOLE[3].hash),
        replace(STATED, head=ZERO_HASH),
        replace(STATED, count=2),
        replace(STATED, count=4),
        replace(STATED, count=6),
        replace(STATED, count=0),
        replace(STATED, count=0, head=ZERO_HASH),
        replace(STATED, count=-1),
        replace(STATED, stream_id="sitting/2"),
    ],
)
def test_a_receipt_over_anything_else_does_not_hold(stated: Stated) -> None:
    assert not begins_as(stated, ORIGIN, WHOLE)


def test_records_of_another_origin_are_not_the_streams() -> None:
    assert not begins_as(STATED, "other", WHOLE)

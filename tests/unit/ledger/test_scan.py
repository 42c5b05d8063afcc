"""The quick way calls right exactly what the slow way calls right, however the bytes arrive."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.crypto.suite import InternationalSuite
from ledger.chain import Sealed, Stored, diagnose, read_stream_file
from ledger.layout import STREAM_MAGIC, stream_bytes
from ledger.record import ZERO_HASH, Place, seal_record
from ledger.scan import Scan

ORIGIN, STREAM = "\x01\x00\x00\x00\x20 origin", "sitting/一"
KEY = bytes(range(32))


def stream(count: int, versions: tuple[int, ...] = (1,)) -> tuple[bytes, bytes]:
    """A stream's file and its head."""
    previous, held = ZERO_HASH, []
    for seq in range(1, count + 1):
        version = versions[min(seq, len(versions)) - 1]
        sealed = seal_record(
            InternationalSuite(), KEY, Place(ORIGIN, STREAM, seq, previous, version),
            salt=bytes([seq]) * 32, server_ms=seq, epoch=seq % 3, kind="item_viewed",
            content={"text": "x" * (seq * 200)},
        )  # fmt: skip
        held.append((sealed.header, sealed.ciphertext))
        previous = sealed.hash
    return stream_bytes(held), previous


def quick(data: bytes, count: int, head: bytes, piece: int) -> bool:
    scan = Scan(ORIGIN, STREAM)
    for at in range(0, len(data), piece):
        scan.feed(data[at : at + piece])
    return scan.holds(count, head)


def slow(data: bytes, count: int, head: bytes) -> bool:
    file = read_stream_file(data, head)
    return diagnose(Sealed(ORIGIN, STREAM, count), file, lambda _other: None) is None


@pytest.mark.parametrize("piece", [1, 7, 333, 1 << 20])
def test_a_stream_in_any_pieces_holds(piece: int) -> None:
    data, head = stream(5, (1, 1, 2, 2, 3))
    assert quick(data, 5, head, piece)
    late, end = stream(3, (7, 7, 8))
    assert quick(late, 3, end, piece) == slow(late, 3, end) is True
    assert not quick(data, 4, head, piece)
    assert not quick(data, 5, bytes(32), piece)


def test_every_record_is_handed_over_as_the_slow_way_reads_it() -> None:
    data, head = stream(4)
    taken: list[Stored] = []
    scan = Scan(ORIGIN, STREAM, taken.append)
    scan.feed(data)
    assert scan.holds(4, head)
    assert tuple(taken) == read_stream_file(data, head).records
    assert bytes(scan.hashes) == b"".join(one.hash for one in taken)


@pytest.mark.parametrize("versions", [(1, 2, 4), (2, 1), (1, 3)])
def test_a_key_version_that_falls_or_jumps_is_left_to_the_slow_way(
    versions: tuple[int, ...],
) -> None:
    data, head = stream(4, versions)
    assert not quick(data, 4, head, 999)
    assert not slow(data, 4, head)


@pytest.mark.parametrize("count", [0, 1])
def test_an_empty_file_and_a_file_of_one(count: int) -> None:
    data, head = stream(count)
    assert quick(data, count, head, 4)
    assert slow(data, count, head)
    assert not quick(data, count + 1, head, 4)
    assert not quick(b"", 0, head, 4)
    assert not quick(STREAM_MAGIC[:4], 0, head, 4)


WHOLE, HEAD = stream(3)


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(WHOLE) - 1), value=st.integers(0, 255), piece=st.integers(1, 3000))
def test_a_changed_byte_is_right_for_neither(at: int, value: int, piece: int) -> None:
    changed = WHOLE[:at] + bytes([value]) + WHOLE[at + 1 :]
    expected = changed == WHOLE
    assert quick(changed, 3, HEAD, piece) == slow(changed, 3, HEAD) == expected


def test_cut_and_lengthened_files_are_right_for_neither() -> None:
    chance = random.Random(5)
    for at in chance.sample(range(len(WHOLE)), 200):
        assert not quick(WHOLE[:at], 3, HEAD, 512)
        assert not slow(WHOLE[:at], 3, HEAD)
        longer = WHOLE[:at] + chance.randbytes(chance.randrange(1, 9)) + WHOLE[at:]
        assert not quick(longer, 3, HEAD, 512)
        assert not slow(longer, 3, HEAD)


def test_a_record_that_says_it_is_longer_than_any_is_not_waited_for() -> None:
    scan = Scan("test.example/ledger", "sitting/sitting_1")
    scan.feed(STREAM_MAGIC + b"\x7f\xff\xff\xff" + bytes(1_000))
    assert not scan.whole

"""Recording segments: checked, sealed, idempotent."""

import asyncio
from typing import Any

import pytest

from kernel.blobs import LocalBlobs
from kernel.crypto import digest
from kernel.errors import Refusal
from proctor.service import ProctorService
from proctor.service.recording import StoredSegment

EBML = b"\x1a\x45\xdf\xa3"


def video(number: int, size: int = 4_000) -> bytes:
    return EBML + bytes([number]) * size


async def sent(
    proctor: ProctorService, index: int, *, data: bytes | None = None, t0_ms: int | None = None
) -> StoredSegment:
    payload = video(index) if data is None else data
    begins = index * 20_000 if t0_ms is None else t0_ms
    return await proctor.add_segment(
        sitting_id="sitting_1", index=index, t0_ms=begins, t1_ms=begins + 20_000,
        sha256=digest.sha256(payload).hex(), data=payload,
    )  # fmt: skip


async def test_a_segment_is_sealed_and_can_be_read_back(
    proctor: ProctorService, blobs: LocalBlobs
) -> None:
    stored = await sent(proctor, 0)
    sealed = await blobs.get(stored.blob)
    assert video(0)[:100] not in sealed
    assert digest.sha256(sealed).hex() == stored.stored_sha256
    assert await proctor.segment(sitting_id="sitting_1", index=0) == video(0)


async def test_the_same_segment_again_is_acknowledged_and_other_bytes_are_not(
    proctor: ProctorService, blobs: LocalBlobs
) -> None:
    first = await sent(proctor, 0)
    again = await sent(proctor, 0)
    assert again.repeated
    assert again.blob == first.blob
    with pytest.raises(Refusal, match=r"segment.conflict"):
        await sent(proctor, 0, data=video(9))
    assert await blobs.names("proctor/recording/") == [first.blob]


async def test_two_uploads_of_one_segment_at_once_store_it_once(
    proctor: ProctorService, blobs: LocalBlobs
) -> None:
    results = await asyncio.gather(*(sent(proctor, 0) for _ in range(4)))
    assert sorted(result.repeated for result in results) == [False, True, True, True]
    assert len(await blobs.names("proctor/recording/")) == 1


async def test_gaps_and_overlaps_are_reported_not_refused(proctor: ProctorService) -> None:
    await sent(proctor, 0)
    late = await sent(proctor, 3)
    assert (late.missing_before, late.overlaps) == (2, False)
    shifted = await sent(proctor, 1, t0_ms=10_000)
    assert (shifted.missing_before, shifted.overlaps) == (0, True)
    listed = await proctor.segments(sitting_id="sitting_1")
    assert [(one.index, one.missing_before) for one in listed] == [(0, 0), (1, 0), (3, 1)]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"data": b"RIFF" + bytes(40)}, "segment.not_webm"),
    ({"data": b""}, "segment.not_webm"),
    ({"sha256": "00" * 32}, "segment.bad_hash"),
    ({"t1_ms": 0}, "segment.bad_time"),
    ({"index": -1}, "segment.bad_time"),
    ({"data": EBML + bytes(17 << 20)}, "segment.too_large"),
]


@pytest.mark.parametrize(("change", "code"), BAD)
async def test_a_bad_segment_is_refused_and_nothing_is_stored(
    proctor: ProctorService, blobs: LocalBlobs, change: dict[str, Any], code: str
) -> None:
    asked: dict[str, Any] = {"index": 0, "t0_ms": 0, "t1_ms": 20_000, "data": video(0)}
    asked |= change
    asked.setdefault("sha256", digest.sha256(asked["data"]).hex())
    with pytest.raises(Refusal) as refused:
        await proctor.add_segment(sitting_id="sitting_1", **asked)
    assert refused.value.code == code
    assert await blobs.names("") == []

"""kernel.blobs: written once, durable, never outside its folder."""

import asyncio
from pathlib import Path

import pytest

from kernel import blobs
from kernel.blobs import LocalBlobs
from kernel.errors import Refusal


async def test_what_was_put_is_got_and_named(tmp_path: Path) -> None:
    store = LocalBlobs(tmp_path)
    await store.put("a/b/c.bin", b"one")
    await store.put("a/d.bin", b"two")
    assert await store.get("a/b/c.bin") == b"one"
    assert await store.names("a/") == ["a/b/c.bin", "a/d.bin"]
    await store.delete("a/d.bin")
    await store.delete("a/d.bin")
    assert not await store.exists("a/d.bin")


async def test_the_same_bytes_again_are_fine_and_other_bytes_are_refused(tmp_path: Path) -> None:
    store = LocalBlobs(tmp_path)
    await store.put("a", b"one")
    await store.put("a", b"one")
    with pytest.raises(Refusal, match="blob.name_taken"):
        await store.put("a", b"two")
    assert await store.get("a") == b"one"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", "", "a b", "a\x00b"])
async def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refusal, match="blob.bad_name"):
        await LocalBlobs(tmp_path / "inner").put(name, b"x")


async def test_a_missing_blob_is_a_coded_refusal(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="blob.missing"):
        await LocalBlobs(tmp_path).get("nothing")


async def test_of_two_who_put_other_bytes_at_once_one_is_refused(tmp_path: Path) -> None:
    store = LocalBlobs(tmp_path)
    bodies = [b"%d" % number for number in range(8)]
    told = await asyncio.gather(
        *(store.put("a/b", body) for body in bodies), return_exceptions=True
    )
    stored = await store.get("a/b")
    assert [body for body, one in zip(bodies, told, strict=True) if one is None] == [stored]
    refused = [one.code for one in told if isinstance(one, Refusal)]
    assert refused == ["blob.name_taken"] * 7
    assert await store.names("") == ["a/b"]


async def test_of_many_who_put_the_same_bytes_at_once_all_succeed(tmp_path: Path) -> None:
    store = LocalBlobs(tmp_path)
    await asyncio.gather(*(store.put("a/b", b"one") for _ in range(8)))
    assert await store.get("a/b") == b"one"


async def test_the_same_bytes_again_are_durable_though_the_first_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"one")  # named, and its folder not yet on disk
    settled: list[Path] = []
    monkeypatch.setattr(blobs, "settle_folder", settled.append)
    await LocalBlobs(tmp_path).put("a", b"one")
    assert settled == [tmp_path]

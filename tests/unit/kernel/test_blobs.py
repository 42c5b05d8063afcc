"""kernel.blobs: written once, durable, never outside its folder."""

from pathlib import Path

import pytest

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

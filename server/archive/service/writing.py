"""Where an archive is written, and what was written there: whole, or nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import file_digest
from pathlib import Path

from kernel.errors import Kind, Refusal
from ledger.parcel import FolderSink, ParcelWriter, Sink, ZipSink


@asynccontextmanager
async def disk(folder: Path, path: Path) -> AsyncIterator[ParcelWriter]:
    """A writer that leaves nothing behind when anything fails. Raises ``archive.disk``."""
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        sink: Sink = await asyncio.to_thread(ZipSink if path.suffix else FolderSink, path)
        writer = ParcelWriter(sink)
        try:
            yield writer
        except BaseException:
            await asyncio.to_thread(writer.discard)
            raise
    except OSError as failed:
        detail = failed.strerror or str(failed)
        raise Refusal("archive.disk", Kind.UNAVAILABLE, detail=detail[:120]) from failed


def measured(path: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 (hex): of the file, or of a folder's manifest."""
    if path.is_dir():
        size = sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
        path /= "manifest.json"
    else:
        size = path.stat().st_size
    with path.open("rb") as file:
        return size, file_digest(file, "sha256").hexdigest()

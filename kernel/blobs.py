"""Blobs: bytes by name, written once, durable when ``put`` returns.

Contract of ``BlobStore``: a name is ``a/b/c`` of safe characters; ``put`` returns only after the
bytes and the name are on disk; putting the same bytes again succeeds, other bytes under a used name
are refused, also when two put at once; ``get`` of a missing name raises ``blob.missing``.
"""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from kernel.errors import Kind, Refusal
from kernel.files import FRESH, create_file, settle_folder

_NAME = re.compile(r"^[A-Za-z0-9_\-]+(/[A-Za-z0-9_.\-]+)*$")


class BlobStore(Protocol):
    """See the module's contract."""

    async def put(self, name: str, data: bytes) -> None: ...
    async def get(self, name: str) -> bytes: ...
    async def exists(self, name: str) -> bool: ...
    async def delete(self, name: str) -> None:
        """For crypto-erasure and retention only; a missing name is no error."""
        ...

    async def names(self, prefix: str) -> list[str]: ...


class LocalBlobs:
    """Files under one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def _path(self, name: str) -> Path:
        if not _NAME.match(name) or ".." in name:
            raise Refusal("blob.bad_name", name=name)
        return self._root / name

    async def put(self, name: str, data: bytes) -> None:
        await asyncio.to_thread(self._write, self._path(name), data)

    async def get(self, name: str) -> bytes:
        path = self._path(name)
        try:
            return await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError as missing:
            raise Refusal("blob.missing", Kind.NOT_FOUND, name=name) from missing

    async def exists(self, name: str) -> bool:
        return await asyncio.to_thread(self._path(name).exists)

    async def delete(self, name: str) -> None:
        path = self._path(name)
        await asyncio.to_thread(path.unlink, missing_ok=True)

    async def names(self, prefix: str) -> list[str]:
        return await asyncio.to_thread(lambda: sorted(self._walk(prefix)))

    def _walk(self, prefix: str) -> Iterator[str]:
        for path in self._root.rglob("*"):
            name = path.relative_to(self._root).as_posix()
            if path.is_file() and name.startswith(prefix) and not path.name.startswith(FRESH):
                yield name

    def _write(self, path: Path, data: bytes) -> None:
        try:
            if not path.exists():
                create_file(path, data)
                return
        except FileExistsError:  # another put it meanwhile
            pass
        if path.read_bytes() != data:
            raise Refusal("blob.name_taken", Kind.CONFLICT, name=path.name)
        settle_folder(path.parent)  # whoever put it may not have come so far

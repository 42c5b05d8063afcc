"""A thin HTTP/1.1 connection, so that what loads the server is not what is measured.

Rules kept here: one connection, one request at a time, kept alive; a reply must state its length
(every JSON reply of ours does); nothing is tried again.
"""

import asyncio
from typing import Self

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Wire:
    """One connection. Open with ``Wire.open``, leave with ``close``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, host: str, port: int) -> Self:
        return cls(*await asyncio.open_connection(host, port))

    async def call(self, request: bytes) -> tuple[int, bytes]:
        """Status and body. Raises ``ConnectionError`` and ``asyncio.IncompleteReadError``."""
        self._writer.write(request)
        head = (await self._reader.readuntil(_END)).lower()
        status = int(head[9:12])
        begin = head.find(_LENGTH)
        if begin < 0:
            return status, b""
        length = int(head[begin + len(_LENGTH) : head.index(b"\r", begin)])
        return status, await self._reader.readexactly(length)

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


def request_bytes(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    """A request as it goes over the wire; a body is JSON."""
    lines = [f"{method} {path} HTTP/1.1", "host: bench"]
    if token:
        lines.append(f"authorization: Bearer {token}")
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body

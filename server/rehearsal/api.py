"""Calling the API as any client does: bearer token, JSON, refusals as data."""

import asyncio
from typing import Any

import httpx

from server.rehearsal.figures import Figures

RETRIES = 8


class Refused(Exception):
    """The server refused: its code, kind and parameters."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body.get('code')} {body.get('params')} {body.get('rows', '')}")
        self.status = status
        self.code = str(body.get("code", ""))
        self.params: dict[str, Any] = body.get("params", {})


class Api:
    """One person's connection. ``token`` is set by signing in."""

    def __init__(self, http: httpx.AsyncClient, figures: Figures) -> None:
        self._http = http
        self.figures = figures
        self.token = ""

    async def call(self, step: str, method: str, path: str, **how: Any) -> Any:
        """One request; JSON (or bytes) comes back. Raises ``Refused``; httpx errors pass."""
        headers = {**how.pop("headers", {})}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        with self.figures.timed(step):
            reply = await self._http.request(method, path, headers=headers, **how)
        if reply.status_code >= 400:
            try:
                body = reply.json()
            except ValueError:
                body = {"code": f"http.{reply.status_code}", "params": {"text": reply.text[:200]}}
            refused = Refused(reply.status_code, body)
            self.figures.refused(refused.code)
            raise refused
        if reply.headers.get("content-type", "").startswith("application/json"):
            return reply.json()
        return reply.content

    async def insist(self, step: str, method: str, path: str, **how: Any) -> Any:
        """Like ``call``, again and again while the server is away or busy (idempotent calls
        only).
        """
        for attempt in range(RETRIES):
            try:
                return await self.call(step, method, path, **how)
            except httpx.TransportError:
                if attempt == RETRIES - 1:
                    raise
            except Refused as refused:
                if refused.status != 503 or attempt == RETRIES - 1:
                    raise
            await asyncio.sleep(min(4.0, 0.25 * 2**attempt))
        raise AssertionError("unreachable")

"""Calling the API as any client does: bearer token, JSON, refusals as data."""

import asyncio
from typing import Any

import httpx

from server.rehearsal.figures import Figures

PATIENCE_S = 16.0
LONGEST_WAIT_S = 4.0


class Refused(Exception):
    """The server refused: its code, kind and parameters."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body.get('code')} {body.get('params')} {body.get('rows', '')}")
        self.status = status
        self.code = str(body.get("code", ""))
        self.params: dict[str, Any] = body.get("params", {})


class Api:
    """One person's connection. ``token`` is set by signing in; ``patience_s`` bounds ``insist``."""

    def __init__(self, http: httpx.AsyncClient, figures: Figures) -> None:
        self._http = http
        self.patience_s = PATIENCE_S
        self.figures = figures
        self.token = ""

    async def call(self, step: str, method: str, path: str, **how: Any) -> Any:
        """One request; JSON comes back, or bytes (always with ``raw=True``). Raises ``Refused``;
        httpx errors pass.
        """
        raw = how.pop("raw", False)
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
        if not reply.content:
            return None
        kind = reply.headers.get("content-type", "")
        if kind.startswith("application/json") and not raw:
            return reply.json()
        return reply.content

    async def insist(self, step: str, method: str, path: str, **how: Any) -> Any:
        """Like ``call``, again and again while the server is away or busy (idempotent calls
        only).
        """
        loop = asyncio.get_running_loop()
        until, wait_s = loop.time() + self.patience_s, 0.25
        while True:
            try:
                return await self.call(step, method, path, **how)
            except httpx.TransportError:
                if loop.time() > until:
                    raise
            except Refused as refused:
                if refused.status != 503 or loop.time() > until:
                    raise
            await asyncio.sleep(wait_s)
            wait_s = min(LONGEST_WAIT_S, 2 * wait_s)

"""The public program put together: its own database beside nothing else of the exam's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from kernel import web
from kernel.clock import Clock
from kernel.db import Database
from kernel.settings import Settings
from practice.api import router
from practice.service import PracticeService

_BODY_LIMIT_BYTES = 256 * 1024


def create_app(settings: Settings, database: Database, clock: Clock) -> FastAPI:
    """The ASGI program; the schema must be there (``migrations``)."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        await database.close()

    app = FastAPI(title="Gongyuan practice", docs_url=None, redoc_url=None, lifespan=life)
    web.install(app, database=database, clock=clock, body_limit_bytes=_BODY_LIMIT_BYTES)
    app.include_router(router(PracticeService(database), clock))

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    pages = settings.client_dir / "practice"
    if pages.is_dir():
        app.mount("/", StaticFiles(directory=pages, html=True))
    return app

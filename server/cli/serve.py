"""``gongyuan serve`` and ``gongyuan migrate``.

Rules kept here: one server at a time on an SQLite file, from before its schema is touched until it
ends; a server there tells no other whom it hears (docs/operations.md).
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from kernel.db import Database
from kernel.errors import Kind, Refusal
from kernel.lease import FileLease
from kernel.settings import Settings
from kernel.web import SERVING
from migrations.run import upgrade
from server.app import Services, create_app


def serve_arguments(command: argparse.ArgumentParser) -> None:
    """``serve [--host H] [--port P] [--certificate FILE --key FILE]``."""
    command.add_argument("--host", help="listen here (default: settings) · 监听地址")
    command.add_argument("--port", type=int, help="listen here (default: settings) · 端口")
    command.add_argument("--certificate", help="TLS certificate (PEM) · 证书")
    command.add_argument("--key", help="TLS key (PEM) · 私钥")


def run_serve(chosen: argparse.Namespace) -> int:
    """Bring the schema up to date, then serve until a signal."""
    settings = Settings()
    with _only_one(settings.database):
        upgrade(settings.database)
        app = create_app(settings)
        asyncio.run(_check(app.state.services))
        uvicorn.run(
            app,
            host=chosen.host or settings.http.host,
            port=settings.http.port if chosen.port is None else chosen.port,
            ssl_certfile=chosen.certificate,
            ssl_keyfile=chosen.key,
            **SERVING,
        )
    return 0


@contextmanager
def _only_one(url: str) -> Iterator[None]:
    """Raises ``server.not_alone`` where another server runs on the same SQLite file. The operating
    system drops the lock of one that was killed.
    """
    file = Database.open(url).sqlite_file
    if file is None:
        yield
        return
    lease = FileLease(file.with_name(f"{file.name}.serving"))
    if not asyncio.run(lease.held()):
        raise Refusal("server.not_alone", Kind.CONFLICT, file=str(file))
    try:
        yield
    finally:
        asyncio.run(lease.release())


async def _check(services: Services) -> None:
    """In words, before anything is served. What was opened for it belongs to this event loop and
    is closed with it; the server opens its own.
    """
    try:
        await services.sequencer.check()
        await services.sittings.hearing.join()
    finally:
        await services.database.close()


def migrate_arguments(_: argparse.ArgumentParser) -> None:
    """``migrate`` takes nothing: the database comes from the settings."""


def run_migrate(_: argparse.Namespace) -> int:
    """Bring the schema up to date."""
    upgrade(Settings().database)
    sys.stderr.write("✓ 数据库结构已是最新。\n✓ The schema is up to date.\n")
    return 0

"""The whole server put together: the one place that names item_bank, proctor and the rooms.

Rules kept here: construction has no side effect but opening folders and the key ring; the life span
starts and stops what runs (ledger writer, matcher processes, the hall's loop; the sequencer ends
last, when everything is written) in that order.
"""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

import server.accounts.api
import server.archive.api
import server.bodies.api
import server.checkin.api
import server.invigilation.api
import server.invigilation.live
import server.marking.api
import server.papers.api
import server.registration.api
import server.results.api
import server.seating.api
import server.sessions.api
import server.sittings.api
import server.sittings.live
import server.supervision.api
from item_bank import api as bank_api
from item_bank import commands as bank_commands
from item_bank.service import Ask, BankService
from kernel import web
from kernel.blobs import LocalBlobs
from kernel.bus import LocalBus
from kernel.clock import Clock, SystemClock
from kernel.crypto.keyring import FileKeyRing
from kernel.db import Database
from kernel.lease import lease_of
from kernel.pacing import Pace
from kernel.settings import Settings, TreeSettings
from kernel.shortway import Shortened
from ledger import api as ledger_api
from ledger.book import Ledger
from ledger.tree.note import NoteKey
from ledger.tree.sequencer import Sequencer
from proctor import bench as face_bench
from proctor import commands as face_commands
from proctor.pool import FacePool
from proctor.service import ProctorService
from server.accounts.service import AccountsService
from server.archive.service import ArchiveService
from server.archive.service.erasing import Erasing
from server.bodies.service import BodiesService
from server.checkin.service import CheckinService
from server.invigilation.service import IncidentBook, InvigilationService
from server.marking.service import MarkingService
from server.papers.jobs import share_rounds
from server.papers.service import Holders, PapersService
from server.registration.service import RegistrationService, lookup_key_of
from server.results.rules.periods import Calendar
from server.results.service import (
    Applying,
    Deciding,
    LinesShown,
    Openings,
    Portal,
    Proving,
    ResultsService,
)
from server.seating.service import SeatingService
from server.sessions.service import SessionsService
from server.sittings.jobs import SittingJobs, keep_time
from server.sittings.service import Forgetting, Hall, Presence, SittingsService
from server.supervision.service import SupervisionService

__all__ = [
    "Ask",
    "BankService",
    "Services",
    "bank_commands",
    "build",
    "create_app",
    "face_bench",
    "face_commands",
]


@dataclass(frozen=True)
class Services:
    """Every context's use cases, and what they share."""

    database: Database
    clock: Clock
    keyring: FileKeyRing
    ledger: Ledger
    sequencer: Sequencer
    pool: FacePool
    bank: BankService
    proctor: ProctorService
    accounts: AccountsService
    bodies: BodiesService
    sessions: SessionsService
    registration: RegistrationService
    papers: PapersService
    seating: SeatingService
    checkin: CheckinService
    sittings: SittingsService
    invigilation: InvigilationService
    marking: MarkingService
    results: ResultsService
    portal: Portal
    deciding: Deciding
    openings: Openings
    proving: Proving
    archive: ArchiveService
    erasing: Erasing
    supervision: SupervisionService


def build(settings: Settings, clock: Clock | None = None) -> Services:
    """Wire everything; nothing runs yet."""
    clock = clock or SystemClock(settings.clock_path)
    database = Database.open(settings.database)
    keyring = FileKeyRing(settings.keyring_path, settings.ledger.suite)
    blobs = LocalBlobs(settings.blobs_dir)
    bus = LocalBus()
    witnesses = [NoteKey.parse(text) for text in settings.tree.witnesses]
    ledger = Ledger(database, keyring, clock, settings.http.origin, witnesses)
    folder = settings.checkpoint_path.parent
    sequencer = ledger.sequencer(
        settings.checkpoint_path, lease_of(database, f"sequencer-{ledger.origin}", folder)
    )
    pool = FacePool(settings.face)
    proctor = ProctorService(database, blobs, keyring, clock, settings, pool)
    accounts = AccountsService(database, clock, settings.sign_in)
    bank = BankService(database, clock, keyring, blobs, Holders(database, clock))
    papers = PapersService(
        database,
        clock,
        ledger,
        blobs,
        keyring,
        bank.sealing,
        own_signers=[bank.signer_public.hex()],
        alone=database.is_sqlite,
    )
    lookup_key = lookup_key_of(keyring)
    book = IncidentBook(ledger, clock)
    hall = Hall(
        database=database,
        clock=clock,
        ledger=ledger,
        bus=bus,
        keyring=keyring,
        papers=papers,
        matcher=proctor,
        incidents=book,
        presence=Presence(clock.now_ms()),
        origin=settings.http.origin,
        sign_in=settings.sign_in,
        alone=database.is_sqlite,
    )
    font = settings.pdf.font_path
    registration = RegistrationService(
        database, clock, ledger, blobs, keyring, proctor, font_path=font
    )
    sittings = SittingsService(hall, lookup_key, registration)
    calendar = Calendar.of(settings.calendar.holidays, settings.calendar.workdays)
    openings = Openings(database, clock, ledger, papers, calendar)
    applying = Applying(database, clock, ledger, calendar)
    invigilation = InvigilationService(sittings, book, proctor, accounts, font)
    return Services(
        database=database,
        clock=clock,
        keyring=keyring,
        ledger=ledger,
        sequencer=sequencer,
        pool=pool,
        bank=bank,
        proctor=proctor,
        accounts=accounts,
        bodies=BodiesService(database, clock),
        sessions=SessionsService(database, clock, ledger, settings.exam, sittings.submitting),
        registration=registration,
        papers=papers,
        seating=SeatingService(database, clock, ledger, keyring),
        checkin=CheckinService(database, clock, ledger, proctor, accounts, bus, lookup_key, font),
        sittings=sittings,
        invigilation=invigilation,
        marking=MarkingService(database, clock, ledger, keyring, papers),
        results=ResultsService(database, clock, ledger),
        portal=Portal(
            database,
            clock,
            lookup_key,
            calendar,
            settings.portal,
            openings,
            applying,
            LinesShown(ledger, clock),
        ),
        deciding=Deciding(database, clock, ledger),
        openings=openings,
        proving=Proving(database, clock, ledger, ledger.tree, font),
        archive=ArchiveService(
            database, clock, ledger, keyring, blobs, proctor, invigilation.records, settings
        ),
        erasing=Erasing(
            database, clock, ledger, proctor, settings.erasure, database.sqlite_file, font
        ),
        supervision=SupervisionService(
            database, clock, ledger, papers, invigilation.captures, settings.supervision
        ),
    )


def create_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """The ASGI program. The schema must be there (``migrations.run.upgrade``)."""
    services = build(settings, clock)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await services.sequencer.check()
        await keep_time(services.clock)
        services.ledger.start()
        await services.pool.start()
        stop, written = asyncio.Event(), asyncio.Event()
        sequencing = asyncio.create_task(
            services.sequencer.run(written, settings.tree.checkpoint_s)
        )
        forgetting = Forgetting(services.database, services.ledger, services.proctor)
        lease = lease_of(
            services.database,
            f"hall-{services.ledger.origin}",
            settings.checkpoint_path.parent,
        )
        jobs = asyncio.create_task(SittingJobs(services.sittings, forgetting, lease).run(stop))
        # Nobody waits for the collector to look through what the start has made and will stay.
        gc.collect()
        gc.freeze()
        watching = asyncio.create_task(services.erasing.watch(stop, settings.erasure.again_s))
        sharing = asyncio.create_task(share_rounds(services.papers, stop))
        try:
            yield
        finally:
            stop.set()
            await jobs
            await watching
            await sharing
            await services.ledger.stop()
            written.set()
            await sequencing
            await services.pool.stop()
            await services.database.close()

    app = Shortened(title="Gongyuan", docs_url=None, redoc_url=None, lifespan=life)
    app.state.services = services
    web.install(
        app,
        database=services.database,
        clock=services.clock,
        body_limit_bytes=settings.http.body_limit_bytes,
    )
    _add_routes(app, services, settings.tree)
    _add_pages(app, settings)
    return app


def _add_routes(app: Shortened, services: Services, tree: TreeSettings) -> None:
    pace = Pace(services.clock, "witness.too_many", tree.per_address, tree.per_minute)
    for router in (
        server.sittings.api.router(services.sittings),  # first: every save looks for its route
        ledger_api.router(services.database, services.ledger.tree, pace),
        bank_api.router(services.bank),
        server.accounts.api.router(services.accounts),
        server.bodies.api.router(services.bodies),
        server.sessions.api.router(services.sessions),
        server.registration.api.router(services.registration),
        server.papers.api.router(services.papers),
        server.seating.api.router(services.seating),
        server.checkin.api.router(services.checkin),
        server.invigilation.api.router(services.invigilation),
        server.marking.api.router(services.marking),
        server.results.api.router(services.results),
        server.results.api.portal_router(services.portal),
        server.results.api.reviews_router(services.deciding, services.openings),
        server.results.api.proofs_router(services.proving),
        server.archive.api.exporting.router(services.archive),
        server.archive.api.erasing.router(services.erasing),
        server.supervision.api.router(services.supervision),
    ):
        app.include_router(router)
    known = app.state.known_sittings
    app.shorten(server.sittings.api.short_way(services.sittings, known))
    app.router.routes.append(server.sittings.live.route(services.sittings))
    app.router.routes.append(server.invigilation.live.route(services.invigilation))

    @app.get("/healthz", tags=["health"])
    async def healthz() -> dict[str, str]:
        return {"status": "ok", "tree": services.sequencer.trouble or "ok"}


def _add_pages(app: FastAPI, settings: Settings) -> None:
    """The built client; without it the API stands alone."""
    pages = {"/exam": "player", "/console": "console", "/portal": "portal"}
    for path, folder in pages.items():
        built = settings.client_dir / folder
        if built.is_dir():
            app.mount(path, StaticFiles(directory=built, html=True), name=folder)

    @app.get("/", include_in_schema=False)
    async def home() -> RedirectResponse:
        return RedirectResponse("/console/")

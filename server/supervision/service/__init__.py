"""Supervision: looks, replays, and the proof of a score."""

from kernel.clock import Clock
from kernel.db import Database
from kernel.settings import SupervisionSettings
from ledger.book import Ledger
from server.papers.service import PapersService
from server.supervision.ports import Pictures
from server.supervision.service.comparing import Comparing, Proof
from server.supervision.service.looks import Look, Looked, Looks, Overview, Sitting
from server.supervision.service.replaying import Course, Picture, Replaying, Shown


class SupervisionService:
    """The supervision room."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        papers: PapersService,
        captures: Pictures,
        settings: SupervisionSettings,
    ) -> None:
        self.looks = Looks(database, clock, ledger, settings.look_s)
        self.replaying = Replaying(database, ledger, papers, captures, self.looks)
        self.comparing = Comparing(database, ledger, papers, self.looks, self.replaying)


__all__ = [
    "Course",
    "Look",
    "Looked",
    "Overview",
    "Picture",
    "Proof",
    "Shown",
    "Sitting",
    "SupervisionService",
]

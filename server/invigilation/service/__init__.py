"""Invigilation: the wall, the cases, what staff do, and what the room leaves behind."""

from pathlib import Path

from server.accounts.service import AccountsService
from server.invigilation.ports import Proctor
from server.invigilation.service.absences import Absences, Absentee
from server.invigilation.service.acts import Acts
from server.invigilation.service.articles import ArticleTable, RuleSets
from server.invigilation.service.captures import Captures
from server.invigilation.service.checkpoint_sheet import checkpoint_pdf
from server.invigilation.service.checkpoints import Checkpoints, Occasion, PrintedHead
from server.invigilation.service.conflicts import Conflicts
from server.invigilation.service.incidents import IncidentBook, incident_json
from server.invigilation.service.pictures import Pictures
from server.invigilation.service.records import Records
from server.invigilation.service.shapes import (
    ConflictShown,
    Incident,
    RoomRecord,
    RoomWall,
    Timeline,
    WallSeat,
)
from server.invigilation.service.sheet import room_record_pdf
from server.invigilation.service.wall import Wall
from server.sittings.service import SittingsService


class InvigilationService:
    """The use cases of a room. ``book`` is the one that the sittings report to."""

    def __init__(
        self, sittings: SittingsService, book: IncidentBook, proctor: Proctor,
        accounts: AccountsService, font_path: Path | None = None,
    ) -> None:  # fmt: skip
        hall = sittings.hall
        self.hall = hall
        self.font_path = font_path
        self.rule_sets = RuleSets(hall.database, hall.clock)
        self.absences = Absences(hall)
        self.acts = Acts(sittings, accounts, self.rule_sets)
        self.captures = Captures(hall, book, proctor)
        self.checkpoints = Checkpoints(hall)
        self.conflicts = Conflicts(hall)
        self.pictures = Pictures(hall)
        self.wall = Wall(sittings)
        self.records = Records(sittings, self.absences)


__all__ = [
    "Absences",
    "Absentee",
    "Acts",
    "ArticleTable",
    "Captures",
    "Checkpoints",
    "ConflictShown",
    "Conflicts",
    "Incident",
    "IncidentBook",
    "InvigilationService",
    "Occasion",
    "Pictures",
    "PrintedHead",
    "Records",
    "RoomRecord",
    "RoomWall",
    "RuleSets",
    "Timeline",
    "Wall",
    "WallSeat",
    "checkpoint_pdf",
    "incident_json",
    "room_record_pdf",
]

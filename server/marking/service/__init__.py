"""Marking: the machine's run over the ledger, and the queue of text answers for people."""

from server.marking.service.late import LateDesk, LateSitting, Said
from server.marking.service.marks import Marked, marked, marks_hold
from server.marking.service.queue import Progress, Queue, Task
from server.marking.service.running import MarkingRun, MarkingService

__all__ = [
    "LateDesk",
    "LateSitting",
    "Marked",
    "MarkingRun",
    "MarkingService",
    "Progress",
    "Queue",
    "Said",
    "Task",
    "marked",
    "marks_hold",
]

"""Marking: the machine's run over the ledger, and the queue of text answers for people."""

from server.marking.service.marks import Marked, marked, marks_hold
from server.marking.service.queue import Progress, Queue, Task
from server.marking.service.running import MarkingRun, MarkingService

__all__ = [
    "Marked",
    "MarkingRun",
    "MarkingService",
    "Progress",
    "Queue",
    "Task",
    "marked",
    "marks_hold",
]

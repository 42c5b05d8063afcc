"""The inside of a matcher process: one engine, loaded once, one task at a time.

Rules kept here: the process ends with its parent, however the parent ends; Ctrl-C is the parent's.
"""

import multiprocessing
import os
import signal
import threading

from kernel.settings import FaceSettings
from proctor.engines import looking
from proctor.engines.looking import Look
from proctor.engines.port import FaceEngine
from proctor.sight import Sight


class _Desk:
    engine: FaceEngine
    settings: FaceSettings


def begin(settings: FaceSettings) -> None:
    """Run once in a new process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Desk.settings = settings
    _Desk.engine = looking.open_engine(settings)


def look(task: Look) -> Sight:
    return looking.look(_Desk.engine, _Desk.settings, task)


def thumbnail(frame: bytes, side_px: int) -> bytes:
    return looking.thumbnail(_Desk.settings, frame, side_px)


def process_id() -> int:
    """For a pool's first task: it answers when the models are loaded."""
    return os.getpid()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

"""The inside of a matcher process: one engine, loaded once, one task at a time.

Rules kept here: vision libraries are loaded only in ``begin``, because the web process imports this
module too; the process ends with its parent, however the parent ends; Ctrl-C is the parent's.
"""

import multiprocessing
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from kernel.settings import FaceSettings
from proctor.sight import Look, Sight

if TYPE_CHECKING:
    from proctor.engines.looking import Looker

_here: list["Looker"] = []


def begin(settings: FaceSettings) -> None:
    """Run once in a new process."""
    from proctor.engines.looking import Looker  # noqa: PLC0415 - loads the vision libraries

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _here.append(Looker(settings))


def look(task: Look) -> Sight:
    return _here[0].look(task)


def similarities(pairs: list[tuple[bytes, bytes]]) -> list[float]:
    return [_here[0].engine.similarity(left, right) for left, right in pairs]


def thumbnail(frame: bytes, side_px: int) -> bytes:
    return _here[0].thumbnail(frame, side_px)


def process_id() -> int:
    """For a pool's first task: it answers when the models are loaded."""
    return os.getpid()


def inferences(frame: bytes, rounds: int) -> float:
    """Seconds for ``rounds`` times detect and describe of one decoded frame: the models alone."""
    engine, image = _here[0].engine, _here[0].decode(frame)
    begun = time.perf_counter()
    for _ in range(rounds):
        engine.template(image, engine.detect(image)[0])
    return time.perf_counter() - begun


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

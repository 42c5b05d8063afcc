"""What stands behind ``gongyuan face evaluate`` and ``gongyuan face replay``.

Rules kept here: each returns its result as data and says every line through ``emit`` (one JSON
object a line); nothing is measured that is not said how; a replay that differs is a failed check.
"""

import json
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from kernel.errors import Refusal
from kernel.settings import FaceSettings
from proctor.evaluation import Curve, Point
from proctor.pairs import Pair, read_pairs
from proctor.pool import FacePool
from proctor.service import ProctorService
from proctor.service.replay import Outcome

Emit: TypeAlias = Callable[[dict[str, Any]], None]
Progress: TypeAlias = Callable[[int, int], None]
_STEPS = 20


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Rates are 0..1; ``ms_per_frame`` is the median of decode, detect and describe in a worker."""

    engine: str
    model: str
    pairs: int
    compared: int
    pictures: int
    detected: int
    unreadable: int
    detection_rate: float
    ms_per_frame: float
    eer: float | None
    eer_threshold: float | None
    tpr_at_fmr_1_percent: float | None
    tpr_at_fmr_0_1_percent: float | None
    at_settings: tuple[Point, ...]
    table: tuple[Point, ...]


def print_json(line: dict[str, Any]) -> None:
    """One JSON object a line on standard output."""
    print(json.dumps(line, ensure_ascii=False, sort_keys=True), flush=True)  # noqa: T201


def no_progress(_done: int, _total: int) -> None:
    """For callers without a terminal."""


async def evaluate(
    pairs_csv: Path, settings: FaceSettings, *, emit: Emit = print_json,
    progress: Progress = no_progress,
) -> Evaluation:  # fmt: skip
    """Measures the configured engine on labelled pairs; a picture's most central face is taken.

    Raises ``face.pairs_bad`` (rows named) and what ``FacePool.start`` raises.
    """
    pairs = read_pairs(pairs_csv)
    pool = FacePool(settings)
    await pool.start()
    try:
        result = await _evaluate(pairs, settings, pool, progress)
    finally:
        await pool.stop()
    for point in result.table:
        emit({"kind": "point", **asdict(point)})
    emit({"kind": "evaluation", **{k: v for k, v in asdict(result).items() if k != "table"}})
    return result


async def _evaluate(
    pairs: list[Pair], settings: FaceSettings, pool: FacePool, progress: Progress
) -> Evaluation:
    pictures = sorted({path for pair in pairs for path in (pair.a, pair.b)})
    templates: dict[Path, bytes] = {}
    unreadable = 0
    spent_ms: list[float] = []
    for done, path in enumerate(pictures, start=1):
        begun = time.perf_counter()
        try:
            sight = await pool.look(path.read_bytes(), keep_templates=True)
        except Refusal:
            unreadable += 1
            continue
        spent_ms.append((time.perf_counter() - begun) * 1_000)
        face = sight.central()
        if face is not None and face.template:
            templates[path] = face.template
        progress(done, len(pictures))
    found = [pair for pair in pairs if pair.a in templates and pair.b in templates]
    scores = await pool.similarities([(templates[p.a], templates[p.b]) for p in found])
    genuine = [score for pair, score in zip(found, scores, strict=True) if pair.same]
    impostor = [score for pair, score in zip(found, scores, strict=True) if not pair.same]
    curve = Curve.of(genuine, impostor) if genuine and impostor else None
    eer = curve.eer() if curve else None
    limits = pool.thresholds
    return Evaluation(
        engine=settings.engine, model=pool.model, pairs=len(pairs), compared=len(found),
        pictures=len(pictures), detected=len(templates), unreadable=unreadable,
        detection_rate=len(templates) / len(pictures),
        ms_per_frame=statistics.median(spent_ms) if spent_ms else 0.0,
        eer=(eer.fmr + eer.fnmr) / 2 if eer else None,
        eer_threshold=eer.threshold if eer else None,
        tpr_at_fmr_1_percent=_tpr(curve, 0.01), tpr_at_fmr_0_1_percent=_tpr(curve, 0.001),
        at_settings=tuple(
            curve.at(threshold)
            for threshold in (limits.review, limits.same_person, limits.accept)
        ) if curve else (),
        table=tuple(curve.at(step / _STEPS) for step in range(-2, _STEPS)) if curve else (),
    )  # fmt: skip


def _tpr(curve: Curve | None, fmr: float) -> float | None:
    """None where the sample is too small to measure that rate."""
    point = curve.strictest(fmr) if curve else None
    return 1.0 - point.fnmr if point else None


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """How many comparisons of a session came out how. ``holds``: there are some, and none
    differs.
    """

    session_id: str
    comparisons: int
    results: dict[str, int]

    @property
    def holds(self) -> bool:
        return bool(self.comparisons) and not self.results.get(Outcome.DIFFERS, 0)


async def replay(
    session_id: str, service: ProctorService, *, emit: Emit = print_json,
    progress: Progress = no_progress,
) -> ReplaySummary:  # fmt: skip
    """Computes every stored comparison of the session again; the pool must have been started."""
    match_ids = await service.match_ids(session_id=session_id)
    results: Counter[str] = Counter()
    for done, match_id in enumerate(match_ids, start=1):
        replayed = await service.replay(match_id=match_id)
        results[replayed.result.value] += 1
        emit({"kind": "replay", **asdict(replayed)})
        progress(done, len(match_ids))
    summary = ReplaySummary(session_id, len(match_ids), dict(results))
    emit({"kind": "summary", **asdict(summary), "holds": summary.holds})
    return summary

"""Captures during the exam: a verdict for each, an episode over several.

Rules kept here: a capture is matched with the portrait and with the door frame, and the better one
counts; the same capture sent again gives the same answer and is counted once; whether an episode
opened, continued or closed is decided in the transaction that stores the capture.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from kernel.crypto import digest
from kernel.db import ReadSession, WriteSession
from kernel.ids import mint
from proctor import rules
from proctor.rules import Change, Episode, Signal, State
from proctor.service.desk import Against
from proctor.service.matching import Matching, Verdict, verdict_of
from proctor.tables import EpisodeRow, MatchRow

_PURPOSE = "capture"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class EpisodeChange:
    """What a capture did to the sitting's episode. ``change`` none, opened, continued or closed.

    ``counts`` is per state. With ``none`` and no open episode the other fields are empty.
    """

    change: str
    episode_id: str = ""
    kind: str = ""
    opened_at_ms: int = 0
    last_at_ms: int = 0
    counts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CaptureResult:
    """A capture's verdict and what it did. ``repeated``: it had been stored before."""

    verdict: Verdict
    episode: EpisodeChange
    repeated: bool


class Capturing(Matching):
    """Use cases of captures."""

    async def capture(
        self, *, sitting_id: str, subject_id: str, image: bytes | None, taken_at_ms: int,
        accommodations: Collection[str] = (), window: int | None = None,
        misses: int | None = None,
    ) -> CaptureResult:  # fmt: skip
        """Judges a capture; ``image`` None says that the camera gave no frame.

        ``window`` and ``misses`` replace the settings' (a session's policy). Raises what ``verify``
        raises; a capture is never refused for what it shows.
        """
        async with self._db.read() as tx:
            earlier = await self._stored(tx, sitting_id, taken_at_ms, image)
            if earlier is not None:
                episode = _change(Change.NONE, await _open_episode(tx, sitting_id))
                return CaptureResult(verdict_of(earlier), episode, repeated=True)
            luma = await _latest_luma(tx, sitting_id)
        references = await self._references(subject_id, Against.PORTRAIT, Against.DOOR)
        sight = frame = None
        if image is not None:
            sight = await self._pool.look(image, tuple(r.template for r in references))
            frame = await self._keep_frame(subject_id, image)
        thresholds = self._pool.thresholds
        judgement = rules.judge_capture(sight, thresholds, self._limits())
        row = self._row(
            subject_id, references, thresholds, sight, judgement, frame, purpose=_PURPOSE,
            sitting_id=sitting_id, taken_at_ms=taken_at_ms,
            frozen=sight is not None and rules.frozen(luma, sight.luma),
        )  # fmt: skip
        change = await self._record(
            row, window or self._exam.alert_window, misses or self._exam.alert_misses,
            rules.muted_by(accommodations),
        )  # fmt: skip
        return CaptureResult(verdict_of(row), change, repeated=False)

    async def captures(self, *, sitting_id: str) -> list[Verdict]:
        """Every capture of the sitting, oldest first."""
        async with self._db.read() as tx:
            rows = await tx.scalars(
                select(MatchRow)
                .where(MatchRow.sitting_id == sitting_id, MatchRow.purpose == _PURPOSE)
                .order_by(MatchRow.taken_at_ms, MatchRow.id)
            )
            return [verdict_of(row) for row in rows]

    async def _record(
        self, row: MatchRow, window: int, misses: int, muted: frozenset[State]
    ) -> EpisodeChange:
        for _ in range(_TRIES - 1):
            try:
                return await self._record_once(row, window, misses, muted)
            except IntegrityError:
                continue  # another capture of this sitting opened the episode at the same moment
        return await self._record_once(row, window, misses, muted)

    async def _record_once(
        self, row: MatchRow, window: int, misses: int, muted: frozenset[State]
    ) -> EpisodeChange:
        async with self._db.write() as tx:
            tx.add(row)
            await tx.flush()
            kept = await _open_episode(tx, row.sitting_id or "", lock=True)
            signals = await _signals(tx, row, window)
            change, episode = rules.watch(
                signals, _as_episode(kept) if kept else None, misses=misses, muted=muted
            )
            if change is not Change.NONE and episode is not None:
                kept = _write_episode(tx, kept, episode, row)
                if change is Change.CLOSED:
                    kept.closed_at_ms = row.taken_at_ms
            return _change(change, kept)

    async def _stored(
        self, tx: ReadSession, sitting_id: str, taken_at_ms: int, image: bytes | None
    ) -> MatchRow | None:
        sha256 = digest.sha256(image).hex() if image is not None else None
        query = select(MatchRow).where(
            MatchRow.sitting_id == sitting_id,
            MatchRow.purpose == _PURPOSE,
            MatchRow.taken_at_ms == taken_at_ms,
            MatchRow.frame_sha256 == sha256 if sha256 else MatchRow.frame_sha256.is_(None),
        )
        return (await tx.scalars(query)).first()


async def _open_episode(
    tx: ReadSession, sitting_id: str, *, lock: bool = False
) -> EpisodeRow | None:
    query = select(EpisodeRow).where(
        EpisodeRow.sitting_id == sitting_id, EpisodeRow.closed_at_ms.is_(None)
    )
    return (await tx.scalars(query.with_for_update() if lock else query)).one_or_none()


async def _latest_luma(tx: ReadSession, sitting_id: str) -> bytes | None:
    query = (
        select(MatchRow.luma)
        .where(MatchRow.sitting_id == sitting_id, MatchRow.purpose == _PURPOSE)
        .order_by(MatchRow.taken_at_ms.desc(), MatchRow.id.desc())
        .limit(1)
    )
    return (await tx.scalars(query)).first()


async def _signals(tx: ReadSession, row: MatchRow, window: int) -> list[Signal]:
    """The captures up to this one by their own time: one that was queued offline comes late."""
    query = (
        select(MatchRow.outcome, MatchRow.taken_at_ms)
        .where(
            MatchRow.sitting_id == row.sitting_id,
            MatchRow.purpose == _PURPOSE,
            MatchRow.taken_at_ms <= row.taken_at_ms,
        )
        .order_by(MatchRow.taken_at_ms.desc(), MatchRow.id.desc())
        .limit(window)
    )
    rows = (await tx.execute(query)).all()
    return [Signal(State(outcome), taken_at_ms) for outcome, taken_at_ms in reversed(rows)]


def _as_episode(row: EpisodeRow) -> Episode:
    counts = {State(state): int(count) for state, count in row.counts.items()}
    return Episode(State(row.kind), row.opened_at_ms, row.last_at_ms, counts)


def _write_episode(
    tx: WriteSession, row: EpisodeRow | None, episode: Episode, match: MatchRow
) -> EpisodeRow:
    if row is None:
        row = EpisodeRow(
            id=mint("episode"), sitting_id=match.sitting_id or "", closed_at_ms=None,
            first_match_id=match.id,
        )  # fmt: skip
        tx.add(row)
    row.kind = episode.kind.value
    row.opened_at_ms = episode.opened_at_ms
    row.last_at_ms = episode.last_at_ms
    row.counts = {state.value: count for state, count in episode.counts.items()}
    row.last_match_id = match.id
    return row


def _change(change: Change, row: EpisodeRow | None) -> EpisodeChange:
    if row is None:
        return EpisodeChange(change.value)
    return EpisodeChange(
        change.value, row.id, row.kind, row.opened_at_ms, row.last_at_ms,
        tuple(sorted(row.counts.items())),
    )  # fmt: skip

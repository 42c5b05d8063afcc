"""How good a matcher is on labelled pairs: FMR, FNMR, EER, TPR at fixed FMR.

Rules kept here: pure arithmetic; a score at or over the threshold is a match (ISO/IEC 19795-1
terms); rates come from the pairs whose two faces were found, and the pairs that were lost are
counted apart.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """Error rates (0..1) at one threshold."""

    threshold: float
    fmr: float
    fnmr: float


@dataclass(frozen=True, slots=True)
class Curve:
    """All thresholds of two samples of scores. Both samples must have at least one score."""

    genuine: tuple[float, ...]
    impostor: tuple[float, ...]

    @classmethod
    def of(cls, genuine: Sequence[float], impostor: Sequence[float]) -> "Curve":
        if not genuine or not impostor:
            raise ValueError("both genuine and impostor scores are needed")
        return cls(tuple(sorted(genuine)), tuple(sorted(impostor)))

    def at(self, threshold: float) -> Point:
        """The rates at a threshold."""
        rejected = bisect_left(self.genuine, threshold)
        accepted = len(self.impostor) - bisect_left(self.impostor, threshold)
        return Point(threshold, accepted / len(self.impostor), rejected / len(self.genuine))

    def eer(self) -> Point:
        """Where FMR and FNMR are nearest to each other; the rate is the mean of the two."""
        return min(
            (self.at(threshold) for threshold in (*self.genuine, *self.impostor)),
            key=lambda point: (abs(point.fmr - point.fnmr), point.fmr + point.fnmr),
        )

    def strictest(self, fmr: float) -> Point | None:
        """The lowest threshold whose FMR is at most ``fmr``; None when the sample is too small.

        A rate under 1 / number of impostor pairs cannot be measured.
        """
        if fmr * len(self.impostor) < 1:
            return None
        candidates = sorted({*self.genuine, *self.impostor, self.impostor[-1] + 1e-9})
        low, high = 0, len(candidates) - 1
        while low < high:
            middle = (low + high) // 2
            if self.at(candidates[middle]).fmr <= fmr:
                high = middle
            else:
                low = middle + 1
        return self.at(candidates[low])

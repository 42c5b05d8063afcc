"""Error rates on samples whose answer is known by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.evaluation import Curve

GENUINE = [0.2, 0.6, 0.7, 0.8]
IMPOSTOR = [0.0, 0.1, 0.3, 0.65]


def test_rates_count_scores_at_the_threshold_as_matches() -> None:
    point = Curve.of(GENUINE, IMPOSTOR).at(0.65)
    assert (point.fmr, point.fnmr) == (0.25, 0.5)


def test_the_equal_error_rate_is_where_both_meet() -> None:
    point = Curve.of(GENUINE, IMPOSTOR).eer()
    assert (point.fmr, point.fnmr) == (0.25, 0.25)


def test_separable_samples_have_no_errors() -> None:
    point = Curve.of([0.6, 0.7], [0.1, 0.2]).eer()
    assert (point.fmr, point.fnmr) == (0.0, 0.0)


def test_a_rate_that_the_sample_cannot_show_is_not_claimed() -> None:
    assert Curve.of(GENUINE, IMPOSTOR).strictest(0.01) is None


def test_the_strictest_threshold_keeps_the_rate() -> None:
    impostor = [number / 1000 for number in range(1000)]
    point = Curve.of([0.5, 0.995, 0.999], impostor).strictest(0.01)
    assert point is not None
    assert point.fmr == 0.01
    assert point.threshold == 0.99
    assert point.fnmr == pytest.approx(1 / 3)


def test_an_empty_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="both"):
        Curve.of([], IMPOSTOR)


SCORES = st.lists(st.floats(-1, 1), min_size=1, max_size=40)


@given(SCORES, SCORES, st.floats(-1, 1), st.floats(-1, 1))
def test_a_higher_threshold_never_accepts_more(
    genuine: list[float], impostor: list[float], one: float, other: float
) -> None:
    curve = Curve.of(genuine, impostor)
    low, high = curve.at(min(one, other)), curve.at(max(one, other))
    assert low.fmr >= high.fmr
    assert low.fnmr <= high.fnmr

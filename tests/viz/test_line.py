"""The geometry of the line w . x + b = 0 in a window."""

import numpy as np
import pytest

from nnjax.viz import line

LIMITS = (-1.0, 3.0, 0.0, 2.0)
WEIGHTS = [np.array(w) for w in [(1.0, 2.0, -3.0), (-0.2, 0.01, 0.1), (0.0, 5.0, -5.0), (3.0, 0.0, 40.0)]]


@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_ends_lie_on_the_line_and_outside_the_window(weights):
    ends = line.ends(weights, LIMITS)
    np.testing.assert_allclose(ends @ weights[:2] + weights[2], 0, atol=1e-9)
    outside = (ends < (LIMITS[0], LIMITS[2])) | (ends > (LIMITS[1], LIMITS[3]))
    assert np.all(np.any(outside, axis=1))


@pytest.mark.parametrize("weights", [*WEIGHTS, np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, -1.0])])
def test_the_positive_side_covers_exactly_the_positive_points_of_the_window(weights):
    from matplotlib.path import Path

    points = np.random.default_rng(0).uniform((LIMITS[0], LIMITS[2]), (LIMITS[1], LIMITS[3]), (300, 2))
    side = Path(line.positive_side(weights, LIMITS))
    assert np.array_equal(side.contains_points(points), points @ weights[:2] + weights[2] >= 0)


def test_the_arrow_is_w_drawn_from_the_line():
    weights = np.array([1.0, 2.0, -3.0])
    tail, tip = line.arrow(weights, LIMITS, longest=2 * np.sqrt(5))
    assert tail @ weights[:2] + weights[2] == pytest.approx(0)
    np.testing.assert_allclose(tip - tail, 0.5 * 2 / 3 * weights[:2] / np.sqrt(5))
    assert LIMITS[0] < tail[0] < LIMITS[1]


def test_no_weights_no_line_and_no_arrow_out_of_the_window():
    assert line.ends(np.zeros(3), LIMITS).shape == (0, 2)
    assert line.arrow(np.zeros(3), LIMITS, 1.0) is None
    assert line.arrow(np.array([3.0, 0.0, 40.0]), LIMITS, 3.0) is None


@pytest.mark.parametrize("limits", [(0.0, 1.0, 0.0, 1.0), (0.0, 9.0, 0.0, 1.0)])
def test_even_view_only_grows(limits):
    left, right, bottom, top = line.even_view(limits)
    assert (right - left) / (top - bottom) == pytest.approx(line.RATIO)
    assert left <= limits[0] + 1e-12
    assert right >= limits[1] - 1e-12
    assert bottom <= limits[2] + 1e-12
    assert top >= limits[3] - 1e-12

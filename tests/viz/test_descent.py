"""The cost surface of one neuron: its minimum is least squares, its paths are gradient descent."""

import numpy as np
import pytest

from nnjax import viz


def data(count=40):
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 2, count)
    return x, 1.5 * x - 1 + rng.normal(0, 0.3, count)


def gradient(x, d, w, b):
    error = w * x + b - d
    return np.mean(error * x), np.mean(error)


def test_the_star_is_the_least_squares_solution_and_the_path_is_descent(well_made):
    x, d = data()
    figure = viz.descent_paths(x, d, {"a rate": 0.3}, steps=5, start=(0.0, 0.5))
    path, star = figure.axes[0].lines
    np.testing.assert_allclose(star.get_xydata()[0], np.polyfit(x, d, 1), rtol=1e-6)
    w, b = 0.0, 0.5
    for point in path.get_xydata():
        np.testing.assert_allclose(point, (w, b), rtol=1e-4, atol=1e-5)
        slope_w, slope_b = gradient(x, d, w, b)
        w, b = w - 0.3 * slope_w, b - 0.3 * slope_b
    assert len(path.get_xydata()) == 6
    assert figure.get_suptitle() == "The learning rate decides where descent ends"
    well_made(figure)


@pytest.mark.parametrize("standardized", [False, True])
def test_the_example_rates_do_what_their_names_say(well_made, standardized):
    x, d = data()
    if standardized:
        x = (x - x.mean()) / x.std()
    rates = viz.example_rates(x, d)
    largest = np.linalg.eigvalsh(np.array([[np.mean(x * x), np.mean(x)], [np.mean(x), 1]]))[-1]
    assert rates["too small"] < rates["right"] < 2 / largest < rates["too large"]
    figure = viz.descent_paths(x, d)
    texts = well_made(figure)
    minimum = np.polyfit(x, d, 1)
    small, right, large = (panel.lines[0].get_xydata() for panel in figure.axes)
    start = np.linalg.norm(small[0] - minimum)
    assert np.linalg.norm(small[-1] - minimum) > 0.4 * start
    assert np.linalg.norm(right[-1] - minimum) < 0.1 * start
    (left, end), (bottom, top) = figure.axes[2].get_xlim(), figure.axes[2].get_ylim()
    inside = (large > (left, bottom)) & (large < (end, top))
    assert np.all(inside[:-1])
    assert not np.all(inside[-1])
    assert any(text.startswith("too large\nrate ") for text in texts)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"x": [1.0, 1.0, 1.0]}, "x is 1 in every sample"),
        ({"x": [1.0, 2.0]}, "x has 2 samples and d 3"),
        ({"x": []}, "x is empty"),
        ({"d": [1.0, np.nan, 1.0]}, r"d\[1\] is nan"),
        ({"steps": 0}, "steps is 0"),
        ({"rates": {}}, "rates has 0 entries; this picture has room for 1 to 4"),
    ],
)
def test_bad_input(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.descent_paths(**{"x": [1.0, 2.0, 3.0], "d": [1.0, 2.0, 2.0]} | change)

"""Final values against the learning rate: means, bands, the best, and what diverged."""

import numpy as np
import pytest

from nnjax import viz

RATES = np.logspace(-4, 0, 9)


def runs(seeds=6):
    rng = np.random.default_rng(0)
    return 0.1 + (np.log10(RATES)[:, None] + 1.5) ** 2 + rng.uniform(0, 0.05, (9, seeds))


def test_the_line_is_the_mean_and_the_ring_the_best(well_made):
    values = runs()
    figure = viz.rate_sweep(RATES[::-1], values[::-1], log=True)
    (axes,) = figure.axes
    line, ring = axes.lines
    np.testing.assert_allclose(line.get_xdata(), RATES)
    np.testing.assert_allclose(line.get_ydata(), values.mean(axis=1))
    best = np.argmin(values.mean(axis=1))
    assert ring.get_xdata() == [RATES[best]]
    edges = axes.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose(edges[1:10, 1], values.mean(axis=1) - values.std(axis=1))
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert figure.get_suptitle().startswith("The best learning rate is 0.032: validation loss 0.1")
    well_made(figure)


def test_diverged_rates_are_crossed_and_in_no_mean(well_made):
    values = runs()
    values[-2, :3] = np.nan
    values[-1] = 1e9
    figure = viz.rate_sweep(RATES, values, diverged_above=1e6)
    line, _, crosses = figure.axes[0].lines
    assert crosses.get_marker() == "x"
    np.testing.assert_allclose(crosses.get_xdata(), RATES[-2:])
    np.testing.assert_allclose(line.get_ydata()[-2], values[-2, 3:].mean())
    assert np.isnan(line.get_ydata()[-1])
    assert figure.axes[0].get_ylim()[1] < 10
    assert "some or all runs diverged" in well_made(figure)


def test_accuracy_is_best_when_highest(well_made):
    figure = viz.rate_sweep(RATES, 1 - runs()[:, 0] / 10, quantity="test accuracy")
    best = 1 - runs()[:, 0].min() / 10
    assert figure.get_suptitle() == f"The best learning rate is 0.032: test accuracy {100 * best:.1f} %"
    assert len(figure.axes[0].collections) == 0
    texts = well_made(figure)
    assert "final test accuracy (%)" in texts
    assert "one run a rate" in texts


@pytest.mark.parametrize(
    ("rates", "values", "sentence"),
    [
        ([], [], "rates is empty"),
        ([0.1, 0.0], [1.0, 1.0], "rates holds 0; a rate must be above 0"),
        ([0.1, 0.2], [1.0, 1.0, 1.0], r"values has shape \(3,\) for 2 rates"),
        ([0.1], [[[1.0]]], r"values has shape \(1, 1, 1\)"),
        ([0.1, 0.2], [np.nan, np.inf], "every run diverged"),
    ],
)
def test_bad_input(rates, values, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.rate_sweep(rates, values)


def test_log_needs_positive_values():
    with pytest.raises(ValueError, match="log=True needs values above 0"):
        viz.rate_sweep([0.1, 0.2], [0.0, 1.0], log=True)

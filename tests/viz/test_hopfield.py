"""Recall as it happens, against the network by hand; the capacity curve is the numbers given."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from nnjax import manual, viz


def digits(count=3):
    data = load_digits()
    first = [np.flatnonzero(data.target == k)[0] for k in (3, 6, 7, 4, 9)[:count]]
    return np.where(data.images[first] > 7, 1.0, -1.0)


def network(patterns):
    return manual.hopfield.store(patterns.reshape(len(patterns), -1))


def damage(patterns, part=0.2):
    return patterns * np.where(np.random.default_rng(0).random(patterns.shape) < part, -1, 1)


def test_the_pictures_and_energies_are_those_of_the_network_by_hand(well_made):
    stored, damaged = digits(), damage(digits())
    weights = network(stored)
    figure = viz.hopfield_recall(weights, stored, damaged)
    images = [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]
    assert len(images) == 3 * 6
    recalled = manual.hopfield.recall(weights, damaged.reshape(3, 64), 2)
    for n in range(3):
        row = images[6 * n : 6 * n + 6]
        np.testing.assert_array_equal(row[0], stored[n])
        np.testing.assert_array_equal(row[1], damaged[n])
        np.testing.assert_array_equal(row[-1].reshape(-1), recalled[n])
        for updates, image in zip((16, 32, 48), row[2:5], strict=True):
            np.testing.assert_array_equal(image.reshape(-1)[updates:], damaged[n].reshape(-1)[updates:])
    curves = [line for line in figure.axes[-1].lines if len(line.get_ydata()) > 2]
    starts, ends = (manual.hopfield.energy(weights, s)[0] for s in (damaged.reshape(3, 64), recalled))
    for n, curve in enumerate(curves):
        energies = curve.get_ydata()
        assert len(energies) == 129
        np.testing.assert_allclose(energies[[0, -1]], [starts[n], ends[n]], rtol=1e-5)
        assert np.diff(energies).max() <= 1e-4
    exact = int((recalled == stored.reshape(3, 64)).all(axis=1).sum())
    wanted = f"{exact} of 3 damaged patterns recalled exactly; the energy only falls"
    assert figure.get_suptitle().replace("\n", " ") == wanted
    well_made(figure)


def test_where_the_weights_are_not_symmetric_the_rises_of_the_energy_are_told(well_made):
    """E = s_0 s_1: neuron 1 turns away from neuron 0 (E = -1), which follows it in the next sweep (E = 1)."""
    stored = np.ones((1, 1, 3))
    weights = np.array([[0.0, 2.0, 0.0], [-4.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    figure = viz.hopfield_recall(weights, stored, stored)
    assert figure.get_suptitle().replace("\n", " ").endswith("the energy rises in 1 of 6 updates")
    well_made(figure)


@pytest.mark.parametrize(("count", "sweeps"), [(1, 1), (5, 3)])
def test_few_and_many_patterns_fit(well_made, count, sweeps):
    stored = digits(count)
    well_made(viz.hopfield_recall(network(stored), stored, damage(stored), sweeps=sweeps))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"stored": np.ones((2, 16))}, r"stored has shape \(2, 16\); it must have shape \(patterns, height, width\)"),
        ({"damaged": np.zeros((2, 4, 4))}, r"damaged holds 0; every pixel must be \+1 or -1"),
        (
            {"damaged": np.ones((1, 4, 4))},
            r"damaged has shape \(1, 4, 4\) and stored \(2, 4, 4\); they must be the same",
        ),
        ({"stored": np.ones((6, 4, 4)), "damaged": np.ones((6, 4, 4))}, "stored has 6 patterns; this picture has room"),
        ({"weights": np.ones((4, 4))}, r"weights has shape \(4, 4\) for 16 pixels"),
        ({"sweeps": 0}, "sweeps is 0; it must be at least 1"),
    ],
)
def test_bad_recall(change, sentence):
    given = {"weights": np.ones((16, 16)), "stored": np.ones((2, 4, 4)), "damaged": np.ones((2, 4, 4))}
    with pytest.raises(ValueError, match=sentence):
        viz.hopfield_recall(**given | change)


LOADS = [0.2, 0.05, 0.1]
RIGHT = {100: [[0.8, 1.0, 0.98], [0.9, 1.0, 1.0]], 500: [0.75, 1.0, 0.99]}


def test_the_curves_are_the_fractions_in_the_order_of_the_loads(well_made):
    figure = viz.capacity_curve(LOADS, RIGHT)
    first, second, limit = figure.axes[0].lines
    np.testing.assert_allclose(first.get_xdata(), [0.05, 0.1, 0.2])
    np.testing.assert_allclose(first.get_ydata(), [1.0, 0.99, 0.85])
    np.testing.assert_allclose(second.get_ydata(), [1.0, 0.99, 0.75])
    assert limit.get_xdata() == [0.138, 0.138]
    assert len(figure.axes[0].collections) == 1
    texts = well_made(figure)
    assert {"100 neurons", "500 neurons", "patterns / neurons", "bits right after recall (%)"} <= set(texts)
    headline = figure.get_suptitle().replace("\n", " ")
    assert headline == "500 neurons: at least 97 % of the bits are right up to a load of 0.1, 75.0 % at 0.2"


@pytest.mark.parametrize(
    ("right", "words"),
    [
        ([1.0, 0.98, 0.99], "100 neurons: at least 97 % of the bits are right up to a load of 0.2"),
        ([0.5, 0.9, 0.6], "100 neurons: 50.0 % of the bits are right at a load of 0.2"),
        ([1.0, 0.99, 0.6], "100 neurons: at least 97 % of the bits are right up to a load of 0.05, 60.0 % at 0.1"),
    ],
)
def test_the_headline_says_what_the_curve_shows(right, words):
    assert viz.capacity_curve(LOADS, {100: right}).get_suptitle().replace("\n", " ") == words


@pytest.mark.parametrize(
    ("loads", "right", "sentence"),
    [
        ([], RIGHT, "loads is empty"),
        (LOADS, {}, "right has 0 series"),
        (LOADS, {100: [1.0, 1.0]}, r"right\[100\] has shape \(2,\) for 3 loads"),
        (LOADS, {100: [90.0, 100.0, 99.0]}, r"right\[100\] lies in \[90, 100\]; give fractions"),
        (LOADS, {100: [np.nan, 1.0, 1.0]}, r"right\[100\]\[0\] is nan"),
    ],
)
def test_bad_capacity(loads, right, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.capacity_curve(loads, right)

"""Pooling: the numbers against Flax's, the tints and the bold ones."""

import flax.linen as nn
import numpy as np
import pytest
from matplotlib.colors import to_hex

from nnjax import viz

X = np.random.default_rng(0).integers(-9, 10, (5, 7))


def tables(figure, *shapes):
    """The cells and numbers of the tables that were drawn one after another."""
    axes = figure.axes[0]
    patches = list(axes.patches)
    names = {text for text in axes.texts if "\n" in text.get_text()}
    texts = [text for text in axes.texts if text not in names]
    found, start = [], 0
    for shape in shapes:
        stop = start + int(np.prod(shape))
        found.append((np.reshape(patches[start:stop], shape), np.reshape(texts[start:stop], shape)))
        start = stop
    assert start == len(patches) == len(texts)
    return found


def values(texts):
    return np.vectorize(lambda text: float(text.get_text().replace("−", "-")))(texts)


@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, 2), (2, 3), (1, 1)])
def test_the_numbers_are_those_of_flax(well_made, size, stride):
    figure = viz.pooling(X, size, stride=stride)
    settings = {"window_shape": (size, size), "strides": (stride or size,) * 2}
    image = X[None, :, :, None].astype(np.float32)
    largest = np.asarray(nn.max_pool(image, **settings))[0, :, :, 0]
    mean = np.asarray(nn.avg_pool(image, **settings))[0, :, :, 0]
    drawn = tables(figure, X.shape, largest.shape, mean.shape)
    np.testing.assert_array_equal(values(drawn[0][1]), X)
    np.testing.assert_array_equal(values(drawn[1][1]), largest)
    np.testing.assert_allclose(values(drawn[2][1]), mean, atol=0.0051)
    assert f"max\n{' × '.join(map(str, largest.shape))}" in well_made(figure)


def test_a_window_shares_its_tint_with_its_results_and_its_largest_is_bold():
    table, largest, mean = tables(viz.pooling(X, 2), X.shape, (2, 3), (2, 3))
    for i, j in np.ndindex(2, 3):
        rows, columns = slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2)
        tints = {to_hex(patch.get_facecolor()) for patch in table[0][rows, columns].ravel()}
        assert tints == {to_hex(result[0][i, j].get_facecolor()) for result in (largest, mean)}
        bold = [text for text in table[1][rows, columns].ravel() if text.get_fontweight() == "bold"]
        assert values(bold).tolist() == [X[rows, columns].max()]
    left_over = {text.get_color() for text in (*table[1][4], *table[1][:, 6])}
    assert left_over.isdisjoint({text.get_color() for text in table[1][:4, :6].ravel()})


def test_of_windows_that_overlap_the_first_is_marked_and_a_row_is_one_axis(well_made):
    table, largest, _ = tables(viz.pooling(X, 3, stride=2), X.shape, (2, 3), (2, 3))
    marked = [patch.get_zorder() == 2 for patch in (*table[0].ravel(), *largest[0].ravel())]
    assert np.flatnonzero(marked).tolist() == [0, 1, 2, 7, 8, 9, 14, 15, 16, 35]
    figure = viz.pooling([4, 1, 3, 3], 2)
    assert {"input\n4", "max\n2", "4", "2.5"} <= set(well_made(figure))
    wanted = "Of each window of 2 max pooling keeps the largest number, average pooling the mean"
    assert figure.get_suptitle().replace("\n", " ") == wanted


@pytest.mark.parametrize(
    ("x", "arguments", "sentence"),
    [
        (X[None], {"size": 2}, r"x has shape \(1, 5, 7\)"),
        (X, {"size": 6}, r"size is 6, and x has shape \(5, 7\); a window must not be larger"),
        (X, {"size": 0}, "size is 0; it must be at least 1"),
        (X, {"size": 2, "stride": 0}, "stride is 0; it must be at least 1"),
        (np.zeros((20, 20)), {"size": 2}, r"too large to be drawn .*: input \(20, 20\), max \(10, 10\)"),
    ],
)
def test_bad_input(x, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.pooling(x, **arguments)

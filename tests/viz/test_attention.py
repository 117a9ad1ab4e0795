"""Attention maps: every weight in its panel, readable labels; positions: how alike rows are at each distance."""

import numpy as np
import pytest

from nnjax import viz
from nnjax.layers.positions import sinusoidal


def looks_back(time, step, share=0.75):
    """Return weights with which each place looks ``step`` places back, and for the rest at itself."""
    w = np.zeros((time, time))
    for i in range(time):
        w[i, max(0, i - step)] += share
        w[i, i] += 1 - share
    return w


def panels(figure):
    return [axes for axes in figure.axes if axes.images and axes.get_title(loc="left")]


def test_each_head_has_a_panel_with_its_weights(well_made):
    w = np.stack(
        [[looks_back(8, step + layer, 0.5 + 0.1 * step - 0.01 * layer) for step in range(1, 5)] for layer in range(2)]
    )
    figure = viz.attention_maps(w, list("the king"))
    texts = well_made(figure)
    assert [axes.get_title(loc="left") for axes in panels(figure)] == [
        f"layer {layer}, head {head}" for layer in (1, 2) for head in (1, 2, 3, 4)
    ]
    for axes, weights in zip(panels(figure), w.reshape(-1, 8, 8), strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), weights)
    assert "␣" in texts
    assert " " not in texts
    assert figure.get_suptitle().replace("\n", " ") == "Head 4 of layer 1 looks 4 places back with 90 % of its weight"


@pytest.mark.parametrize(
    ("tokens", "heads"),
    [
        (["the", "old", "king", "gave", "her", "a", "golden", "ring"], 2),
        (["to", "be", "or", "not"], 4),
        (list("a line\nof letters, 33 of them; so."), 3),
        (["$x$", "extraordinarily"], 1),
        (["alone"], 2),
        (list("mmmmmmmmmmm"), 4),
        (list("wwwwwwwwwwwwwww"), 3),
        (["then"] * 22, 2),
    ],
)
def test_labels_of_every_length_fit(well_made, tokens, heads):
    figure = viz.attention_maps(np.stack([looks_back(len(tokens), 1)] * heads), tokens)
    well_made(figure)
    assert len(panels(figure)) == heads


def test_the_message_tells_ahead_and_own_place():
    ahead = looks_back(6, 1)[::-1, ::-1]
    assert viz.attention_maps([ahead], range(6)).get_suptitle() == "Head 1 looks 1 place ahead with 75 % of its weight"
    own = viz.attention_maps([np.eye(6)], range(6))
    assert own.get_suptitle() == "Head 1 looks at its own place with 100 % of its weight"
    assert viz.attention_maps([np.eye(6)], range(6), title="Mine").get_suptitle() == "Mine"


@pytest.mark.parametrize(
    ("weights", "tokens", "sentence"),
    [
        (np.eye(3), "abc", r"weights has shape \(3, 3\)"),
        (np.zeros((2, 3, 4)), "abc", "its last two axes must both be the time"),
        (np.full((1, 2, 2), 2.0), "ab", r"weights lie in \[2, 2\]; they are shares, 0 to 1"),
        (np.zeros((1, 3, 3)), "ab", "tokens has 2 labels for 3 places"),
        (np.zeros((1, 41, 41)), "a" * 41, "there are 41 tokens; more than 40 cannot be read"),
        (np.zeros((4, 5, 2, 2)), "ab", "there are 20 heads; this picture has room for 16"),
        (np.full((1, 2, 2), np.nan), "ab", r"weights\[0, 0, 0\] is nan"),
    ],
)
def test_bad_maps(weights, tokens, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.attention_maps(weights, tokens)


def test_of_sines_the_likeness_depends_on_the_distance_alone(well_made):
    table = np.asarray(sinusoidal(20, 8), np.float64)
    figure = viz.position_patterns(table)
    well_made(figure)
    assert figure.get_suptitle().replace("\n", " ") == "How alike two places are depends on their distance alone"
    line = figure.axes[1].lines[0].get_ydata()
    np.testing.assert_allclose(line, [table[0] @ table[d] / 4 for d in range(15)], atol=1e-6)


def test_learned_rows_tell_their_own_numbers(well_made):
    table = np.random.default_rng(0).normal(size=(9, 5))
    figure = viz.position_patterns(table)
    well_made(figure)
    assert figure.get_suptitle().replace("\n", " ").startswith("Neighbours are alike to ")
    well_made(viz.position_patterns(table[:2]))


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (np.ones(3), r"table has shape \(3,\)"),
        (np.ones((1, 3)), "table has 1 row"),
        (np.array([[1.0, 0], [0, 0]]), r"table\[1\] is a row of zeros"),
    ],
)
def test_bad_positions(table, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.position_patterns(table)

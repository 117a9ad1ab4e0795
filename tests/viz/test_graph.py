"""The computation graph: each value, label and slope at its place, arrows turned round where slopes come back."""

import numpy as np
import pytest
from matplotlib.text import Annotation

from nnjax import viz
from nnjax.viz.style import palette

PLACES = {"x": (0, 1), "w": (0, -1), "a": (2.2, 0), "E": (4.4, 0)}
EDGES = {("x", "a"): "× w", ("w", "a"): "× x", ("a", "E"): ""}


def arrows(figure):
    """Return the tail and the tip of each arrow, in the order of the edges."""
    found = [one for one in figure.axes[0].texts if isinstance(one, Annotation)]
    return [(np.array(one.xyann), np.array(one.xy)) for one in found]


def written(figure):
    """Return where each text stands and its colour."""
    return {one.get_text(): (one.get_position(), one.get_color()) for one in figure.axes[0].texts if one.get_text()}


def test_each_box_has_its_name_its_value_and_its_slope(well_made):
    figure = viz.computation_graph(
        PLACES, EDGES, names={"a": "$a_1$"}, values={"x": "0.5", "a": "1.25"}, slopes={"a": "-0.75", "E": "1"}
    )
    well_made(figure)
    found = written(figure)
    assert "a" not in found
    for text, row, color in (("$a_1$", 1, "black"), ("1.25", 0, "blue"), ("-0.75", -1, "vermilion")):
        (x, y), drawn = found[text]
        assert x == 2.2
        assert np.sign(y) == row
        assert drawn == palette[color]


def test_labels_stand_on_their_arrows_with_slopes_below(well_made):
    figure = viz.computation_graph(PLACES, EDGES, slopes={("x", "a"): "0.1"})
    well_made(figure)
    found = written(figure)
    (x, y), _ = found["× x"]
    assert y == pytest.approx(-1 + x / 2.2)
    (label_x, label_y), (slope_x, slope_y) = found["× w"][0], found["0.1"][0]
    assert label_x == slope_x
    assert label_y > 1 - label_x / 2.2 > slope_y


def test_arrows_go_from_rim_to_rim_and_turn_round_where_slopes_come_back():
    figure = viz.computation_graph(PLACES, EDGES, forward=[("x", "a")], backward=[("a", "E"), "E"])
    (x_tail, x_tip), (_, w_tip), (e_tail, e_tip) = arrows(figure)
    assert x_tail == pytest.approx([0.55, 1 - 0.55 / 2.2])
    assert x_tip == pytest.approx([1.65, 0.55 / 2.2])
    assert w_tip == pytest.approx([1.65, -0.55 / 2.2])
    assert (e_tail[0], e_tip[0]) == pytest.approx((3.85, 2.75))
    edges = [patch.get_edgecolor() for patch in figure.axes[0].patches]
    assert len(set(edges)) == 2
    assert edges[0] == edges[1] == edges[2] != edges[3]


def test_an_arrow_may_go_straight_up():
    figure = viz.computation_graph({"w": (0, 0), "y": (0, 2)}, {("w", "y"): ""})
    ((tail, tip),) = arrows(figure)
    assert (tail[1], tip[1]) == pytest.approx((0.43, 1.57))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"places": {}, "edges": {}}, "places is empty"),
        ({"edges": {("x", "z"): ""}}, r"edges has \('x', 'z'\), and places no 'z'"),
        ({"values": {"z": "1"}}, "values has 'z', which is neither a box nor an arrow"),
        ({"slopes": {("a", "x"): "1"}}, r"slopes has \('a', 'x'\)"),
        ({"backward": ["z"]}, "backward has 'z'"),
    ],
)
def test_bad_input(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.computation_graph(**{"places": PLACES, "edges": EDGES} | change)

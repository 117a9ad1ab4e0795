"""The diagram of one neuron."""

import numpy as np
import pytest
from matplotlib.patches import Circle

from nnjax import viz
from nnjax.viz.style import palette


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


def circles(figure):
    return [patch for patch in figure.axes[0].patches if isinstance(patch, Circle)]


def test_each_input_has_its_circle_and_its_weight():
    figure = viz.neuron_diagram(("p", "q", "r"), ("u", "v", "w"), activation="g", output="out")
    assert len(circles(figure)) == 3 + 2
    assert set(words(figure)) >= {"p", "q", "r", "u", "v", "w", "Σ", "g", "out"}


def test_the_curve_is_drawn_inside_the_circle_of_the_activation():
    figure = viz.neuron_diagram(activation="tanh", curve=np.tanh)
    (curve,) = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 10]
    circle = circles(figure)[-1]
    away = np.hypot(curve.get_xdata() - circle.center[0], curve.get_ydata() - circle.center[1])
    assert np.all(away < circle.radius)


@pytest.mark.parametrize("place", ["sum", "output"])
def test_the_error_is_taken_where_it_is_measured(place):
    figure = viz.neuron_diagram(error_at=place)
    assert "error" in words(figure)
    (dot,) = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    activation = circles(figure)[-1].center[0]
    assert (dot.get_xdata()[0] < activation) == (place == "sum")


def test_what_is_strong_is_orange_and_the_rest_grey():
    figure = viz.neuron_diagram(strong=("sum",), captions=("a", "b", "c", "d", "e"))
    colors = {text.get_text(): text.get_color() for text in figure.axes[0].texts}
    assert colors["c"] == palette["vermilion"]
    assert {colors[name] for name in "abde"} == {palette["grey"]}


def test_nothing_is_outside_of_the_picture():
    figure = viz.neuron_diagram(error_at="output", curve=np.tanh, captions=("a", "b", "c", "d", "e"))
    figure.draw_without_rendering()
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1, text.get_text()
        assert figure.bbox.y0 <= box.y0 <= box.y1 <= figure.bbox.y1, text.get_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": (), "weights": ()}, "0 inputs"),
        ({"inputs": ("x",)}, "1 inputs and 3 weights"),
        ({"captions": ("a",)}, "captions has 1"),
        ({"strong": ("bias",)}, "'bias'"),
        ({"error_at": "input"}, "error_at 'input'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        viz.neuron_diagram(**arguments)

"""Network diagrams: what is drawn where, what stands out, and what is refused."""

import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Circle

from nnjax import viz
from nnjax.viz.style import palette


def circles(picture):
    return [patch for patch in picture.axes[0].patches if isinstance(patch, Circle)]


def texts(picture):
    return [text.get_text() for text in picture.axes[0].texts if text.get_text()]


def test_every_neuron_and_every_weight_is_drawn_once():
    picture = viz.network_diagram((3, 4, 2))
    assert len(circles(picture)) == 3 + 4 + 2
    assert len(picture.axes[0].lines) == 3 * 4 + 4 * 2
    columns = {circle.center[0] for circle in circles(picture)}
    assert len(columns) == 3


def test_numbers_names_and_captions_stand_where_they_belong():
    picture = viz.network_diagram(
        (2, 1), inside={(0, 1): ".10"}, weights={(0, 0, 0): "$w_1$"}, captions=("inputs", "output")
    )
    assert sorted(texts(picture)) == ["$w_1$", ".10", "inputs", "output"]
    below = circles(picture)[1].center
    (number,) = [text for text in picture.axes[0].texts if text.get_text() == ".10"]
    assert number.get_position() == pytest.approx(below)


def test_what_is_strong_is_orange_and_the_rest_steps_back():
    picture = viz.network_diagram((2, 2), strong={(0, 1), (0, 1, 0)})
    edges = [to_hex(circle.get_edgecolor()).upper() for circle in circles(picture)]
    assert edges == [palette["grey"], palette["vermilion"], palette["grey"], palette["grey"]]
    colors = [line.get_color() for line in picture.axes[0].lines]
    assert colors == [palette["pale"], palette["pale"], palette["vermilion"], palette["pale"]]


def test_of_a_large_layer_the_first_and_the_last_are_drawn():
    picture = viz.network_diagram((784, 2))
    assert len(circles(picture)) == 6 + 2
    assert "⋮" in texts(picture)


def test_neurons_lie_farther_apart_when_asked():
    near, far = (viz.network_diagram((2, 1), apart=apart) for apart in (0.95, 1.9))
    distances = [abs(circles(one)[0].center[1] - circles(one)[1].center[1]) for one in (near, far)]
    assert distances[1] == pytest.approx(2 * distances[0])


@pytest.mark.parametrize(("sizes", "said"), [((3,), "at least two layers"), ((3, 0), "at least one neuron")])
def test_what_is_no_network_is_refused(sizes, said):
    with pytest.raises(ValueError, match=said):
        viz.network_diagram(sizes)


def test_captions_for_another_number_of_layers_are_refused():
    with pytest.raises(ValueError, match="captions has 1 entries for 2 layers"):
        viz.network_diagram((2, 2), captions=("inputs",))

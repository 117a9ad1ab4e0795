"""Networks of images: a square for each map that is drawn, a bar for units, the shapes as they were given."""

import pytest

from nnjax import viz
from nnjax.viz import canvas, style

STAGES = [((28, 28, 1), "image"), ((14, 14, 16), "conv\npool"), ((7, 14, 2), "conv"), ((64,), "dense"), ((10,), "out")]


def drawn(figure):
    return figure.axes[0].patches, [text.get_text() for text in figure.axes[0].texts]


def test_layers_have_their_shapes_captions_and_as_many_squares_as_tell_their_channels(well_made):
    figure = viz.maps_diagram(STAGES)
    patches, words = drawn(figure)
    assert len(patches) == 1 + 6 + 2 + 1 + 1
    assert [word for word in words if word] == [
        "28 × 28\n× 1", "image", "14 × 14\n× 16", "conv\npool", "7 × 14\n× 2", "conv", "64", "dense", "10", "out",
    ]  # fmt: skip
    wide = patches[-3]
    assert wide.get_width() > wide.get_height()
    assert patches[0].get_height() > patches[1].get_height() > wide.get_height()
    canvas.headline(figure, "A network")
    well_made(figure)


def test_networks_stand_below_each_other_and_what_is_strong_is_orange():
    patches, _ = drawn(viz.maps_diagram(STAGES, STAGES[:2], strong={(1, 0)}))
    first, second = patches[:11], patches[11:]
    assert len(second) == 7
    lowest = min(patch.get_y() for patch in first)
    assert max(patch.get_y() + patch.get_height() for patch in second) < lowest
    orange = [patch for patch in patches if style.palette["vermilion"] == to_hex(patch.get_edgecolor())]
    assert orange == second[:1]


def to_hex(color):
    from matplotlib import colors

    return colors.to_hex(color).upper()


@pytest.mark.parametrize(
    ("networks", "sentence"),
    [((), "nothing to draw"), (([],), "nothing to draw"), (([((28, 28), "image")],), r"'image' has shape \(28, 28\)"),
     (([((0,), "out")],), r"'out' has shape \(0,\)")],
)  # fmt: skip
def test_what_is_not_a_network_is_refused(networks, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.maps_diagram(*networks)

"""Where a kernel stops: as many rows as there are outputs, each cell over the place that it sees."""

import numpy as np
import pytest

from nnjax import viz
from nnjax.layers.conv import output_size
from nnjax.viz import canvas


def rows(figure, places, padding, kernel):
    """The places that each output sees, read from the cells that were drawn."""
    cells = figure.axes[0].patches[places + 2 * padding :]
    seen = np.array([cell.get_x() for cell in cells]).reshape(-1, kernel)
    heights = np.array([cell.get_y() for cell in cells]).reshape(-1, kernel)
    assert np.all(heights == heights[:, :1])
    assert np.all(np.diff(heights[:, 0]) < 0)
    return seen


@pytest.mark.parametrize(("kernel", "padding", "stride", "dilation"), [(3, 0, 1, 1), (3, 1, 2, 1), (2, 1, 3, 4)])
def test_the_rows_are_the_stops_of_the_layer(well_made, kernel, padding, stride, dilation):
    figure = viz.kernel_stops(7, kernel, padding=padding, stride=stride, dilation=dilation)
    seen = rows(figure, 7, padding, kernel)
    assert len(seen) == output_size(7, kernel, stride, padding, dilation)
    wanted = stride * np.arange(len(seen))[:, None] - padding + dilation * np.arange(kernel)
    np.testing.assert_array_equal(seen, wanted)
    canvas.headline(figure, "Where a kernel stops")
    texts = well_made(figure)
    assert texts.count("0") == 2 * padding
    assert f"$y_{{{len(seen) - 1}}}$" in texts


def test_weights_stand_in_the_cells_and_room_is_left_for_more_rows():
    weights = ["a", "b", "c"]
    figure, larger = viz.kernel_stops(5, 3, weights=weights), viz.kernel_stops(5, 3, weights=weights, rows=7)
    assert [text.get_text() for text in figure.axes[0].texts].count("b") == 3
    assert larger.axes[0].get_ylim()[0] == figure.axes[0].get_ylim()[0] - 4


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [((7, 3), {"weights": ["a"]}, "weights has 1 entries for a kernel of 3"), ((20, 3), {}, "there are 18 outputs"),
     ((2, 3), {}, "kernel|window")],
)  # fmt: skip
def test_what_has_no_room_is_refused(arguments, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.kernel_stops(*arguments, **options)

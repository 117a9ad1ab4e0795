"""Gradients on their way back through time: what is drawn, what is said, what is refused."""

import numpy as np
import pytest

from nnjax import viz

STEPS = np.arange(40, -1, -1.0)


def test_each_line_is_the_geometric_mean_from_the_end_back_on_a_logarithmic_axis(well_made):
    batch = np.stack([0.5**STEPS * 4, 0.5**STEPS / 4])
    figure = viz.gradients_over_time({"radius 0.5": batch, "radius 1.5": 1.5**STEPS})
    (axes,) = figure.axes
    vanishing, exploding, one = axes.lines
    np.testing.assert_allclose(vanishing.get_ydata(), 0.5 ** np.arange(41))
    np.testing.assert_allclose(exploding.get_ydata(), 1.5 ** np.arange(41))
    np.testing.assert_array_equal(exploding.get_xdata(), np.arange(41))
    assert one.get_ydata() == [1, 1]
    assert axes.get_yscale() == "log"
    texts = [text.replace("\u00a0", " ") for text in well_made(figure)]
    assert "radius 0.5" in texts
    assert "time steps back from the end, T − t" in texts
    (title,) = [text for text in texts if text.startswith("40 steps back")]
    assert " ".join(title.split()) == (
        "40 steps back, a gradient of 1 has become 9.1 × 10⁻¹³ (radius 0.5) and 1.1 × 10⁷ (radius 1.5)"
    )


def test_a_gradient_that_became_0_ends_its_line_and_one_line_is_enough(well_made):
    norms = np.concatenate([np.zeros(30), 0.01 ** STEPS[30:]])
    figure = viz.gradients_over_time({"Elman": norms})
    assert np.isnan(figure.axes[0].lines[0].get_ydata()[11:]).all()
    assert any("1.0 × 10⁻²⁰" in text.replace("\u00a0", " ") for text in well_made(figure))


def test_seven_lines_with_long_names_and_a_title(well_made):
    norms = {f"an LSTM of forget bias {k}, of width 512 and more": 0.9 ** (STEPS / (k + 1)) for k in range(7)}
    figure = viz.gradients_over_time(norms, title="Memory")
    assert figure.get_suptitle() == "Memory"
    well_made(figure)


@pytest.mark.parametrize(
    ("norms", "sentence"),
    [
        ({}, "norms has 0 series"),
        ({"a": [[[1.0]]]}, r"norms\['a'\] has shape \(1, 1, 1\)"),
        ({"a": [0.5, -1.0, 1.0]}, r"norms\['a'\] has a norm of -1"),
        ({"a": [0.5, 0.0]}, r"norms\['a'\] has a norm of 0; norms are not negative, and not 0 at the last step"),
        ({"a": [np.inf, 1.0]}, r"norms\['a'\]\[0, 0\] is inf"),
    ],
)
def test_bad_input(norms, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.gradients_over_time(norms)

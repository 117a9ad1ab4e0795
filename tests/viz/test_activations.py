"""Activations and derivatives: the curves are the functions."""

import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import activations, viz


def test_each_panel_shows_the_function_and_its_derivative(well_made):
    figure = viz.activation_functions()
    panels = [axes for axes in figure.axes if axes.lines]
    assert [axes.get_title(loc="left") for axes in panels] == list(activations.BY_NAME)
    for axes, f in zip(panels, activations.BY_NAME.values(), strict=True):
        value, slope = axes.lines
        z = jnp.asarray(value.get_xdata(), jnp.float32)
        kept = ~np.isnan(value.get_ydata())
        np.testing.assert_allclose(value.get_ydata()[kept], np.asarray(f(z))[kept], rtol=1e-6, atol=1e-6)
        kept = ~np.isnan(slope.get_ydata())
        wanted = np.gradient(np.asarray(f(z), np.float64), z)
        kept &= np.abs(z) > 0.05
        np.testing.assert_allclose(slope.get_ydata()[kept], wanted[kept], atol=2e-4)
        # A jump is a gap of one point: in the step and in the slopes of what has a kink.
        jumps = [int(np.isnan(curve.get_ydata()).sum()) for curve in (value, slope)]
        assert jumps == {"step": [1, 0], "relu": [0, 1], "leaky_relu": [0, 1]}.get(axes.get_title(loc="left"), [0, 0])
    well_made(figure)


@pytest.mark.parametrize("names", [["tanh"], ["sigmoid", "tanh", "relu"], ["relu", "elu", "gelu", "step", "tanh"]])
def test_any_selection_is_well_made(well_made, names):
    figure = viz.activation_functions(names, reach=3.0)
    assert [axes.get_title(loc="left") for axes in figure.axes if axes.lines] == names
    assert figure.axes[0].get_xlim() == (-3, 3)
    well_made(figure)


def test_bad_input():
    with pytest.raises(ValueError, match=r"unknown activation 'rely'; did you mean 'relu'\?"):
        viz.activation_functions(["rely"])
    with pytest.raises(ValueError, match="names is empty"):
        viz.activation_functions([])
    with pytest.raises(ValueError, match="reach is 0; it must be above 0"):
        viz.activation_functions(reach=0)

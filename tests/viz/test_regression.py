"""Fitted curves: the data as they are, the curve of apply, the error told."""

import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import viz
from nnjax.models import linear


def test_the_curve_is_apply_and_the_points_are_the_data(well_made):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 2, 30)
    d = 2 * x + 1 + rng.normal(0, 0.3, 30)
    good, bad = {"W": jnp.array([2.0]), "b": jnp.array(1.0)}, {"W": jnp.array([[0.0]]), "b": jnp.array([0.0])}
    figure = viz.fitted_curves({"a line": (linear.apply, good), "nothing": (linear.apply, bad)}, x[:, None], d)
    data, line, flat = figure.axes[0].lines
    np.testing.assert_array_equal(data.get_xydata(), np.column_stack([x, d]))
    np.testing.assert_allclose(line.get_ydata(), 2 * line.get_xdata() + 1, atol=1e-5)
    assert (line.get_xdata()[0], line.get_xdata()[-1]) == (x.min(), x.max())
    assert not np.any(flat.get_ydata())
    error = np.mean((2 * x + 1 - d) ** 2)
    texts = well_made(figure)
    assert f"a line, error {error:.3f}" in texts
    assert figure.get_suptitle() == "a line comes closest to the data"


@pytest.mark.parametrize(
    ("fits", "x", "d", "sentence"),
    [
        ({}, [1.0], [1.0], "fits has 0 series"),
        ({"f": (lambda p, x: x, None)}, [], [], "x is empty"),
        ({"f": (lambda p, x: x, None)}, [1.0, 2.0], [1.0], "x has 2 samples and d 1"),
        ({"f": (lambda p, x: x, None)}, [1.0, np.inf], [1.0, 2.0], r"x\[1\] is inf"),
        ({"f": (lambda p, x: jnp.hstack([x, x]), None)}, [1.0], [1.0], r"fits\['f'\] has 2 outputs"),
    ],
)
def test_bad_input(fits, x, d, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.fitted_curves(fits, x, d)

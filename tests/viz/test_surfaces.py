"""The loss surfaces: their minima, their starts, and the path of an optimizer."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nnjax import optimizers
from nnjax.viz.surfaces import SURFACES, descend


@pytest.mark.parametrize("name", SURFACES)
def test_the_minimum_is_a_minimum_of_value_zero_inside_the_window(name):
    surface = SURFACES[name]
    minimum = jnp.array(surface.minimum)
    assert surface.f(minimum) == 0
    around = np.linspace(0, 2 * np.pi, 64)
    for radius in (0.01, 0.1, 0.3):
        points = minimum[:, None] + radius * jnp.stack([jnp.cos(around), jnp.sin(around)])
        assert jnp.all(surface.f(points) > 0)
    left, right, bottom, top = surface.limits
    for x, y in (surface.minimum, surface.start):
        assert left < x < right
        assert bottom < y < top


def test_published_values():
    assert SURFACES["rosenbrock"].f(jnp.array([-1.2, 1.0])) == pytest.approx(24.2, rel=1e-5)
    assert SURFACES["beale"].f(jnp.array([1.0, 1.0])) == pytest.approx(1.5**2 + 2.25**2 + 2.625**2)


def test_descend_is_the_loop_written_out():
    f, start = SURFACES["ravine"].f, (-4.0, 1.0)
    path = descend(f, optimizers.sgd(0.05), start, 4)
    x, y = start
    for point in path:
        assert point == pytest.approx((x, y), rel=1e-5, abs=1e-6)
        x, y = x - 0.05 * x, y - 0.05 * 20 * y
    assert path.shape == (5, 2)
    np.testing.assert_allclose(
        descend(f, optimizers.adam(0.1), start, 30), descend(f, optax.adam(0.1), start, 30), rtol=1e-5, atol=1e-6
    )

"""Local response normalisation against its formula in loops, and its errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax.layers import local_response


@pytest.mark.parametrize("depth", [1, 3, 5, 9])
def test_each_channel_is_divided_by_its_neighbours(depth):
    x = np.random.default_rng(0).normal(size=(2, 3, 7))
    expected = np.empty_like(x)
    for place in np.ndindex(2, 3):
        for i in range(7):
            near = [x[place][j] ** 2 for j in range(7) if abs(i - j) <= depth // 2]
            expected[place][i] = x[place][i] / (1.5 + 0.2 * sum(near)) ** 0.6
    y = local_response.apply(jnp.asarray(x, jnp.float32), depth=depth, bias=1.5, alpha=0.2, beta=0.6)
    np.testing.assert_allclose(y, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("shape", "depth", "words"),
    [
        ((2, 4), 4, "depth is 4; it must be odd"),
        ((2, 4), 0, "depth holds 0"),
        ((2, 0), 5, r"x is empty: shape \(2, 0\)"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_what_is_wrong_is_named(shape, depth, words):
    with pytest.raises(ValueError, match=words):
        local_response.apply(jnp.zeros(shape), depth=depth)


def test_a_square_that_overflows_in_float16_is_no_matter():
    y = local_response.apply(jnp.full((1, 8), 300, jnp.float16))
    assert y.dtype == np.float16
    np.testing.assert_allclose(y, local_response.apply(jnp.full((1, 8), 300.0)), rtol=1e-3)


def test_float64_is_kept():
    with jax.enable_x64(True):
        assert jax.eval_shape(local_response.apply, jax.ShapeDtypeStruct((2, 4), np.float64)).dtype == np.float64

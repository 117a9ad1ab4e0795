"""Positions: the table of sines against its formula and its law of rotation, the learned table by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax.layers import positions


@pytest.mark.parametrize(("length", "width"), [(5, 4), (3, 7), (1, 1), (2000, 2)])
def test_sinusoidal_is_its_formula(length, width):
    table = np.asarray(positions.sinusoidal(length, width))
    assert table.dtype == np.float32
    for t in range(0, length, max(1, length // 5)):
        for j in range(width):
            angle = t / 10000 ** (2 * (j // 2) / width)
            np.testing.assert_allclose(table[t, j], np.cos(angle) if j % 2 else np.sin(angle), atol=1e-6)


def test_moving_by_k_places_is_one_rotation_for_all_places():
    with jax.enable_x64(True):
        table = np.asarray(positions.sinusoidal(40, 6))
    assert table.dtype == np.float64
    sines, cosines, k = table[:, 0::2], table[:, 1::2], 7
    moved = np.stack(
        [sines[:-k] * cosines[k] + cosines[:-k] * sines[k], cosines[:-k] * cosines[k] - sines[:-k] * sines[k]], -1
    )
    np.testing.assert_allclose(moved.reshape(-1, 6), table[k:], atol=1e-12)


def test_learned_rows_are_added_place_by_place_and_only_used_ones_learn():
    params = positions.learned_init(jax.random.key(0), 4, 3)
    assert params["W"].shape == (4, 3)
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 3, 3)), jnp.float32)
    y, pull_back = jax.vjp(positions.learned_apply, params, x)
    np.testing.assert_array_equal(y, x + params["W"][:3])
    grads, dx = pull_back(jnp.ones_like(y))
    assert grads["W"].tolist() == [[2.0] * 3] * 3 + [[0.0] * 3]
    assert dx.tolist() == np.ones((2, 3, 3)).tolist()


@pytest.mark.usefixtures("unchecked")
def test_errors():
    params = {"W": jnp.zeros((4, 3))}
    for apply in (positions.learned_apply, jax.jit(positions.learned_apply)):
        with pytest.raises(ValueError, match=r"x has 5 places, shape \(2, 5, 3\); there are positions for 4"):
            apply(params, jnp.zeros((2, 5, 3)))
        with pytest.raises(ValueError, match="the table of positions wants 3 features"):
            apply(params, jnp.zeros((2, 3, 4)))
        with pytest.raises(ValueError, match="x is empty"):
            apply(params, jnp.zeros((2, 0, 3)))
    with pytest.raises(ValueError, match="holds 0"):
        positions.sinusoidal(0, 4)
    with pytest.raises(ValueError, match="holds 0"):
        positions.learned_init(jax.random.key(0), 4, 0)

"""The worked example of lesson 04, to all printed digits, by hand and by jax.grad."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import losses, manual, models

W1, B1 = np.array([[0.15, 0.25], [0.20, 0.30]]), np.array([0.35, 0.35])
W2, B2 = np.array([[0.40, 0.50], [0.45, 0.55]]), np.array([0.60, 0.60])
PARAMS = [{"W": W1, "b": B1}, {"W": W2, "b": B2}]
X, D, RATE = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]]), 0.5
SETTINGS = {"activation": "sigmoid", "output_activation": "sigmoid"}


def by_hand():
    return manual.mlp.loss_and_grads(PARAMS, X, D, criterion=manual.losses.squared_error, **SETTINGS)


def by_jax():
    loss = partial(models.mlp.loss, criterion=losses.squared_error, **SETTINGS)
    with jax.enable_x64(True):
        value, grads = jax.value_and_grad(loss)(*jax.tree.map(jnp.asarray, (PARAMS, X, D)))
        return float(value), jax.tree.map(np.asarray, grads)


@pytest.mark.parametrize("way", [by_hand, by_jax])
def test_total_error_and_fifth_weight(way):
    total, grads = way()
    assert f"{total:.9f}" == "0.298371109"
    w5 = PARAMS[1]["W"][0, 0] - RATE * grads[1]["W"][0, 0]
    assert f"{w5:.8f}" == "0.35891648"


def test_the_tour_uses_these_very_numbers():
    from nnjax.tour import networks

    for layer, given in zip(PARAMS, networks.WORKED_PARAMS, strict=True):
        assert all((layer[name] == given[name]).all() for name in layer)


@pytest.mark.parametrize("way", [by_hand, by_jax])
def test_every_gradient_against_sums_written_out_for_each_weight(way):
    """Scalars only, weight by weight, as on the board."""

    def s(z):
        return 1 / (1 + np.exp(-z))

    i1, i2 = X[0]
    h1, h2 = s(0.15 * i1 + 0.20 * i2 + 0.35), s(0.25 * i1 + 0.30 * i2 + 0.35)
    o1, o2 = s(0.40 * h1 + 0.45 * h2 + 0.60), s(0.50 * h1 + 0.55 * h2 + 0.60)
    d1, d2 = (o1 - 0.01) * o1 * (1 - o1), (o2 - 0.99) * o2 * (1 - o2)
    e1 = (d1 * 0.40 + d2 * 0.50) * h1 * (1 - h1)
    e2 = (d1 * 0.45 + d2 * 0.55) * h2 * (1 - h2)
    _, grads = way()
    np.testing.assert_allclose(grads[1]["W"], [[d1 * h1, d2 * h1], [d1 * h2, d2 * h2]], rtol=1e-13)
    np.testing.assert_allclose(grads[1]["b"], [d1, d2], rtol=1e-13)
    np.testing.assert_allclose(grads[0]["W"], [[e1 * i1, e2 * i1], [e1 * i2, e2 * i2]], rtol=1e-13)
    np.testing.assert_allclose(grads[0]["b"], [e1, e2], rtol=1e-13)

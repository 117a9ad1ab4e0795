"""Linear regression against scikit-learn: in closed form and by gradient descent, on real data."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

from nnjax import optimizers
from nnjax.models import linear

KEY = jax.random.key(0)


solve = jax.jit(linear.solve)


@pytest.fixture(scope="module")
def diabetes():
    x, y = load_diabetes(return_X_y=True)
    return (x - x.mean(axis=0)) / x.std(axis=0), y


def test_the_closed_form_is_that_of_scikit_learn(diabetes):
    x, y = diabetes
    two = np.stack([y, -0.5 * y + x[:, 0]], axis=1)
    for targets in (y, two):
        best = LinearRegression().fit(x, targets)
        with jax.enable_x64(True):
            params = jax.tree.map(np.asarray, solve(x, targets))
        np.testing.assert_allclose(params["W"], best.coef_.T, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(params["b"], best.intercept_, rtol=1e-10)
    params = solve(x.astype(np.float32), y.astype(np.float32))
    predicted = linear.apply(params, jnp.asarray(x, jnp.float32))
    np.testing.assert_allclose(predicted, LinearRegression().fit(x, y).predict(x), rtol=1e-4)


def test_descent_with_momentum_arrives_there_too(diabetes):
    x, y = diabetes
    optimizer = optimizers.sgd(0.1, momentum=0.9)

    @jax.jit
    def descend(params, x, y):
        def step(carry, _):
            params, state = carry
            loss, grads = jax.value_and_grad(linear.loss)(params, x, y)
            updates, state = optimizer.update(grads, state)
            return (optax.apply_updates(params, updates), state), loss

        return jax.lax.scan(step, (params, optimizer.init(params)), length=5000)

    best = LinearRegression().fit(x, y)
    with jax.enable_x64(True):
        (params, _), losses = descend(linear.init(KEY, 10), jnp.asarray(x), jnp.asarray(y))
    np.testing.assert_allclose(params["W"], best.coef_, rtol=1e-5)
    np.testing.assert_allclose(params["b"], best.intercept_, rtol=1e-8)
    assert float(losses[-1]) == pytest.approx(0.5 * np.mean((best.predict(x) - y) ** 2), rel=1e-10)


def test_of_several_solutions_the_shortest_is_taken():
    x = np.array([[1.0, 1.0, 0.0], [2.0, 2.0, 0.0], [4.0, 4.0, 0.0]], np.float32)
    params = solve(x, np.array([3.0, 5.0, 9.0], np.float32))
    np.testing.assert_allclose(params["W"], [1, 1, 0], atol=1e-5)
    np.testing.assert_allclose(params["b"], 1, rtol=1e-4)


def test_integer_targets():
    params = solve(np.array([[2.0, 0.0], [4.0, 1.0], [0.0, 0.0]], np.float32), np.array([5, 6, 3]))
    np.testing.assert_allclose(params["W"], [1, -1], atol=1e-5)
    np.testing.assert_allclose(params["b"], 3, rtol=1e-5)


def test_init_is_small_and_random():
    params = linear.init(KEY, 200)
    assert params["b"].shape == ()
    assert 0.008 < float(jnp.std(params["W"])) < 0.012
    assert linear.init(KEY, 4, 3)["W"].shape == (4, 3)


@pytest.mark.usefixtures("unchecked")
def test_errors():
    with pytest.raises(ValueError, match=r"x is empty: shape \(0, 3\)"):
        linear.solve(jnp.zeros((0, 3)), jnp.zeros(0))
    with pytest.raises(ValueError, match="x has 5 samples and targets 4; there must be one target for each sample"):
        linear.solve(jnp.zeros((5, 3)), jnp.zeros(4))
    with pytest.raises(ValueError, match="x has 1 axes"):
        linear.solve(jnp.zeros(5), jnp.zeros(5))
    with pytest.raises(ValueError, match=r"y has shape \(5,\) and d \(5, 1\)"):
        linear.loss(linear.init(KEY, 3), jnp.zeros((5, 3)), jnp.zeros((5, 1)))

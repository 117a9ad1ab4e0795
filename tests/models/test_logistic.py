"""Logistic regression against scikit-learn on the breast cancer data, penalised and not."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy import special
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

from nnjax import losses, optimizers
from nnjax.models import logistic

KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def cancer():
    x, y = load_breast_cancer(return_X_y=True)
    return (x - x.mean(axis=0)) / x.std(axis=0), y


@jax.jit
def descend(params, x, y, rate):
    optimizer = optimizers.sgd(0.5, momentum=0.95)

    def objective(params):
        return logistic.loss(params, x, y) + losses.l2(params, rate)

    def step(carry, _):
        params, state = carry
        updates, state = optimizer.update(jax.grad(objective)(params), state)
        return (optax.apply_updates(params, updates), state), None

    return jax.lax.scan(step, (params, optimizer.init(params)), length=4000)[0][0]


@pytest.mark.parametrize(
    ("columns", "inverse_penalty"),
    [(slice(None), 1.0), (slice(None), 0.05), ([1, 4, 9], 1e12)],
    ids=["C=1", "C=0.05", "no penalty"],
)
def test_descent_arrives_where_scikit_learn_does(cancer, columns, inverse_penalty):
    """Scikit-learn minimises |W|^2 / 2 + C sum loss, that is C n times the mean loss + |W|^2 / (2 C n)."""
    x, y = cancer
    x = x[:, columns]
    theirs = LogisticRegression(C=inverse_penalty, tol=1e-10, max_iter=100_000).fit(x, y)
    with jax.enable_x64(True):
        start = logistic.init(KEY, x.shape[1])
        params = descend(start, jnp.asarray(x), jnp.asarray(y), 1 / (2 * inverse_penalty * len(x)))
        probability = np.asarray(logistic.probability(params, jnp.asarray(x)))
    np.testing.assert_allclose(params["W"], theirs.coef_[0], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(params["b"], theirs.intercept_[0], rtol=1e-3)
    np.testing.assert_allclose(probability, theirs.predict_proba(x)[:, 1], atol=1e-4)


def test_its_gradient_is_the_expression_of_linear_regression(cancer):
    x, y = (a[:50] for a in cancer)
    params = {"W": np.linspace(-1, 1, 30), "b": np.array(0.3)}
    with jax.enable_x64(True):
        grads = jax.tree.map(np.asarray, jax.jit(jax.grad(logistic.loss))(params, x, y))
    delta = (special.expit(x @ params["W"] + params["b"]) - y) / 50
    np.testing.assert_allclose(grads["W"], x.T @ delta, rtol=1e-10)
    np.testing.assert_allclose(grads["b"], delta.sum(), rtol=1e-10)


def test_the_probability_is_above_a_half_where_the_logit_is_positive():
    params = {"W": jnp.array([2.0, -1.0]), "b": jnp.array(0.5)}
    x = jnp.array([[1.0, 1.0], [0.0, 3.0], [-0.25, 0.0], [1000.0, 0.0], [-1000.0, 0.0]])
    logits = logistic.apply(params, x)
    assert logits.tolist() == [1.5, -2.5, 0, 2000.5, -1999.5]
    np.testing.assert_allclose(logistic.probability(params, x), special.expit(np.asarray(logits)), rtol=1e-6)


def test_several_outputs_are_independent_neurons():
    rng = np.random.default_rng(0)
    params = {"W": rng.normal(size=(3, 2)).astype(np.float32), "b": rng.normal(size=2).astype(np.float32)}
    x, d = rng.normal(size=(5, 3)).astype(np.float32), rng.integers(0, 2, (5, 2))
    loss = jax.jit(logistic.loss)
    alone = [float(loss({"W": params["W"][:, j], "b": params["b"][j]}, x, d[:, j])) for j in range(2)]
    assert float(loss(params, x, d)) == pytest.approx(sum(alone), rel=1e-6)

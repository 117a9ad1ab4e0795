"""ADALINE: the delta rule is gradient descent, stable exactly up to its bound; MADALINE learns XOR."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from nnjax.models import adaline

KEY = jax.random.key(0)


def drawn(n=30, inputs=3):
    rng = np.random.default_rng(0)
    xs = rng.normal(1.0, 2.0, (n, inputs))
    return xs, (xs @ rng.normal(size=inputs) + rng.normal(size=n) > 0).astype(np.int32)


@pytest.mark.parametrize("outputs", [None, 2])
def test_an_update_is_a_step_of_gradient_descent(outputs):
    xs, ys = drawn()
    targets = ys if outputs is None else np.stack([ys, 1 - ys], axis=1)
    rng = np.random.default_rng(1)
    params = {"W": rng.normal(size=(3, *targets.shape[1:])), "b": np.asarray(rng.normal(size=targets.shape[1:]))}

    @jax.jit
    def both(params, xs, targets):
        grads = jax.grad(adaline.loss)(params, xs, targets)
        return adaline.update(params, xs, targets, 0.1), jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)

    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), *both(params, xs, targets))


def test_the_largest_stable_rate_is_where_stability_ends():
    xs, ys = drawn()
    best = LinearRegression().fit(xs, ys)

    @jax.jit
    def distance(xs, ys, share):
        rate = share * adaline.largest_stable_rate(xs)
        start = {"W": jnp.zeros(3), "b": jnp.zeros(())}
        params = jax.lax.fori_loop(0, 3000, lambda _, p: adaline.update(p, xs, ys, rate), start)
        return jnp.max(jnp.abs(params["W"] - best.coef_)) + jnp.abs(params["b"] - best.intercept_)

    with jax.enable_x64(True):
        below, above = (float(distance(xs, ys, share)) for share in (0.99, 1.01))
    assert below < 1e-6
    assert above > 1e6


def test_the_largest_stable_rate_by_hand():
    """One input, +1 or -1: the mean of (x, 1)(x, 1)^T is the identity, so 2 / 1; doubled inputs: 2 / 4."""
    rate, xs = jax.jit(adaline.largest_stable_rate), np.array([[1.0], [-1.0]], np.float32)
    assert float(rate(xs)) == pytest.approx(2)
    assert float(rate(2 * xs)) == pytest.approx(0.5)


def test_the_answer_is_one_from_a_half_on():
    params = {"W": jnp.array([1.0]), "b": jnp.array(0.0)}
    x = jnp.array([[0.49], [0.5], [0.75], [-3.0]])
    assert adaline.predict(params, x).tolist() == [0, 1, 1, 0]
    assert adaline.apply(params, x).tolist() == x[:, 0].tolist()


BIPOLAR = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], np.float32)
XOR = np.array([0, 1, 1, 0])


def test_madaline_learns_xor_from_every_seed():
    """Widrow's own coding, inputs of +-1: two units and an OR are enough."""

    def learn(key):
        def sample(params, xy):
            return adaline.madaline_update(params, *xy, 0.6, votes=1), None

        repeated = jnp.tile(BIPOLAR, (100, 1)), jnp.tile(XOR, 100)
        params, _ = jax.lax.scan(sample, adaline.madaline_init(key, 2, 2), repeated)
        return adaline.madaline_apply(params, jnp.asarray(BIPOLAR), votes=1)

    answers = jax.jit(jax.vmap(learn))(jax.random.split(KEY, 100))
    np.testing.assert_array_equal(answers, np.tile(XOR, (100, 1)))


UNITS = {"W": jnp.array([[1.0, -1.0, 2.0], [0.0, 1.0, 1.0]]), "b": jnp.array([0.1, -0.2, 0.3])}


def test_the_vote():
    x = jnp.asarray(BIPOLAR)
    fires = np.asarray(x) @ np.asarray(UNITS["W"]) + np.asarray(UNITS["b"]) >= 0
    for votes in (1, 2, 3):
        expected = fires.sum(axis=1) >= votes
        np.testing.assert_array_equal(adaline.madaline_apply(UNITS, x, votes=votes), expected)


def test_least_disturbance_moves_the_wrong_unit_that_is_nearest_to_zero():
    """x = (1, 1): pre-activations 1.1, -0.2, 3.3. Two fire; y = 0 with 2 votes: unit 0 is the nearest that is wrong."""
    x, update = np.array([1.0, 1.0], np.float32), jax.jit(adaline.madaline_update, static_argnames="votes")
    new = update(UNITS, x, np.array(0), 0.5, votes=2)
    expected = np.array(UNITS["W"])
    expected[:, 0] += 0.5 * (-1 - 1.1)
    np.testing.assert_allclose(new["W"], expected, rtol=1e-5)
    np.testing.assert_allclose(new["b"], [0.1 + 0.5 * (-1 - 1.1), -0.2, 0.3], rtol=1e-5)
    # y = 1 with 3 votes: unit 1 alone is wrong, and goes towards +1.
    new = update(UNITS, x, np.array(1, np.uint8), 0.5, votes=3)
    np.testing.assert_allclose(new["b"], [0.1, -0.2 + 0.5 * (1 + 0.2), 0.3], rtol=1e-5)
    # A right vote changes nothing.
    jax.tree.map(np.testing.assert_array_equal, update(UNITS, x, np.array(1), 0.5, votes=2), UNITS)
    # A wrong target held in unsigned numbers moves it no less.
    unsigned = update(UNITS, x, np.array(0, np.uint8), 0.5, votes=2)
    np.testing.assert_allclose(unsigned["W"], expected, rtol=1e-5)


def test_madaline_starts_with_random_weights_and_biases():
    params = adaline.madaline_init(KEY, 3, 40)
    assert jax.tree.map(jnp.shape, params) == {"W": (3, 40), "b": (40,)}
    assert len(np.unique(params["b"])) == 40


@pytest.mark.usefixtures("unchecked")
def test_errors():
    xs, ys = (jnp.asarray(a) for a in drawn())
    with pytest.raises(ValueError, match=r"ys has shape \(30, 1\) and the outputs \(30,\)"):
        adaline.update(adaline.init(KEY, 3), xs, ys[:, None], 0.1)
    with pytest.raises(ValueError, match=r"logits|y has shape \(30,\) and d \(30, 1\)"):
        adaline.loss(adaline.init(KEY, 3), xs, ys[:, None])
    for votes in (0, 4):
        with pytest.raises(ValueError, match=rf"votes is {votes}; it must be at least 1 and at most 3"):
            adaline.madaline_apply(UNITS, jnp.asarray(BIPOLAR), votes=votes)
    with pytest.raises(ValueError, match=r"x has shape \(4, 2\) and the W of one unit \(2,\)"):
        adaline.madaline_update(UNITS, jnp.asarray(BIPOLAR), jnp.asarray(XOR), 0.1, votes=1)
    with pytest.raises(ValueError, match="y is 3; labels of 2 classes run from 0 to 1"):
        adaline.madaline_update(UNITS, jnp.asarray(BIPOLAR[0]), jnp.array(3), 0.1, votes=1)
    with pytest.raises(ValueError, match=r"xs is empty: shape \(0, 3\)"):
        adaline.update(adaline.init(KEY, 3), xs[:0], ys[:0], 0.1)
    with pytest.raises(ValueError, match=r"xs is empty: shape \(0, 3\)"):
        adaline.largest_stable_rate(xs[:0])
    with pytest.raises(ValueError, match=r"\(inputs, units\) holds 0"):
        adaline.madaline_init(KEY, 0, 2)

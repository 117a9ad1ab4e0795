"""Dropout in distribution, against the binomial law and against Flax; evaluation, keys and errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen
from scipy import stats

from nnjax.layers import dropout

KEY = jax.random.key(0)
SHAPE = (100, 60)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_each_entry_is_dropped_with_the_rate_and_the_rest_scaled(rate):
    x = np.random.default_rng(0).uniform(1, 2, SHAPE).astype(np.float32)
    y = np.asarray(dropout.apply(jnp.asarray(x), rate, key=KEY))
    kept = y != 0
    np.testing.assert_allclose(y[kept], x[kept] / (1 - rate), rtol=1e-6)
    assert stats.binomtest(int((~kept).sum()), x.size, rate).pvalue > 1e-4
    # Rows and columns are no unit of dropping: their counts scatter as independent entries do.
    expected = SHAPE[1] * rate * (1 - rate)
    assert 0.6 * expected < (~kept).sum(axis=1).var() < 1.6 * expected
    assert abs(y.mean() - x.mean()) < 5 * x.mean() * np.sqrt(rate / (1 - rate) / x.size)


def test_in_distribution_as_flax():
    x = jnp.ones(SHAPE)
    theirs = np.asarray(linen.Dropout(0.3, deterministic=False).apply({}, x, rngs={"dropout": KEY}))
    ours = np.asarray(dropout.apply(x, 0.3, key=KEY))
    np.testing.assert_allclose(np.unique(ours), np.unique(theirs), rtol=1e-6)
    dropped = [int((y == 0).sum()) for y in (ours, theirs)]
    assert stats.chi2_contingency([dropped, [x.size - n for n in dropped]]).pvalue > 1e-4


def test_evaluation_returns_the_input():
    x = jnp.arange(6.0)
    assert dropout.apply(x, 0.5) is x
    assert dropout.apply(x, 0.0, key=KEY) is x
    assert dropout.apply(x, 0, key=KEY) is x


def test_the_key_decides():
    x = jnp.ones(SHAPE)
    first = dropout.apply(x, 0.5, key=KEY)
    np.testing.assert_array_equal(dropout.apply(x, 0.5, key=KEY), first)
    other = dropout.apply(x, 0.5, key=jax.random.key(1))
    assert 0.4 < float(jnp.mean(first == other)) < 0.6


def test_the_gradient_is_the_mask():
    x = jnp.ones(SHAPE)
    gradient = jax.grad(lambda x: jnp.sum(dropout.apply(x, 0.2, key=KEY)))(x)
    np.testing.assert_array_equal(gradient, dropout.apply(x, 0.2, key=KEY))


def test_the_rate_may_be_traced():
    x = jnp.ones(SHAPE)
    many = jax.jit(jax.vmap(lambda rate: dropout.apply(x, rate, key=KEY)))(np.array([0.0, 0.2], np.float32))
    np.testing.assert_array_equal(many[0], x)
    np.testing.assert_allclose(many[1], dropout.apply(x, 0.2, key=KEY), rtol=1e-6)


def test_the_mask_is_the_same_in_float64():
    mask = np.asarray(dropout.mask(KEY, SHAPE, 0.3), np.float64)
    with jax.enable_x64(True):
        y = np.asarray(dropout.apply(jnp.ones(SHAPE, np.float64), 0.3, key=KEY))
    assert y.dtype == np.float64
    np.testing.assert_allclose(y, mask / 0.7, rtol=1e-12)
    assert jax.eval_shape(lambda x: dropout.apply(x, 0.3, key=KEY), jnp.ones(3, jnp.bfloat16)).dtype == jnp.bfloat16


@pytest.mark.parametrize("rate", [1.0, -0.1, float("nan"), 2.0])
@pytest.mark.parametrize("key", [None, KEY])
def test_an_impossible_rate_is_named(rate, key):
    with pytest.raises(ValueError, match=rf"rate is {rate:g}; it must be at least 0 and below 1"):
        dropout.apply(jnp.ones(3), rate, key=key)

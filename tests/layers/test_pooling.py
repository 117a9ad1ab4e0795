"""Pooling against Flax's and XLA's own, forward and backward; ties, not-a-number, and its errors."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from nnjax.layers import pooling
from nnjax.manual import pooling as by_hand


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def gradients(f, x):
    y = f(x)
    cotangent = jnp.cos(jnp.arange(y.size, dtype=y.dtype)).reshape(y.shape)
    return y, jax.grad(lambda x: jnp.sum(f(x) * cotangent))(x)


def assert_equal(ours, theirs):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), ours, theirs)


@pytest.mark.parametrize(
    ("shape", "size", "stride", "padding"),
    [
        ((2, 8, 6, 3), (2, 2), None, "VALID"),
        ((2, 7, 9, 2), (2, 3), None, "VALID"),
        ((1, 9, 8, 2), (3, 3), (2, 2), "VALID"),
        ((2, 7, 6, 1), (3, 2), (2, 1), ((1, 2), (0, 1))),
        ((2, 7, 5, 2), (3, 3), (2, 3), "SAME"),
        ((3, 9, 2), (3,), (1,), ((1, 1),)),
    ],
)
def test_outputs_and_gradients_are_those_of_flax(shape, size, stride, padding):
    @jax.jit
    def both(x):
        results = []
        for ours, theirs in ((pooling.max_pool, linen.max_pool), (pooling.average_pool, linen.avg_pool)):
            results.append(gradients(partial(ours, size=size, stride=stride, padding=padding), x))
            reference = partial(theirs, window_shape=size, strides=stride or size, padding=padding)
            results.append(gradients(reference, x))
        return results

    results = both(drawn(*shape))
    assert_equal(results[::2], results[1::2])


@settings(max_examples=8)
@given(st.data())
def test_any_setting_is_that_of_xla_ties_too(data):
    """Few whole numbers, so that most windows hold ties: the first one must get the gradient, as XLA has it."""
    axis = st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4)).filter(lambda a: a[0] >= a[1])
    n, size, stride = zip(data.draw(axis), data.draw(axis), strict=True)
    x = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 3, (2, *n, 2)).astype(np.float32)
    padding = data.draw(st.sampled_from(["VALID", "SAME"]))

    @jax.jit
    def both(x):
        def theirs(x):
            return lax.reduce_window(x, -jnp.inf, lax.max, (1, *size, 1), (1, *stride, 1), padding)

        return gradients(partial(pooling.max_pool, size=size, stride=stride, padding=padding), x), gradients(theirs, x)

    ours, theirs = both(x)
    assert_equal(ours, theirs)
    y, cache = by_hand.max_pool_forward(x.astype(float), size, stride=stride, padding=padding)
    np.testing.assert_array_equal(y, ours[0])
    dy = np.cos(np.arange(y.size)).reshape(y.shape)
    np.testing.assert_allclose(by_hand.max_pool_backward(cache, dy), ours[1], rtol=1e-5, atol=1e-6)


def test_of_equal_values_the_first_gets_the_gradient():
    x = jnp.ones((1, 4, 4, 1))
    expected = np.zeros((4, 4))
    expected[::2, ::2] = 1
    slope = jax.grad(lambda x: jnp.sum(pooling.max_pool(x, 2)))(x)
    np.testing.assert_array_equal(slope[0, :, :, 0], expected)
    whole = jax.grad(lambda x: jnp.sum(pooling.global_max_pool(x)))(x)
    assert np.argwhere(whole).tolist() == [[0, 0, 0, 0]]
    y, cache = by_hand.global_max_pool_forward(np.ones((1, 4, 4, 1)))
    np.testing.assert_array_equal(by_hand.global_max_pool_backward(cache, np.ones_like(y)), whole)


def test_what_is_left_over_is_dropped_and_gets_no_gradient():
    x = jnp.asarray(drawn(1, 5, 7, 1))
    for pool in (pooling.max_pool, pooling.average_pool):
        assert pool(x, 2).shape == (1, 2, 3, 1)
        slope = jax.grad(lambda x, pool=pool: jnp.sum(pool(x, 2)))(x)
        assert not slope[:, 4:].any()
        assert not slope[:, :, 6:].any()


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_nan_is_not_hidden(place):
    x = np.ones((1, 4, 1), np.float32)
    x[0, place] = np.nan
    assert np.isnan(pooling.max_pool(jnp.asarray(x), 4)).all()
    assert np.isnan(pooling.global_max_pool(jnp.asarray(x))).all()


@jax.jit
def pooled(x):
    return {
        "global max": gradients(pooling.global_max_pool, x),
        "global mean": gradients(pooling.global_average_pool, x),
        "to one": gradients(lambda x: pooling.adaptive_average_pool(x, 1), x),
        "to half": gradients(lambda x: pooling.adaptive_average_pool(x, (3, 2)), x),
        "max of all": gradients(lambda x: pooling.max_pool(x, x.shape[1:3]), x),
        "mean of all": gradients(lambda x: pooling.average_pool(x, x.shape[1:3]), x),
        "mean of halves": gradients(lambda x: pooling.average_pool(x, 2), x),
    }


def test_global_and_adaptive_pooling_are_pooling_over_all_places():
    found = {name: jax.tree.map(np.squeeze, value) for name, value in pooled(drawn(2, 6, 4, 3)).items()}
    assert found["global max"][0].shape == (2, 3)
    assert_equal(found["global max"], found["max of all"])
    assert_equal(found["global mean"], found["mean of all"])
    assert_equal(found["global mean"], found["to one"])
    assert_equal(found["to half"], found["mean of halves"])


def test_adaptive_pooling_cuts_an_axis_into_as_many_windows_as_wanted():
    x = jnp.arange(5.0).reshape(1, 5, 1)
    wanted = {1: [2.0], 2: [1.0, 3.0], 3: [0.5, 2.0, 3.5], 5: [0, 1, 2, 3, 4], 10: np.repeat(np.arange(5.0), 2)}
    for length, expected in wanted.items():
        np.testing.assert_allclose(pooling.adaptive_average_pool(x, length)[0, :, 0], expected, rtol=1e-6)


@pytest.mark.usefixtures("unchecked")
def test_means_of_whole_numbers_are_not_rounded():
    for pool in (partial(pooling.average_pool, size=2), partial(pooling.adaptive_average_pool, lengths=2)):
        assert pool(jnp.arange(4).reshape(1, 4, 1)).ravel().tolist() == [0.5, 2.5]


@pytest.mark.parametrize("pool", [pooling.max_pool, pooling.average_pool])
@pytest.mark.parametrize(
    ("shape", "size", "setting", "words"),
    [
        ((2, 3, 8, 1), 4, {}, "size of 4 places does not fit into an axis of 3 places"),
        ((2, 8, 8), (2, 2), {}, r"size is \(2, 2\); it must be one whole number or 1, one for each axis"),
        ((2, 8, 8, 1), 0, {}, "size holds 0"),
        ((2, 8, 8, 1), 2, {"stride": 0}, "stride holds 0"),
        ((2, 8, 8, 1), 2, {"padding": 2}, "padding is 2; it must be less than the size of the window, 2"),
        ((8, 8), 2, {}, r"x has shape \(8, 8\); pooling wants \(batch, height, width, channels\)"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_what_is_wrong_is_named_also_under_jit(pool, shape, size, setting, words):
    for f in (pool, jax.jit(pool, static_argnames=("size", "stride", "padding"))):
        with pytest.raises(ValueError, match=words):
            f(jnp.zeros(shape), size=size, **setting)


@pytest.mark.usefixtures("unchecked")
def test_an_empty_map_has_no_mean_and_no_largest():
    for pool in (
        pooling.global_max_pool,
        pooling.global_average_pool,
        partial(pooling.adaptive_average_pool, lengths=2),
    ):
        with pytest.raises(ValueError, match=r"x is empty: shape \(2, 0, 3\)"):
            pool(jnp.zeros((2, 0, 3)))
    with pytest.raises(ValueError, match="lengths holds 0"):
        pooling.adaptive_average_pool(jnp.zeros((2, 4, 4, 3)), (2, 0))


def test_float64_is_kept():
    def run(x):
        return pooling.max_pool(x, 2), pooling.average_pool(x, 2), pooling.adaptive_average_pool(x, 3)

    with jax.enable_x64(True):
        out = jax.eval_shape(run, jax.ShapeDtypeStruct((2, 4, 4, 1), np.float64))
    assert {leaf.dtype for leaf in out} == {np.dtype(np.float64)}

"""The Hopfield network against plain NumPy: the energy never rises, memory works, and breaks down near 0.138 N."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnjax import manual
from nnjax.models import hopfield

KEY = jax.random.key(0)
recall = jax.jit(hopfield.recall, static_argnames="steps")


def signs(seed, *shape):
    return np.random.default_rng(seed).choice([-1.0, 1.0], shape).astype(np.float32)


def test_store_is_the_sum_of_outer_products_over_n_without_a_diagonal():
    patterns = signs(0, 3, 5)
    expected = sum(np.outer(x, x) for x in patterns) / 5
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(hopfield.store(jnp.asarray(patterns)), expected, rtol=1e-6)
    np.testing.assert_allclose(manual.hopfield.store(patterns.astype(float)), expected, rtol=1e-6)
    np.testing.assert_allclose(hopfield.store(jnp.asarray(patterns, jnp.int32)), expected, rtol=1e-6)


def test_energy_by_hand():
    """Two neurons that hold (1, 1): W = 1/2 between them, E = -1/2 when they agree and 1/2 when they do not."""
    weights = hopfield.store(jnp.ones((1, 2)))
    assert weights.tolist() == [[0, 0.5], [0.5, 0]]
    assert hopfield.energy(weights, jnp.array([[1, 1], [-1, -1], [1, -1]])).tolist() == [-0.5, -0.5, 0.5]
    assert float(hopfield.energy(weights, jnp.array([1, -1]))) == 0.5


# 16 neurons: all weights are multiples of 1/16, so every sum is exact and nothing is left to rounding.
@jax.jit
def every_update(patterns, state, order):
    weights = hopfield.store(patterns)

    def one(state, neuron):
        new = hopfield.update(weights, state, neuron)
        fall = hopfield.energy(weights, state) - hopfield.energy(weights, new)
        return new, (fall, new[neuron] != state[neuron], jnp.abs(state @ weights[neuron]))

    return jax.lax.scan(one, state, order)


@given(seed=st.integers(0, 9999), kinds=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_no_single_update_raises_the_energy_and_each_change_lowers_it_by_twice_the_field(seed, kinds):
    rng = np.random.default_rng(seed)
    patterns = rng.choice(signs(seed, kinds, 16), 8)  # some of them more than once
    _, (falls, turned, fields) = every_update(patterns, signs(seed + 1, 16), rng.integers(0, 16, 64))
    np.testing.assert_array_equal(falls, np.where(turned, 2 * fields, 0))
    assert (np.asarray(falls) >= 0).all()
    assert not np.any(np.asarray(turned) & (np.asarray(falls) == 0))


@given(seed=st.integers(0, 9999), patterns=st.sampled_from([1, 4]), steps=st.sampled_from([1, 3]))
@settings(max_examples=10, deadline=None)
def test_recall_is_the_plain_loop_bit_for_bit(seed, patterns, steps):
    weights = manual.hopfield.store(signs(seed, patterns, 16).astype(float))
    states = signs(seed + 1, 5, 16)
    expected = manual.hopfield.recall(weights, states, steps)
    np.testing.assert_array_equal(recall(weights.astype(np.float32), states, steps=steps), expected)


def test_a_lightly_loaded_network_holds_its_patterns_and_their_opposites():
    patterns = signs(0, 8, 200)
    weights = hopfield.store(jnp.asarray(patterns))
    both = np.concatenate([patterns, -patterns])
    np.testing.assert_array_equal(recall(weights, both, steps=1), both)


@pytest.mark.parametrize("key", [None, KEY], ids=["in order", "random order"])
def test_recall_mends_a_fifth_of_the_bits(key):
    patterns = signs(0, 8, 200)
    damaged = patterns.copy()
    for n, row in enumerate(damaged):
        row[np.random.default_rng(n).choice(200, 40, replace=False)] *= -1
    weights = hopfield.store(jnp.asarray(patterns))
    assert (hopfield.energy(weights, jnp.asarray(damaged)) > hopfield.energy(weights, jnp.asarray(patterns))).all()
    np.testing.assert_array_equal(recall(weights, damaged, steps=3, key=key), patterns)


def test_the_network_settles_from_anywhere():
    weights = hopfield.store(jnp.asarray(signs(0, 20, 64)))
    settled = recall(weights, signs(1, 50, 64), steps=30)
    np.testing.assert_array_equal(recall(weights, settled, steps=1), settled)
    np.testing.assert_array_equal(recall(weights, settled, steps=1, key=KEY), settled)


def test_the_random_order_is_the_keys():
    weights, states = hopfield.store(jnp.asarray(signs(0, 20, 64))), signs(1, 20, 64)
    first = recall(weights, states, steps=1, key=KEY)
    np.testing.assert_array_equal(recall(weights, states, steps=1, key=KEY), first)
    assert not np.array_equal(recall(weights, states, steps=1, key=jax.random.key(1)), first)
    assert not np.array_equal(recall(weights, states, steps=1), first)


def test_each_sweep_asks_each_neuron_once():
    """Every neuron is told to be unlike all others: after a sweep in any order each has turned at most once."""
    neurons = 6
    weights = jnp.asarray(np.eye(neurons) - 1, jnp.float32)
    state = jnp.ones(neurons)
    for key in (None, *jax.random.split(KEY, 5)):
        assert int(jnp.sum(recall(weights, state, steps=1, key=key))) == 0
    # In order, the first three turn; then three are +1 and three -1, and a neuron that is +1 sees more -1.
    assert recall(weights, state, steps=1).tolist() == [-1, -1, -1, 1, 1, 1]


def test_no_steps_change_nothing_and_dtypes_are_kept():
    weights, states = hopfield.store(jnp.asarray(signs(0, 20, 64))), jnp.asarray(signs(1, 3, 64))
    for key in (None, KEY):
        np.testing.assert_array_equal(hopfield.recall(weights, states, 0, key=key), states)
    whole = hopfield.recall(weights, states.astype(jnp.int8), 2)
    assert whole.dtype == jnp.int8
    np.testing.assert_array_equal(whole, hopfield.recall(weights, states, 2))
    with jax.enable_x64(True):
        doubled = jnp.asarray(signs(0, 2, 8), jnp.float64)
        assert hopfield.store(doubled).dtype == jnp.float64
        assert hopfield.energy(hopfield.store(doubled), doubled).dtype == jnp.float64


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("dtype", [int, float])
def test_numpy_arrays_are_taken_too(dtype):
    weights, states = manual.hopfield.store(signs(0, 2, 16).astype(float)), signs(1, 3, 16).astype(dtype)
    np.testing.assert_array_equal(hopfield.recall(weights, states, 2), manual.hopfield.recall(weights, states, 2))
    for state, after in zip(states, np.asarray(hopfield.update(weights, states, 3)), strict=True):
        np.testing.assert_array_equal(after, [*state[:3], np.sign(state @ weights[3]) or state[3], *state[4:]])


def test_a_neuron_that_nothing_reaches_stays_as_it_is():
    np.testing.assert_array_equal(hopfield.recall(jnp.zeros((4, 4)), jnp.array([1, -1, -1, 1])), [1, -1, -1, 1])


def test_memory_breaks_down_near_a_load_of_0138():
    """Amit, Gutfreund and Sompolinsky (1985), starting at the stored patterns: 97 % overlap below, a blur above."""
    loads = (0.05, 0.1, 0.12, 0.138, 0.16, 0.18, 0.2, 0.25)
    measure = jax.jit(lambda key: hopfield.capacity(key, 500, loads))
    right = np.mean([measure(key) for key in jax.random.split(KEY, 3)], axis=0)
    overlap = dict(zip(loads, 2 * right - 1, strict=True))
    assert overlap[0.05] > 0.999
    assert overlap[0.1] > 0.99
    assert overlap[0.12] > 0.98
    assert overlap[0.138] > 0.9
    assert overlap[0.18] < 0.8
    assert overlap[0.2] < 0.6
    assert overlap[0.25] < 0.45
    steepest = int(np.argmax(-np.diff(list(overlap.values())) / np.diff(loads)))
    assert 0.138 <= loads[steepest] < 0.2


@pytest.mark.slow
def test_the_larger_the_network_the_sharper_the_breakdown():
    loads = (0.12, 0.17)
    right = {n: np.asarray(hopfield.capacity(KEY, n, loads, probes=40, steps=40)) for n in (100, 400, 1600)}
    drops = [float(r[0] - r[1]) for r in right.values()]
    assert drops == sorted(drops)
    assert right[1600][0] > 0.99
    assert right[1600][1] < 0.85


def test_capacity_counts_bits():
    """One pattern is always recalled; with all bits flipped its opposite is, and not one bit is right."""
    np.testing.assert_array_equal(hopfield.capacity(KEY, 40, [1 / 40], steps=2), [1])
    np.testing.assert_array_equal(hopfield.capacity(KEY, 40, [1 / 40], flipped=1.0, steps=2), [0])
    several = hopfield.capacity(KEY, 60, [0.05, 0.5], flipped=0.2, steps=5)
    assert several.shape == (2,)
    assert float(several[0]) > float(several[1]) > 0.5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: hopfield.store(jnp.zeros((0, 3))), r"patterns is empty: shape \(0, 3\)"),
        (lambda: hopfield.store(jnp.ones(3)), r"patterns has 1 axes, shape \(3,\); it must have at least 2"),
        (lambda: hopfield.store(jnp.array([[1, 0, 1]])), r"patterns\[0, 1\] is 0; every neuron must be \+1 or -1"),
        (
            lambda: hopfield.energy(jnp.ones((3, 3)), jnp.ones(4)),
            r"state has shape \(4,\); the Hopfield network wants 3",
        ),
        (
            lambda: hopfield.energy(jnp.ones((3, 4)), jnp.ones(4)),
            r"weights has shape \(3, 4\); it must be \(neurons, neur",
        ),
        (lambda: jax.jit(hopfield.update)(jnp.ones((3, 3)), jnp.ones(4), 0), r"state has shape \(4,\)"),
        (lambda: recall(jnp.ones((3, 3)), jnp.ones(4), steps=1), r"state has shape \(4,\)"),
        (lambda: hopfield.recall(jnp.ones((3, 3)), jnp.array([1, 2, 1])), r"state\[1\] is 2; every neuron must be"),
        (lambda: hopfield.recall(jnp.ones((3, 3)), jnp.ones(3), -1), "steps is -1; it must be a whole number of at le"),
        (lambda: hopfield.recall(jnp.ones((3, 3)), jnp.ones(3), 1.5), "steps is 1.5; it must be a whole number of at"),
        (lambda: hopfield.capacity(KEY, 0, [0.1]), r"\(neurons, probes, steps\) holds 0"),
        (
            lambda: hopfield.capacity(KEY, 10, [0.1, 0.01]),
            r"loads is \[0.1, 0.01\]; each load times 10 neurons must give",
        ),
        (lambda: hopfield.capacity(KEY, 10, []), r"loads is \[\]; each load"),
        (lambda: hopfield.capacity(KEY, 10, [0.1], flipped=1.5), "flipped is 1.5; it must be at least 0 and at most 1"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call()

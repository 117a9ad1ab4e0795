"""What all recurrent layers must do: unroll their step, hand on their state, and carry the gradient back by hand."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnjax import manual
from nnjax.compiling import QUICK
from nnjax.layers import elman, gru, lstm, recurrence

KEY = jax.random.key(0)
quickly = partial(jax.jit, compiler_options=QUICK)
CELLS = {"elman": (elman, 1, 1), "lstm": (lstm, 4, 2), "gru": (gru, 3, 1)}
"""The layer, the number of its gates and that of the arrays in its state."""


def drawn(name, batch=2, time=5, inputs=3, hidden=4):
    """Return (params, xs, state) without a zero."""
    rng, (_, gates, states) = np.random.default_rng(1), CELLS[name]
    shapes = {"Wx": (inputs, gates * hidden), "Wh": (hidden, gates * hidden), "b": (gates * hidden,)}
    params = {key: jnp.asarray(rng.normal(0, 0.7, shape), jnp.float32) for key, shape in shapes.items()}
    parts = tuple(jnp.asarray(rng.normal(size=(batch, hidden)), jnp.float32) for _ in range(states))
    xs = jnp.asarray(rng.normal(size=(batch, time, inputs)), jnp.float32)
    return params, xs, parts if states > 1 else parts[0]


def step_by_step(layer, params, xs, state):
    """Return what apply returns, by a loop in Python over ``step``, differentiated by JAX."""
    outputs = []
    for t in range(xs.shape[1]):
        state = layer.step(params, state, xs[:, t])
        outputs.append(state[0] if isinstance(state, tuple) else state)
    return jnp.stack(outputs, axis=1), state


def assert_close(a, b, rtol=2e-5):
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=rtol, atol=2e-6), a, b)


@pytest.mark.parametrize("name", CELLS)
def test_outputs_gradients_and_second_gradients_are_those_of_the_step_repeated(name):
    layer = CELLS[name][0]

    def cost(apply, params, xs, state):
        outputs, state = apply(params, xs, state)
        return jnp.sum(jnp.cos(outputs)) + sum(jnp.sum(part**2) for part in jax.tree.leaves(state))

    def steepness(apply, params, xs, state):
        return sum(jnp.sum(g**2) for g in jax.tree.leaves(jax.grad(cost, (1, 2, 3))(apply, params, xs, state)))

    @quickly
    def both(params, xs, state):
        ways = layer.apply, lambda params, xs, state: step_by_step(layer, params, xs, state)
        return [
            (apply(params, xs, state), *(jax.grad(f, (1, 2, 3))(apply, params, xs, state) for f in (cost, steepness)))
            for apply in ways
        ]

    ours, theirs = both(*drawn(name, time=3))
    assert_close(ours, theirs, rtol=1e-4)


@pytest.mark.parametrize("name", CELLS)
@given(batch=st.integers(1, 3), time=st.integers(1, 6), inputs=st.integers(1, 3), hidden=st.integers(1, 4))
@settings(max_examples=4)
def test_any_length_and_size_is_that_by_hand(name, batch, time, inputs, hidden):
    params, xs, state = drawn(name, batch, time, inputs, hidden)
    (outputs, last), _ = getattr(manual, name).forward(
        *jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), (params, xs, state))
    )
    assert_close(CELLS[name][0].apply(params, xs, state), (outputs, last))


@pytest.mark.parametrize("name", CELLS)
def test_a_sequence_in_two_parts_the_state_handed_on_is_the_whole(name):
    layer = CELLS[name][0]
    params, xs, _ = drawn(name)
    outputs, last = layer.apply(params, xs)
    first, state = layer.apply(params, xs[:, :2])
    second, end = layer.apply(params, xs[:, 2:], state)
    assert_close((outputs, last), (jnp.concatenate([first, second], axis=1), end))
    np.testing.assert_array_equal(outputs[:, -1], last[0] if isinstance(last, tuple) else last)


@pytest.mark.parametrize("name", CELLS)
def test_under_vmap_and_inside_scan(name):
    layer = CELLS[name][0]
    params, xs, state = drawn(name)
    many = jax.tree.map(lambda leaf: jnp.stack([leaf, 0.5 * leaf]), params)

    def gradient(params):
        return jax.grad(lambda params: jnp.sum(layer.apply(params, xs, state)[0] ** 2))(params)

    @quickly
    def ways(many):
        alone = gradient(jax.tree.map(lambda leaf: leaf[1], many))
        mapped = jax.tree.map(lambda leaf: leaf[1], jax.vmap(gradient)(many))
        _, scanned = jax.lax.scan(lambda _, params: (None, gradient(params)), None, many)
        return alone, mapped, jax.tree.map(lambda leaf: leaf[1], scanned)

    alone, mapped, scanned = ways(many)
    assert_close(mapped, alone)
    assert_close(scanned, alone)


@pytest.mark.parametrize("name", CELLS)
def test_init_has_an_orthogonal_block_for_each_gate_and_zero_biases_but_for_the_forget_gate(name):
    layer, gates, _ = CELLS[name]
    params = layer.init(KEY, 3, 5)
    assert jax.tree.map(jnp.shape, params) == {"Wx": (3, 5 * gates), "Wh": (5, 5 * gates), "b": (5 * gates,)}
    blocks = np.stack(np.split(np.asarray(params["Wh"]), gates, axis=1))
    np.testing.assert_allclose(np.swapaxes(blocks, 1, 2) @ blocks, np.stack([np.eye(5)] * gates), atol=1e-6)
    assert len(np.unique(np.concatenate([params["Wx"].ravel(), params["Wh"].ravel()]))) == (3 + 5) * 5 * gates
    assert np.abs(params["Wx"]).max() <= np.sqrt(6 / (3 + 5))
    expected = [0] * 5 + [1] * 5 + [0] * 10 if name == "lstm" else [0] * 5 * gates
    assert params["b"].tolist() == expected


def test_the_gradient_by_shared_weights_is_one_product_outside_of_the_loop():
    params, xs, _ = drawn("lstm", time=7)
    jaxpr = str(jax.make_jaxpr(jax.grad(lambda params: jnp.sum(lstm.apply(params, xs)[0])))(params))
    whole, per_step = "f32[4,16] = dot_general", "f32[2,4] = dot_general"
    assert jaxpr.count(whole) == 1, "dWh, (hidden, 4 hidden), once"
    assert jaxpr.count(per_step) == 1, "delta Wh^T, (batch, hidden), in the loop's body"


@pytest.mark.parametrize("sizes", [(0, 4), (3, 0), (3, 2.5)])
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.usefixtures("unchecked")
def test_an_impossible_size_is_named(name, sizes):
    with pytest.raises(ValueError, match=r"\(inputs, hidden\) holds"):
        CELLS[name][0].init(KEY, *sizes)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.usefixtures("unchecked")
def test_wrong_sequences_and_states_are_named_also_under_jit(name):
    layer, _, states = CELLS[name]
    params, _, state = drawn(name)
    for apply in (layer.apply, jax.jit(layer.apply)):
        with pytest.raises(ValueError, match=r"xs has shape \(2, 5, 4\); the recurrent layer wants 3 features"):
            apply(params, jnp.zeros((2, 5, 4)))
        with pytest.raises(ValueError, match=r"xs is empty: shape \(2, 0, 3\)"):
            apply(params, jnp.zeros((2, 0, 3)))
        with pytest.raises(ValueError, match=r"xs has 2 axes, shape \(5, 3\); it must be \(batch, time, inputs\)"):
            apply(params, jnp.zeros((5, 3)))
        words = rf"state has the shapes .*\(2, 4\).*; it must be {states} of \(3, 4\), \(batch, hidden\)"
        with pytest.raises(ValueError, match=words):
            apply(params, jnp.zeros((3, 5, 3)), state)
    for step in (layer.step, jax.jit(layer.step)):
        with pytest.raises(ValueError, match=r"x has shape \(2, 4\); the recurrent layer wants 3 features"):
            step(params, state, jnp.zeros((2, 4)))
        with pytest.raises(ValueError, match=words):
            step(params, state, jnp.zeros((3, 3)))


@pytest.mark.parametrize("other", CELLS)
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.usefixtures("unchecked")
def test_the_parameters_and_the_state_of_another_layer_are_named(name, other):
    layer, gates, states = CELLS[name]
    (params, xs, _), (others, _, state) = drawn(name), drawn(other)
    if gates != CELLS[other][1]:
        words = rf"params\['Wh'\] has shape .*; it must be \(4, {4 * gates}\), {gates} blocks of columns"
        with pytest.raises(ValueError, match=words):
            layer.apply(others, xs)
        with pytest.raises(ValueError, match=words):
            layer.step(others, state, xs[:, 0])
    if states != CELLS[other][2]:
        words = rf"state has the shapes .*; it must be {states} of \(2, 4\)"
        with pytest.raises(ValueError, match=words):
            layer.apply(params, xs, state)
        with pytest.raises(ValueError, match=words):
            layer.step(params, state, xs[:, 0])


@pytest.mark.usefixtures("unchecked")
def test_the_lstm_needs_both_parts_of_its_state():
    params, xs, (h, _) = drawn("lstm")
    with pytest.raises(ValueError, match=r"state has the shapes \[\(2, 4\)\]; it must be 2 of \(2, 4\)"):
        lstm.apply(params, xs, (h,))


@pytest.mark.parametrize("name", CELLS)
def test_float64_is_kept(name):
    layer = CELLS[name][0]

    def run(key, xs):
        params = layer.init(key, 3, 2)
        return layer.apply(params, xs), jax.grad(lambda params: jnp.sum(layer.apply(params, xs)[0]))(params)

    with jax.enable_x64(True):
        out = jax.eval_shape(run, KEY, np.zeros((4, 5, 3)))
    assert {leaf.dtype for leaf in jax.tree.leaves(out)} == {np.dtype(np.float64)}


def test_summed_products():
    rng = np.random.default_rng(0)
    h, da = rng.normal(size=(4, 2, 3)).astype(np.float32), rng.normal(size=(4, 2, 5)).astype(np.float32)
    expected = sum(h[t].T @ da[t] for t in range(4))
    np.testing.assert_allclose(recurrence.summed_products(jnp.asarray(h), jnp.asarray(da)), expected, rtol=1e-5)

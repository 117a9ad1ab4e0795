"""Vanishing and exploding gradients: the norms against NumPy, and the claims about them tested."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnjax.layers import elman, gru, lstm, memory

KEY = jax.random.key(0)
norms_of = jax.jit(memory.gradient_norms, static_argnums=0)


def linear_step(params, h, x):
    return x @ params["Wx"] + h @ params["Wh"] + params["b"]


def network(radius, hidden=32, seed=0, *, normal=True):
    """Return an Elman network whose Wh is normal random, or orthogonal, and has this spectral radius."""
    params = elman.init(jax.random.key(seed), 2, hidden)
    W = jax.random.normal(jax.random.key(seed + 1), (hidden, hidden)) if normal else params["Wh"]
    return params | {"Wh": memory.with_spectral_radius(W, radius)}


def inputs(time, batch=2, hidden=32, seed=5):
    keys = jax.random.split(jax.random.key(seed))
    return jax.random.normal(keys[0], (batch, time, 2)), jax.random.normal(keys[1], (batch, hidden))


def test_the_norms_of_an_elman_layer_are_those_of_the_products_of_the_formula():
    params = network(1.1, hidden=6)
    xs, h0 = inputs(7, hidden=6)
    norms = norms_of(elman.step, params, xs, h0)
    hs, _ = elman.apply(params, xs, h0)
    for n in range(2):
        product, expected = np.eye(6), [1.0]
        for t in reversed(range(7)):
            product = product @ np.diag(1 - np.asarray(hs[n, t], float) ** 2) @ np.asarray(params["Wh"], float).T
            expected.append(np.linalg.norm(product, 2))
        np.testing.assert_allclose(norms[n], expected[::-1], rtol=1e-4)


@pytest.mark.parametrize("layer", [lstm, gru])
def test_of_other_layers_they_are_those_of_the_unrolled_network_differentiated(layer):
    params = layer.init(KEY, 2, 3)
    xs, h0 = inputs(4, hidden=3)
    state = (h0, 2 * h0) if layer is lstm else h0
    norms = norms_of(layer.step, params, xs, state)

    def last(flat, xs):
        return jnp.concatenate(jax.tree.leaves(layer.apply(params, xs[None], unflatten(flat))[1]), axis=-1)[0]

    def unflatten(flat):
        return (flat[None, :3], flat[None, 3:]) if layer is lstm else flat[None]

    whole = jax.jit(jax.jacrev(last))
    for n in range(2):
        flat = jnp.concatenate([part[n] for part in jax.tree.leaves(state)])
        assert float(norms[n, 0]) == pytest.approx(np.linalg.norm(whole(flat, xs[n]), 2), rel=1e-4)


@given(radius=st.floats(0.1, 3.0), seed=st.integers(0, 99))
@settings(max_examples=8)
def test_no_gradient_is_longer_than_sigma_to_the_distance(radius, seed):
    params = network(radius, hidden=8, seed=seed)
    norms = np.asarray(norms_of(elman.step, params, *inputs(12, hidden=8, seed=seed)))
    sigma = np.linalg.norm(np.asarray(params["Wh"]), 2)
    assert (norms <= sigma ** np.arange(12, -1, -1) * (1 + 1e-4)).all()
    if sigma < 1:
        assert norms[:, 0].max() < sigma**12 * (1 + 1e-4)


@pytest.mark.parametrize("radius", [0.5, 1.0, 1.5])
def test_orthogonal_weights_of_a_linear_network_change_the_norm_by_exactly_the_radius_at_each_step(radius):
    params = network(radius, normal=False)
    norms = norms_of(linear_step, params, *inputs(60))
    np.testing.assert_allclose(norms, np.broadcast_to(radius ** np.arange(60.0, -1, -1), (2, 61)), rtol=1e-3)


@pytest.mark.parametrize("radius", [0.5, 0.9, 1.5])
def test_in_the_long_run_a_linear_network_vanishes_or_explodes_at_the_rate_log_radius(radius):
    """By Gelfand's formula, whatever its weights are: here normal ones, whose largest singular value is about twice."""
    params = network(radius)
    assert np.linalg.norm(np.asarray(params["Wh"]), 2) > 1.5 * radius
    logs = np.log(np.asarray(norms_of(linear_step, params, *inputs(100)), float))[0]
    rate = (logs[0] - logs[50]) / 50
    assert rate == pytest.approx(np.log(radius), abs=0.02)
    assert (logs[0] > np.log(1e6)) if radius > 1 else (logs[0] < np.log(1e-3))


def test_tanh_vanishes_at_radius_one_half_and_holds_down_what_would_explode():
    vanishing = norms_of(elman.step, network(0.5), *inputs(60))
    assert float(vanishing[:, 0].max()) < 1e-15
    exploding = network(1.5)
    linear, bent = (norms_of(step, exploding, *inputs(60)) for step in (linear_step, elman.step))
    assert float(bent[:, 0].max()) < 1e-3 * float(linear[:, 0].min())


def test_an_lstm_with_an_open_forget_gate_reaches_far_back_where_an_elman_layer_does_not():
    params = lstm.init(KEY, 2, 32)
    params["b"] = params["b"].at[32:64].set(5.0)
    xs, h0 = inputs(60)
    kept = norms_of(lstm.step, params, xs, (h0, h0))
    lost = norms_of(elman.step, network(0.9), xs, h0)
    assert float(kept[:, 0].min()) > 0.1
    assert float(lost[:, 0].max()) < 1e-5


def test_the_spectral_radius_is_that_which_was_asked_for():
    W = memory.with_spectral_radius(jax.random.normal(KEY, (20, 20)), 0.7)
    assert np.abs(np.linalg.eigvals(np.asarray(W))).max() == pytest.approx(0.7, rel=1e-5)


@pytest.mark.parametrize(
    ("W", "radius", "words"),
    [
        (np.eye(3), -1.0, "radius is -1; it must be at least 0 and finite"),
        (np.ones((2, 3)), 1.0, r"W has shape \(2, 3\); only a square matrix has eigenvalues"),
        (np.zeros((3, 3)), 1.0, "W has no eigenvalue but 0"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_what_has_no_such_radius_is_named(W, radius, words):
    with pytest.raises(ValueError, match=words):
        memory.with_spectral_radius(jnp.asarray(W), radius)


@pytest.mark.parametrize(
    ("layer", "state", "words"),
    [
        (elman, (3, 4), r"state has the shapes \[\(3, 4\)\]; the first axis of each must be the batch of xs, 2"),
        (elman, (2, 5), r"state has the shapes \[\(5,\)\]; it must be 1 of \(4,\)"),
        (lstm, (2, 4), r"state has the shapes .*; it must be 2 of \(4,\)"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_a_state_of_another_batch_or_layer_is_named(layer, state, words):
    with pytest.raises(ValueError, match=words):
        memory.gradient_norms(layer.step, layer.init(KEY, 2, 4), jnp.zeros((2, 3, 2)), jnp.zeros(state))


@pytest.mark.usefixtures("unchecked")
def test_an_empty_sequence_is_named():
    with pytest.raises(ValueError, match=r"xs is empty: shape \(2, 0, 2\)"):
        memory.gradient_norms(elman.step, network(1.0), jnp.zeros((2, 0, 2)), jnp.zeros((2, 32)))

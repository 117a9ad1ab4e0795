"""The GRU layer against Flax where they are the same, and against loops in plain Python where they are not."""

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.layers import gru
from tests.layers.flax_cells import HIDDEN, compared


def to_flax(params):
    Wx, Wh, b = (jnp.split(params[name], 3, axis=-1) for name in ("Wx", "Wh", "b"))
    named = {f"i{gate}": {"kernel": Wx[k], "bias": b[k]} for k, gate in enumerate("rzn")}
    named |= {f"h{gate}": {"kernel": Wh[k]} for k, gate in enumerate("rz")}
    return named | {"hn": {"kernel": Wh[2], "bias": jnp.zeros(HIDDEN)}}


def test_with_diagonal_weights_reset_before_and_after_are_the_same_and_it_is_that_of_flax():
    rng = np.random.default_rng(3)
    recurrent = rng.normal(0, 0.7, (HIDDEN, 3 * HIDDEN))
    recurrent[:, 2 * HIDDEN :] = np.diag(rng.normal(size=HIDDEN))
    compared(gru, "GRUCell", to_flax, gates=3, recurrent=recurrent.astype(np.float32))


def by_loops(params, h, x):
    """Return h' of one sequence, unit by unit, reset before the product (Cho et al., 2014)."""
    Wx, Wh, b = (np.asarray(params[name], float) for name in ("Wx", "Wh", "b"))
    size = len(h)

    def unit(column, state):
        return sum(v * w for v, w in zip(x, Wx[:, column], strict=True)) + sum(
            v * w for v, w in zip(state, Wh[:, column], strict=True)
        ) + b[column]  # fmt: skip

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    r = [sigmoid(unit(j, h)) for j in range(size)]
    z = [sigmoid(unit(size + j, h)) for j in range(size)]
    reset = [r[j] * h[j] for j in range(size)]
    n = [np.tanh(unit(2 * size + j, reset)) for j in range(size)]
    return [(1 - z[j]) * n[j] + z[j] * h[j] for j in range(size)]


def test_a_step_unit_by_unit():
    rng = np.random.default_rng(0)
    params = {"Wx": rng.normal(size=(3, 6)), "Wh": rng.normal(size=(2, 6)), "b": rng.normal(size=6)}
    x, h = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    step = jax.jit(gru.step)(*jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), (params, h, x)))
    np.testing.assert_allclose(step, [by_loops(params, h[k], x[k]) for k in range(5)], rtol=1e-5, atol=1e-6)


def test_an_update_gate_at_one_keeps_the_state():
    params = gru.init(jax.random.key(0), 3, HIDDEN)
    params["b"] = params["b"].at[HIDDEN : 2 * HIDDEN].set(50.0)
    h = jax.random.normal(jax.random.key(1), (2, HIDDEN))
    _, last = gru.apply(params, jnp.ones((2, 100, 3)), h)
    np.testing.assert_allclose(last, h, rtol=1e-6)

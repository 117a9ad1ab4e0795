"""The LSTM layer against Flax's OptimizedLSTMCell, forward and backward, and what its gates are for."""

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.layers import lstm
from tests.layers.flax_cells import HIDDEN, compared


def test_outputs_last_state_and_gradients_are_those_of_flax():
    def to_flax(params):
        blocks = {name: jnp.split(leaf, 4, axis=-1) for name, leaf in params.items()}
        named = {f"i{gate}": {"kernel": Wx} for gate, Wx in zip("ifgo", blocks["Wx"], strict=True)}
        biased = zip("ifgo", blocks["Wh"], blocks["b"], strict=True)
        return named | {f"h{gate}": {"kernel": Wh, "bias": b} for gate, Wh, b in biased}

    compared(lstm, "OptimizedLSTMCell", to_flax, gates=4)


def test_an_open_forget_gate_and_a_shut_input_gate_keep_the_cell_for_a_thousand_steps():
    params = jax.tree.map(jnp.zeros_like, lstm.init(jax.random.key(0), 3, HIDDEN))
    params["b"] = jnp.repeat(jnp.array([-50.0, 50.0, 0.0, 50.0]), HIDDEN)
    xs, c = jnp.ones((2, 1000, 3)), jax.random.normal(jax.random.key(1), (2, HIDDEN))
    (outputs, (h, kept)), pull_back = jax.vjp(lambda c: lstm.apply(params, xs, (jnp.zeros_like(c), c)), c)
    np.testing.assert_allclose(kept, c, rtol=1e-6)
    np.testing.assert_allclose(h, np.tanh(c), rtol=1e-5)
    assert outputs.shape == (2, 1000, HIDDEN)
    (dc,) = pull_back((jnp.zeros_like(outputs), (jnp.zeros_like(h), jnp.ones_like(kept))))
    np.testing.assert_allclose(dc, 1, rtol=1e-6)

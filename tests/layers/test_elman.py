"""The Elman layer against Flax's SimpleCell, forward and backward, with a first state and without."""

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.layers import elman
from tests.layers.flax_cells import compared


def test_outputs_last_state_and_gradients_are_those_of_flax():
    def to_flax(params):
        return {"i": {"kernel": params["Wx"], "bias": params["b"]}, "h": {"kernel": params["Wh"]}}

    compared(elman, "SimpleCell", to_flax, gates=1)


def test_with_recurrent_weights_of_zero_there_is_no_memory():
    params = elman.init(jax.random.key(0), 3, 4)
    params = params | {"Wh": jnp.zeros((4, 4)), "b": jnp.arange(4.0)}
    xs = jax.random.normal(jax.random.key(1), (2, 5, 3))
    outputs, _ = elman.apply(params, xs)
    np.testing.assert_allclose(outputs, np.tanh(np.asarray(xs) @ params["Wx"] + np.arange(4)), rtol=1e-5, atol=1e-6)

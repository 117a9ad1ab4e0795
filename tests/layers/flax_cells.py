"""A recurrent layer beside Flax's cell of the same kind: outputs, last state, and all gradients."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen

BATCH, TIME, INPUTS, HIDDEN = 2, 5, 3, 4


def compared(layer, cell, to_flax, *, gates, recurrent=None):
    """Assert that ``layer`` does what linen's ``cell`` does with the weights that ``to_flax(params)`` names.

    The first state is given, and differentiated. ``recurrent`` are special weights Wh, for which alone the two layers
    are the same: then the gradients by Wh are not compared.
    """
    rng = np.random.default_rng(0)

    def draw(*shape):
        return rng.normal(0, 0.7, shape).astype(np.float32)

    params = {"Wx": draw(INPUTS, gates * HIDDEN), "Wh": draw(HIDDEN, gates * HIDDEN), "b": draw(gates * HIDDEN)}
    params = params if recurrent is None else params | {"Wh": recurrent}
    state = (draw(BATCH, HIDDEN), draw(BATCH, HIDDEN)) if gates == 4 else draw(BATCH, HIDDEN)

    def theirs(params, xs, state):
        unrolled = linen.RNN(getattr(linen, cell)(HIDDEN), return_carry=True)
        # Flax hands the LSTM's state on as (c, h).
        carry = state[::-1] if gates == 4 else state
        carry, outputs = unrolled.apply({"params": {"cell": to_flax(params)}}, xs, initial_carry=carry)
        return outputs, carry[::-1] if gates == 4 else carry

    @jax.jit
    def both(params, xs, state):
        def cost(apply, *arguments):
            outputs, state = apply(*arguments)
            return jnp.sum(jnp.cos(outputs)) + sum(jnp.sum(jnp.sin(2 * part)) for part in jax.tree.leaves(state))

        return [
            (apply(params, xs, state), jax.grad(cost, (1, 2, 3))(apply, params, xs, state))
            for apply in (layer.apply, theirs)
        ]

    ours, expected = both(params, draw(BATCH, TIME, INPUTS), state)
    if recurrent is not None:
        ours[1][0].pop("Wh")
        expected[1][0].pop("Wh")
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), ours, expected)

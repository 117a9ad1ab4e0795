"""The Elman layer, the plain recurrent network: the state is a tanh of the input and of the state before (Elman, 1990).

h_t = tanh(x_t Wx + h_(t-1) Wh + b)
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from nnjax.initializers import Key
from nnjax.layers import recurrence

Params = dict[str, Array]
Arrays = tuple[Array, ...]
Hidden = Float[Array, "*batch hidden"]


def init(key: Key, inputs: int, hidden: int) -> Params:
    """Return {"Wx": (inputs, hidden), "Wh": (hidden, hidden) orthogonal, "b": (hidden,) zeros}.

    Raises ValueError for a size below 1.
    """
    return recurrence.weights(key, inputs, hidden, 1)


def step(params: Params, state: Hidden, x: Float[Array, "*batch inputs"]) -> Hidden:
    """Return h' = tanh(x Wx + h Wh + b), one time step.

    Raises ValueError when the features of x do not fit, or when the parameters or the state are of another layer.
    """
    recurrence.require_layer(params, "x", x, 1)
    recurrence.require_state((state,), 1, (*x.shape[:-1], params["Wh"].shape[0]))
    (h,), _ = _forward(params["Wh"], (state,), x @ params["Wx"] + params["b"])
    return h


def apply(
    params: Params, xs: Float[Array, "batch time inputs"], state: Float[Array, "batch hidden"] | None = None
) -> tuple[Float[Array, "batch time hidden"], Float[Array, "batch hidden"]]:
    """Return (h_1 .. h_T, h_T): the states of all time steps, from ``state`` (zeros if None), and the last of them.

    Raises ValueError when xs is empty or has the wrong features, when the state is not (batch, hidden), or when the
    parameters are those of another layer.
    """
    given = None if state is None else (state,)
    outputs, (last,) = recurrence.over_time(params, xs, given, gates=1, parts=1, unrolled=_unrolled)
    return outputs, last


def _forward(Wh: Array, state: Arrays, a: Array) -> tuple[Arrays, Arrays]:
    (h,) = state
    new = jnp.tanh(a + h @ Wh)
    return (new,), (h, new)


def _backward(Wh: Array, kept: Arrays, dstate: Arrays) -> tuple[Arrays, Array]:
    (_, new), (dh,) = kept, dstate
    da = dh * (1 - new**2)
    return (da @ Wh.T,), da


def _weight_gradient(kept: Arrays, da: Array) -> Array:
    return recurrence.summed_products(kept[0], da)


_unrolled = recurrence.backpropagated(_forward, _backward, _weight_gradient)

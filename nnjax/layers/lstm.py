"""The LSTM layer, long short-term memory: a cell that is added to, not rewritten (Hochreiter and Schmidhuber, 1997).

With the forget gate of Gers, Schmidhuber and Cummins (2000)::

    a = x_t Wx + h_(t-1) Wh + b                         four blocks of columns, in the order i f g o
    i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)  gates, open at 1, shut at 0
    c_t = f c_(t-1) + i tanh(a_g)                       what is kept, and what is written
    h_t = o tanh(c_t)                                   what is shown
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from nnjax.initializers import Key
from nnjax.layers import recurrence

Params = dict[str, Array]
Arrays = tuple[Array, ...]
State = tuple[Float[Array, "*batch hidden"], Float[Array, "*batch hidden"]]


def init(key: Key, inputs: int, hidden: int) -> Params:
    """Return {"Wx": (inputs, 4 hidden), "Wh": (hidden, 4 hidden), "b": (4 hidden,)}.

    Each gate's block of Wh is orthogonal. The biases are 0, but those of the forget gate 1, so that the cell keeps what
    it has until it learns otherwise (Jozefowicz, Zaremba and Sutskever, 2015). Raises ValueError for a size below 1.
    """
    params = recurrence.weights(key, inputs, hidden, 4)
    return params | {"b": params["b"].at[hidden : 2 * hidden].set(1.0)}


def step(params: Params, state: State, x: Float[Array, "*batch inputs"]) -> State:
    """Return the state (h', c') after one time step.

    Raises ValueError when the features of x do not fit, or when the parameters or the state are of another layer.
    """
    recurrence.require_layer(params, "x", x, 4)
    recurrence.require_state(state, 2, (*x.shape[:-1], params["Wh"].shape[0]))
    (h, c), _ = _forward(params["Wh"], state, x @ params["Wx"] + params["b"])
    return h, c


def apply(
    params: Params,
    xs: Float[Array, "batch time inputs"],
    state: tuple[Float[Array, "batch hidden"], Float[Array, "batch hidden"]] | None = None,
) -> tuple[Float[Array, "batch time hidden"], tuple[Float[Array, "batch hidden"], Float[Array, "batch hidden"]]]:
    """Return (h_1 .. h_T, (h_T, c_T)), from the state (h_0, c_0), zeros if None.

    Raises ValueError when xs is empty or has the wrong features, when the state is not two of (batch, hidden), or when
    the parameters are those of another layer.
    """
    outputs, (h, c) = recurrence.over_time(params, xs, state, gates=4, parts=2, unrolled=_unrolled)
    return outputs, (h, c)


def _forward(Wh: Array, state: Arrays, a: Array) -> tuple[Arrays, Arrays]:
    h, c = state
    # sigmoid(a) = (1 + tanh(a / 2)) / 2, so that one tanh serves all blocks; XLA on a CPU is twice as fast with it.
    scale = jnp.repeat(jnp.array([0.5, 0.5, 1.0, 0.5], a.dtype), h.shape[-1])
    i, f, g, o = jnp.split(jnp.tanh(scale * (a + h @ Wh)), 4, axis=-1)
    i, f, o = 0.5 + 0.5 * i, 0.5 + 0.5 * f, 0.5 + 0.5 * o
    new = f * c + i * g
    shown = jnp.tanh(new)
    return (o * shown, new), (h, c, i, f, g, o, shown)


def _backward(Wh: Array, kept: Arrays, dstate: Arrays) -> tuple[Arrays, Array]:
    (_, c, i, f, g, o, shown), (dh, dc) = kept, dstate
    dc = dc + dh * o * (1 - shown**2)
    gates = [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * shown * o * (1 - o)]
    da = jnp.concatenate(gates, axis=-1)
    return (da @ Wh.T, dc * f), da


def _weight_gradient(kept: Arrays, da: Array) -> Array:
    return recurrence.summed_products(kept[0], da)


_unrolled = recurrence.backpropagated(_forward, _backward, _weight_gradient)

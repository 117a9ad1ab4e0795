"""The GRU layer, gated recurrent unit: an LSTM with two gates and no cell beside the state (Cho et al., 2014).

::

    r, z = sigmoid(x_t Wx_rz + h_(t-1) Wh_rz + b_rz)       reset and update gate
    n = tanh(x_t Wx_n + (r h_(t-1)) Wh_n + b_n)            the new state that is proposed
    h_t = (1 - z) n + z h_(t-1)                            as much of the old one as z says

Blocks of columns in the order r z n. The reset gate is applied before the product with Wh_n, as published. Flax and
PyTorch apply it after, n = tanh(x Wx_n + b_n + r (h Wh_n + b_hn)), with a second bias b_hn inside the gate: their
weights do not fit here unless Wh_n is diagonal and b_hn zero.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nnjax.initializers import Key
from nnjax.layers import recurrence

Params = dict[str, Array]
Arrays = tuple[Array, ...]
Hidden = Float[Array, "*batch hidden"]


def init(key: Key, inputs: int, hidden: int) -> Params:
    """Return {"Wx": (inputs, 3 hidden), "Wh": (hidden, 3 hidden), "b": (3 hidden,) zeros}.

    Each gate's block of Wh is orthogonal. Raises ValueError for a size below 1.
    """
    return recurrence.weights(key, inputs, hidden, 3)


def step(params: Params, state: Hidden, x: Float[Array, "*batch inputs"]) -> Hidden:
    """Return the state h' after one time step.

    Raises ValueError when the features of x do not fit, or when the parameters or the state are of another layer.
    """
    recurrence.require_layer(params, "x", x, 3)
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
    outputs, (last,) = recurrence.over_time(params, xs, given, gates=3, parts=1, unrolled=_unrolled)
    return outputs, last


def _forward(Wh: Array, state: Arrays, a: Array) -> tuple[Arrays, Arrays]:
    (h,) = state
    gates = 2 * h.shape[-1]
    r, z = jnp.split(jax.nn.sigmoid(a[..., :gates] + h @ Wh[:, :gates]), 2, axis=-1)
    n = jnp.tanh(a[..., gates:] + (r * h) @ Wh[:, gates:])
    return ((1 - z) * n + z * h,), (h, r, z, n)


def _backward(Wh: Array, kept: Arrays, dstate: Arrays) -> tuple[Arrays, Array]:
    (h, r, z, n), (dh,) = kept, dstate
    gates = 2 * h.shape[-1]
    da_n = dh * (1 - z) * (1 - n**2)
    dreset = da_n @ Wh[:, gates:].T
    da_rz = jnp.concatenate([dreset * h * r * (1 - r), dh * (h - n) * z * (1 - z)], axis=-1)
    dh = dh * z + dreset * r + da_rz @ Wh[:, :gates].T
    return (dh,), jnp.concatenate([da_rz, da_n], axis=-1)


def _weight_gradient(kept: Arrays, da: Array) -> Array:
    h, r, *_ = kept
    gates = 2 * h.shape[-1]
    seen_by_gates = recurrence.summed_products(h, da[..., :gates])
    seen_by_n = recurrence.summed_products(r * h, da[..., gates:])
    return jnp.concatenate([seen_by_gates, seen_by_n], axis=1)


_unrolled = recurrence.backpropagated(_forward, _backward, _weight_gradient)

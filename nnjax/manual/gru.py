"""The GRU layer by hand (Cho et al., 2014): backpropagation through time, through two gates.

Forward, one time step, rows are sequences; Wx, Wh, b have three blocks of columns, r z n::

    A_r = X Wx_r + H Wh_r + b_r           r = s(A_r)                s the sigmoid
    A_z = X Wx_z + H Wh_z + b_z           z = s(A_z)
    A_n = X Wx_n + (r H) Wh_n + b_n       n = tanh(A_n)
    H' = (1 - z) n + z H

Backward, from dH', entry by entry but for the products with weights. First what H' is mixed from, then, through n, the
product r H, call it Q::

    dn = dH' (1 - z)                      delta_n = dn (1 - n^2)
    dz = dH' (H - n)                      delta_z = dz z (1 - z)
    dQ = delta_n Wh_n^T
    dr = dQ H                             delta_r = dr r (1 - r)

H touches the loss in four ways: kept by z, reset by r, and through the two gates::

    dH = dH' z + dQ r + delta_r Wh_r^T + delta_z Wh_z^T

Weights as in a dense layer, with delta = (delta_r, delta_z, delta_n), but Wh_n was multiplied by Q, not by H::

    dX = delta Wx^T     dWx = X^T delta     db = column sums of delta
    dWh_r = H^T delta_r     dWh_z = H^T delta_z     dWh_n = Q^T delta_n

Over time, as in the Elman layer: the gradient by output t is added to dH' at step t, the walk goes from T to 1, what is
left at its end is the gradient by h_0, and the gradients by the weights are summed over all steps.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from nnjax.manual.activations import sigmoid

Params = dict[str, ndarray]
Step = tuple[ndarray, ...]


def step_forward(
    params: Params, h: Float[ndarray, "batch hidden"], x: Float[ndarray, "batch inputs"]
) -> tuple[Float[ndarray, "batch hidden"], Step]:
    """Return (h', cache) of one time step; the cache is x, h, r, z and n."""
    from_x_r, from_x_z, from_x_n = np.split(x @ params["Wx"] + params["b"], 3, axis=1)
    Wh_r, Wh_z, Wh_n = np.split(params["Wh"], 3, axis=1)
    r, z = sigmoid(from_x_r + h @ Wh_r), sigmoid(from_x_z + h @ Wh_z)
    n = np.tanh(from_x_n + (r * h) @ Wh_n)
    return (1 - z) * n + z * h, (x, h, r, z, n)


def step_backward(
    params: Params, cache: Step, dh: Float[ndarray, "batch hidden"]
) -> tuple[Float[ndarray, "batch inputs"], Float[ndarray, "batch hidden"], Params]:
    """Return (dx, gradient by the state before, grads) of one time step from the gradient by h'."""
    x, h, r, z, n = cache
    Wh_r, Wh_z, Wh_n = np.split(params["Wh"], 3, axis=1)
    delta_n = dh * (1 - z) * (1 - n**2)
    delta_z = dh * (h - n) * z * (1 - z)
    dq = delta_n @ Wh_n.T
    delta_r = dq * h * r * (1 - r)
    before = dh * z + dq * r + delta_r @ Wh_r.T + delta_z @ Wh_z.T
    delta = np.concatenate([delta_r, delta_z, delta_n], axis=1)
    dWh = np.concatenate([h.T @ delta_r, h.T @ delta_z, (r * h).T @ delta_n], axis=1)
    return delta @ params["Wx"].T, before, {"Wx": x.T @ delta, "Wh": dWh, "b": delta.sum(axis=0)}


def forward(
    params: Params, xs: Float[ndarray, "batch time inputs"], state: Float[ndarray, "batch hidden"] | None = None
) -> tuple[tuple[Float[ndarray, "batch time hidden"], Float[ndarray, "batch hidden"]], list[Step]]:
    """Return ((h_1 .. h_T, h_T), caches), one cache a time step, from ``state`` or zeros."""
    h = np.zeros((len(xs), len(params["Wh"]))) if state is None else state
    outputs, caches = [], []
    for t in range(xs.shape[1]):
        h, cache = step_forward(params, h, xs[:, t])
        outputs.append(h)
        caches.append(cache)
    return (np.stack(outputs, axis=1), h), caches


def backward(
    params: Params,
    caches: list[Step],
    doutputs: Float[ndarray, "batch time hidden"],
    dstate: Float[ndarray, "batch hidden"] | None = None,
) -> tuple[Float[ndarray, "batch time inputs"], Float[ndarray, "batch hidden"], Params]:
    """Return (dxs, gradient by the first state, grads), ``dstate`` being the gradient by the last state (None: 0)."""
    dh = np.zeros_like(doutputs[:, 0]) if dstate is None else dstate
    dxs, grads = [], {name: np.zeros_like(leaf) for name, leaf in params.items()}
    for t in reversed(range(len(caches))):
        dx, dh, step_grads = step_backward(params, caches[t], doutputs[:, t] + dh)
        dxs.append(dx)
        grads = {name: grads[name] + step_grads[name] for name in grads}
    return np.stack(dxs[::-1], axis=1), dh, grads

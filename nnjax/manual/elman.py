"""The Elman layer (Elman, 1990) by hand: backpropagation through time (Werbos, 1974, 1990).

Forward, for one sequence, t = 1 .. T from the state h_0, then for a batch of them (rows are sequences)::

    a_tj = sum_i x_ti Wx_ij + sum_k h_(t-1)k Wh_kj + b_j       A_t = X_t Wx + H_(t-1) Wh + b
    h_tj = tanh(a_tj)                                          H_t = tanh(A_t)

Unrolled, this is a network of T layers with the same weights, each with an input of its own. Backward, h_t touches the
loss in two ways: as output t, with the gradient dY_t that came in, and through step t + 1, where h_tk touches every
a_(t+1)j with slope Wh_kj. The last state has no step after it, but may itself be used: dH_T begins with that gradient::

    dH_t = dY_t + delta_(t+1) Wh^T                             (batch, hidden)
    delta_t = dH_t (1 - H_t^2)                                 the slope of tanh, entry by entry
    dX_t = delta_t Wx^T                                        (batch, inputs)

After the step t = 1, delta_1 Wh^T is the gradient by the first state h_0. A weight touches the loss at every time step,
so its gradient is the sum of what a dense layer would have at each::

    dWx = sum_t X_t^T delta_t        dWh = sum_t H_(t-1)^T delta_t        db = sum_t column sums of delta_t

On its way from T to t the gradient is multiplied T - t times by Wh^T and by slopes of at most 1: that is how it
vanishes or explodes.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Params = dict[str, ndarray]
Step = tuple[ndarray, ndarray, ndarray]


def step_forward(
    params: Params, h: Float[ndarray, "batch hidden"], x: Float[ndarray, "batch inputs"]
) -> tuple[Float[ndarray, "batch hidden"], Step]:
    """Return (h', cache) of one time step; the cache is x, h and h'."""
    new = np.tanh(x @ params["Wx"] + h @ params["Wh"] + params["b"])
    return new, (x, h, new)


def step_backward(
    params: Params, cache: Step, dh: Float[ndarray, "batch hidden"]
) -> tuple[Float[ndarray, "batch inputs"], Float[ndarray, "batch hidden"], Params]:
    """Return (dx, gradient by the state before, grads) of one time step from the gradient by h'."""
    x, h, new = cache
    delta = dh * (1 - new**2)
    grads = {"Wx": x.T @ delta, "Wh": h.T @ delta, "b": delta.sum(axis=0)}
    return delta @ params["Wx"].T, delta @ params["Wh"].T, grads


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

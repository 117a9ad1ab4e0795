"""The LSTM layer by hand: backpropagation through time, through gates.

(Hochreiter and Schmidhuber, 1997, with the forget gate of Gers, Schmidhuber and Cummins, 2000.)

Forward, one time step, rows are sequences; all but the two products is entry by entry::

    A = X Wx + H Wh + b                   four blocks of columns, A_i A_f A_g A_o
    i = s(A_i)   f = s(A_f)   g = tanh(A_g)   o = s(A_o)            s the sigmoid
    c' = f c + i g                        h' = o tanh(c')

Backward, from dh' and dc', the gradients by the state after the step. c' touches the loss as itself and through h'.
With that added, each factor of a product gets the other one, and each gate the slope of its activation::

    dc' <- dc' + dh' o (1 - tanh(c')^2)
    di = dc' g          df = dc' c          dg = dc' i          do = dh' tanh(c')
    delta_i = di i (1 - i)   delta_f = df f (1 - f)   delta_g = dg (1 - g^2)   delta_o = do o (1 - o)

Side by side, delta = (delta_i, delta_f, delta_g, delta_o) is the gradient by A, and the rest is a dense layer's::

    dX = delta Wx^T     dWx = X^T delta     dh = delta Wh^T     dWh = H^T delta     db = column sums of delta
    dc = dc' f

The last line is what the LSTM is for. From c to c there is no matrix and no slope of an activation, only the gate f:
where it is open, the gradient goes through the step as it is, however many steps there are.

Over time, as in the Elman layer: the gradient by output t is added to dh' at step t, the walk goes from T to 1, what is
left at its end is the gradient by (h_0, c_0), and the gradients by the weights are summed over all steps.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from nnjax.manual.activations import sigmoid

Params = dict[str, ndarray]
State = tuple[Float[ndarray, "batch hidden"], Float[ndarray, "batch hidden"]]
Step = tuple[ndarray, ...]


def step_forward(params: Params, state: State, x: Float[ndarray, "batch inputs"]) -> tuple[State, Step]:
    """Return ((h', c'), cache) of one time step; the cache is x, h, c, the gates and tanh(c')."""
    h, c = state
    A_i, A_f, A_g, A_o = np.split(x @ params["Wx"] + h @ params["Wh"] + params["b"], 4, axis=1)
    i, f, g, o = sigmoid(A_i), sigmoid(A_f), np.tanh(A_g), sigmoid(A_o)
    new = f * c + i * g
    return (o * np.tanh(new), new), (x, h, c, i, f, g, o, np.tanh(new))


def step_backward(params: Params, cache: Step, dstate: State) -> tuple[Float[ndarray, "batch inputs"], State, Params]:
    """Return (dx, gradient by the state before, grads) of one time step from the gradient by (h', c')."""
    x, h, c, i, f, g, o, shown = cache
    dh, dc = dstate
    dc = dc + dh * o * (1 - shown**2)
    di, df, dg, do = dc * g, dc * c, dc * i, dh * shown
    delta = np.concatenate([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)], axis=1)
    grads = {"Wx": x.T @ delta, "Wh": h.T @ delta, "b": delta.sum(axis=0)}
    return delta @ params["Wx"].T, (delta @ params["Wh"].T, dc * f), grads


def forward(
    params: Params, xs: Float[ndarray, "batch time inputs"], state: State | None = None
) -> tuple[tuple[Float[ndarray, "batch time hidden"], State], list[Step]]:
    """Return ((h_1 .. h_T, (h_T, c_T)), caches), one cache a time step, from ``state`` or zeros."""
    zeros = np.zeros((len(xs), len(params["Wh"])))
    state = (zeros, zeros) if state is None else state
    outputs, caches = [], []
    for t in range(xs.shape[1]):
        state, cache = step_forward(params, state, xs[:, t])
        outputs.append(state[0])
        caches.append(cache)
    return (np.stack(outputs, axis=1), state), caches


def backward(
    params: Params, caches: list[Step], doutputs: Float[ndarray, "batch time hidden"], dstate: State | None = None
) -> tuple[Float[ndarray, "batch time inputs"], State, Params]:
    """Return (dxs, gradient by the first state, grads), ``dstate`` being the gradient by the last state (None: 0)."""
    zeros = np.zeros_like(doutputs[:, 0])
    dh, dc = (zeros, zeros) if dstate is None else dstate
    dxs, grads = [], {name: np.zeros_like(leaf) for name, leaf in params.items()}
    for t in reversed(range(len(caches))):
        dx, (dh, dc), step_grads = step_backward(params, caches[t], (doutputs[:, t] + dh, dc))
        dxs.append(dx)
        grads = {name: grads[name] + step_grads[name] for name in grads}
    return np.stack(dxs[::-1], axis=1), (dh, dc), grads

"""The recurrent classifier by hand (Elman, 1990).

Forward, a stack of recurrent layers l = 1 .. L over the time steps t = 1 .. T, then a dense layer on what the topmost
has at the end::

    h^l_t = step_l(h^l_(t-1), h^(l-1)_t)        h^0_t = x_t
    logits = h^L_T W + b                        E = cross-entropy(logits, labels)

Backward, in the opposite order. Only the last output of the topmost layer is looked at, so the gradients of its other
outputs are 0 and the error enters at the end of time::

    dh^L_T = dlogits W^T                        dh^L_t = 0 for t < T

Each layer carries it back through time (see ``manual.elman``, ``lstm``, ``gru``) and leaves a gradient by each of its
inputs. Those are the outputs of the layer below, at every t, and so on down to the first.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Num
from numpy import ndarray

from nnjax.manual import dense, elman, gru, losses, lstm

Params = dict[str, Any]

CELLS: dict[str, Any] = {"elman": elman, "gru": gru, "lstm": lstm}


def loss_and_grads(
    params: Params, x: Float[ndarray, "batch time features"], targets: Num[ndarray, "batch *classes"], *, cell: str
) -> tuple[Any, Params]:
    """Return (E, grads), that of ``jax.value_and_grad(models.rnn.loss)``."""
    outputs, caches = stack_forward(params["recurrent"], x, cell=cell)
    logits, last = dense.forward(params["output"], outputs[:, -1])
    loss, dlogits = losses.cross_entropy(logits, targets)

    dlast, output_grads = dense.backward(params["output"], last, dlogits)
    doutputs = np.zeros_like(outputs)
    doutputs[:, -1] = dlast
    _, recurrent_grads = stack_backward(params["recurrent"], caches, doutputs, cell=cell)
    return loss, {"recurrent": recurrent_grads, "output": output_grads}


def stack_forward(
    params: list[Params], xs: Float[ndarray, "batch time features"], *, cell: str
) -> tuple[Float[ndarray, "batch time hidden"], list[Any]]:
    """Return (outputs of the topmost layer, caches), one cache a layer."""
    caches = []
    for layer in params:
        (xs, _), cache = CELLS[cell].forward(layer, xs)
        caches.append(cache)
    return xs, caches


def stack_backward(
    params: list[Params], caches: list[Any], doutputs: Float[ndarray, "batch time hidden"], *, cell: str
) -> tuple[Float[ndarray, "batch time features"], list[Params]]:
    """Return (dxs, grads), one dict of grads a layer, from the gradient by the outputs of the topmost."""
    grads = []
    for layer, cache in zip(params[::-1], caches[::-1], strict=True):
        doutputs, _, layer_grads = CELLS[cell].backward(layer, cache, doutputs)
        grads.append(layer_grads)
    return doutputs, grads[::-1]

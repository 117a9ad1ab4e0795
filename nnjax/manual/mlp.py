"""The multilayer perceptron by hand: backpropagation (Werbos, 1974; Rumelhart, Hinton and Williams, 1986).

Forward, layer k = 1 .. L, from h_0 = x (rows are examples)::

    a_k = h_(k-1) W_k + b_k              h_k = g_k(a_k)              E = loss(h_L, d)

Backward. E depends on a_k only through h_k, and on h_(k-1) only through a_k, so walking from the output to the input
each step needs only what the step before it left::

    dh_L = the loss's gradient
    delta_k = dh_k * g_k'(a_k)           entry by entry: the gain of the activation
    dW_k = h_(k-1)^T delta_k             db_k = sum of delta_k over the batch
    dh_(k-1) = delta_k W_k^T             the error of the layer below, through the same weights

One forward and one backward pass give all gradients; finite differences would need a forward pass for each weight.
"""

from collections.abc import Callable, Sequence
from typing import Any

from jaxtyping import Float, Num
from numpy import ndarray

from nnjax.manual import activations, dense, dropout, losses, maxout
from nnjax.manual.checks import require_known

Layer = dict[str, ndarray]
Params = list[Layer]


def forward(
    params: Params,
    x: Float[ndarray, "batch inputs"],
    *,
    activation: str | Sequence[str] = "relu",
    output_activation: str = "identity",
    masks: Sequence[ndarray] | None = None,
    rate: float = 0.0,
) -> tuple[Float[ndarray, "batch outputs"], list[Any]]:
    """Return (h_L, caches), one cache a layer; ``masks`` are the hidden layers' dropout masks, ``rate`` their rate."""
    names = _names(activation, output_activation, len(params))
    h, caches = x, []
    for k, (layer, name) in enumerate(zip(params, names, strict=True)):
        h, cache = _layer_forward(layer, h, name)
        kept = None
        if masks is not None and k < len(params) - 1:
            h, kept = dropout.forward(h, masks[k], rate)
        caches.append((cache, kept))
    return h, caches


def backward(
    params: Params,
    caches: list[Any],
    dh: Float[ndarray, "batch outputs"],
    *,
    activation: str | Sequence[str] = "relu",
    output_activation: str = "identity",
) -> tuple[Float[ndarray, "batch inputs"], Params]:
    """Return (dx, grads), grads shaped like params, from dh, the gradient by the outputs."""
    names = _names(activation, output_activation, len(params))
    grads = []
    for layer, name, (cache, kept) in reversed(list(zip(params, names, caches, strict=True))):
        if kept is not None:
            dh = dropout.backward(kept, dh)
        dh, layer_grads = _layer_backward(layer, cache, dh, name)
        grads.append(layer_grads)
    return dh, grads[::-1]


def loss_and_grads(
    params: Params,
    x: Float[ndarray, "batch inputs"],
    targets: Num[ndarray, "batch *outputs"],
    *,
    activation: str | Sequence[str] = "relu",
    output_activation: str = "identity",
    masks: Sequence[ndarray] | None = None,
    rate: float = 0.0,
    criterion: Callable[..., tuple[Any, Any]] = losses.cross_entropy,
) -> tuple[Any, Params]:
    """Return (E, grads), that of ``jax.value_and_grad(models.mlp.loss)``; ``criterion`` is one of ``manual.losses``."""
    y, caches = forward(params, x, activation=activation, output_activation=output_activation, masks=masks, rate=rate)
    loss, dy = criterion(y, targets)
    return loss, backward(params, caches, dy, activation=activation, output_activation=output_activation)[1]


def _layer_forward(layer: Layer, h: ndarray, name: str) -> tuple[ndarray, Any]:
    if name == "maxout":
        return maxout.forward(layer, h)
    a, cache = dense.forward(layer, h)
    y = activations.prelu(a, layer["slope"]) if name == "prelu" else activations.FORWARD[name](a)
    return y, (cache, a)


def _layer_backward(layer: Layer, cache: Any, dh: ndarray, name: str) -> tuple[ndarray, Layer]:
    if name == "maxout":
        return maxout.backward(layer, cache, dh)
    inputs, a = cache
    if name == "prelu":
        delta, dslope = activations.prelu_backward(a, layer["slope"], dh)
        dx, grads = dense.backward(layer, inputs, delta)
        return dx, grads | {"slope": dslope}
    return dense.backward(layer, inputs, activations.BACKWARD[name](a, dh))


def _names(activation: str | Sequence[str], output_activation: str, layers: int) -> list[str]:
    """Return the activation of each layer; raises ValueError for an unknown one, or one too many or too few."""
    hidden = [activation] * (layers - 1) if isinstance(activation, str) else list(activation)
    if len(hidden) != layers - 1:
        raise ValueError(f"activation names {len(hidden)} activations; the network has {layers - 1} hidden layers")
    for name in hidden:
        require_known("activation", name, (*activations.FORWARD, "prelu", "maxout"))
    require_known("output_activation", output_activation, activations.FORWARD)
    return [*hidden, output_activation]

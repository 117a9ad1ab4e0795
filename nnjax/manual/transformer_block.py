"""The transformer block by hand: attention, then a small network for each place, each beside a shortcut.

(Vaswani et al., 2017; normalised first, as here: Xiong et al., 2020.)

Forward, with N the layer normalisation, A the attention of all heads and F the network of two dense layers::

    u = x + A(N1(x))                              what the places tell each other
    y = u + F(N2(u)),    F(z) = relu(z W1 + b1) W2 + b2

Backward. Each sum passes the gradient on to both of its terms: unchanged along the shortcut, and through the branch by
the rules of its layers, last layer first. What the two ways bring back is added up::

    du = dy + (dy back through F, then N2)
    dx = du + (du back through A, then N1)

The 1 of the shortcut is why deep stacks of blocks can be trained: dx contains dy itself, however many blocks follow.
Dropout, if any, falls on what each branch adds.
"""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float
from numpy import ndarray

from nnjax.manual import activations, attention, dense, dropout, normalization

Params = dict[str, Any]


def forward(
    params: Params,
    x: Float[ndarray, "*batch time width"],
    *,
    heads: int,
    mask: attention.Mask = None,
    masks: Sequence[ndarray] | None = None,
    rate: float = 0.0,
) -> tuple[Float[ndarray, "*batch time width"], Any]:
    """Return (y, cache); ``mask`` says who may look where, ``masks`` are the two branches' dropout masks."""
    normed, cache_norm1 = _norm(params["norm1"], x)
    branch, cache_attention = attention.multi_head_forward(params["attention"], normed, heads=heads, mask=mask)
    branch, kept1 = _drop(branch, masks, 0, rate)
    u = x + branch
    normed, cache_norm2 = _norm(params["norm2"], u)
    branch, cache_mlp = _mlp_forward(params["mlp"], normed)
    branch, kept2 = _drop(branch, masks, 1, rate)
    return u + branch, (cache_norm1, cache_attention, kept1, cache_norm2, cache_mlp, kept2)


def backward(
    params: Params, cache: Any, dy: Float[ndarray, "*batch time width"]
) -> tuple[Float[ndarray, "*batch time width"], Params]:
    """Return (dx, grads), grads shaped like params."""
    cache_norm1, cache_attention, kept1, cache_norm2, cache_mlp, kept2 = cache
    branch = dy if kept2 is None else dropout.backward(kept2, dy)
    branch, mlp = _mlp_backward(params["mlp"], cache_mlp, branch)
    branch, norm2 = _norm_backward(params["norm2"], cache_norm2, branch)
    du = dy + branch
    branch = du if kept1 is None else dropout.backward(kept1, du)
    branch, heads = attention.multi_head_backward(params["attention"], cache_attention, branch)
    branch, norm1 = _norm_backward(params["norm1"], cache_norm1, branch)
    return du + branch, {"norm1": norm1, "attention": heads, "norm2": norm2, "mlp": mlp}


def _mlp_forward(params: list[Any], x: ndarray) -> tuple[ndarray, Any]:
    a, rows = dense.forward(params[0], x.reshape(-1, x.shape[-1]))
    y, hidden = dense.forward(params[1], activations.relu(a))
    return y.reshape(x.shape), (rows, a, hidden)


def _mlp_backward(params: list[Any], cache: Any, dy: ndarray) -> tuple[ndarray, list[Any]]:
    rows, a, hidden = cache
    dh, second = dense.backward(params[1], hidden, dy.reshape(-1, dy.shape[-1]))
    dx, first = dense.backward(params[0], rows, activations.relu_backward(a, dh))
    return dx.reshape(dy.shape), [first, second]


def _norm(params: Params, x: ndarray) -> tuple[ndarray, Any]:
    y, cache = normalization.layer_norm_forward(params, x.reshape(-1, x.shape[-1]))
    return y.reshape(x.shape), cache


def _norm_backward(params: Params, cache: Any, dy: ndarray) -> tuple[ndarray, Params]:
    dx, grads = normalization.layer_norm_backward(params, cache, dy.reshape(-1, dy.shape[-1]))
    return dx.reshape(dy.shape), grads


def _drop(x: ndarray, masks: Sequence[ndarray] | None, place: int, rate: float) -> tuple[ndarray, ndarray | None]:
    return (x, None) if masks is None else dropout.forward(x, masks[place], rate)

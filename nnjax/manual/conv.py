"""Convolution by hand (Fukushima, 1980; LeCun et al., 1989): a dense layer on patches.

Forward. x is padded; p is a place of the output, k of the kernel (pairs of numbers for images), c a channel of the
input and o of the output, s the stride and d the dilation::

    y_po = b_o + sum_k sum_c W_kco x_(p s + k d)c

The window that the output p sees, written out as a row, is X_p,(kc) = x_(p s + k d)c ("im2col"). With W written as a
matrix, a row for each (k, c) and a column for each o, this is a dense layer whose examples are all places p::

    Y = X W + b                (batch * places, kernel * inputs) (kernel * inputs, outputs)

Backward. So the gradients are those of a dense layer::

    dW = X^T dY                db = column sums of dY                dX = dY W^T

and one step is left, from the rows back to x. The pixel q stands in X once for every window p and kernel place k that
meet on it, and moving it moves all of these copies: what was copied on the way forward is added up on the way back
("col2im", the transpose of im2col)::

    dx_qc = sum over all p, k with p s + k d = q of dX_p,(kc)

The gradient of padding is thrown away. With groups, each group of channels is a convolution of its own.
"""

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from nnjax.manual import dense, windows

Params = dict[str, ndarray]
Cache = tuple[windows.Geometry, tuple[int, ...], list[ndarray]]


def forward(
    params: Params,
    x: Float[ndarray, "batch *lengths inputs"],
    *,
    stride: Any = 1,
    padding: Any = "VALID",
    dilation: Any = 1,
    groups: int = 1,
) -> tuple[Float[ndarray, "batch *places outputs"], Cache]:
    """Return (y, cache) in one dimension or two, as W (*kernel, inputs / groups, outputs) has it.

    ``padding`` is "VALID", "SAME", a number or a pair (before, after) for each axis.
    """
    geometry = windows.geometry(x.shape[1:-1], params["W"].shape[:-2], stride, padding, dilation)
    padded = windows.pad(x, geometry)
    outputs, patches = [], []
    for channels, group in zip(np.split(padded, groups, axis=-1), _as_matrices(params, groups), strict=True):
        X = im2col(channels, geometry)
        y, _ = dense.forward(group, X.reshape(-1, X.shape[-1]))
        outputs.append(y.reshape(*X.shape[:-1], -1))
        patches.append(X)
    return np.concatenate(outputs, axis=-1), (geometry, padded.shape, patches)


def backward(
    params: Params, cache: Cache, dy: Float[ndarray, "batch *places outputs"]
) -> tuple[Float[ndarray, "batch *lengths inputs"], Params]:
    """Return (dx, {"W", "b"})."""
    geometry, (*shape, inputs), patches = cache
    groups = len(patches)
    dx, dW, db = [], [], []
    matrices = _as_matrices(params, groups)
    for X, group, dY in zip(patches, matrices, np.split(dy, groups, axis=-1), strict=True):
        dX, grads = dense.backward(group, X.reshape(-1, X.shape[-1]), dY.reshape(-1, dY.shape[-1]))
        dx.append(col2im(dX.reshape(X.shape), geometry, (*shape, inputs // groups)))
        dW.append(grads["W"].reshape(*params["W"].shape[:-1], -1))
        db.append(grads["b"])
    grads = {"W": np.concatenate(dW, axis=-1), "b": np.concatenate(db)}
    return windows.unpad(np.concatenate(dx, axis=-1), geometry), grads


def im2col(x: Float[ndarray, "batch *padded channels"], geometry: windows.Geometry) -> Float[ndarray, "..."]:
    """Return X (batch, *places, kernel * channels): what each kernel place sees, side by side."""
    return np.concatenate([x[seen] for seen in geometry.seen], axis=-1)


def col2im(
    dX: Float[ndarray, "..."], geometry: windows.Geometry, shape: tuple[int, ...]
) -> Float[ndarray, "batch *padded channels"]:
    """Return the padded dx of this shape: what each kernel place saw gets its part of dX added."""
    dx = np.zeros(shape)
    for seen, part in zip(geometry.seen, np.split(dX, len(geometry.seen), axis=-1), strict=True):
        dx[seen] += part
    return dx


def _as_matrices(params: Params, groups: int) -> list[Params]:
    """Return a dense layer for each group: W as (kernel * inputs / groups, outputs / groups)."""
    W = params["W"].reshape(-1, params["W"].shape[-1])
    return [
        {"W": weights, "b": biases}
        for weights, biases in zip(np.split(W, groups, axis=1), np.split(params["b"], groups), strict=True)
    ]

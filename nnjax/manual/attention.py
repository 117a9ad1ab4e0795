"""Attention by hand: each place of a sequence asks a question and takes a weighted mean of the answers.

(Bahdanau, Cho and Bengio, 2014; in this form Vaswani et al., 2017.)

Scaled dot product, for the query i (a row of Q), the keys and values j (rows of K and V) and entry d; w is the width
of a query::

    s_ij = sum_d q_id k_jd / sqrt(w)              S = Q K^T / sqrt(w)      (queries, keys)
    p_ij = e^s_ij / sum_l e^s_il                  P = softmax of each row of S
    y_id = sum_j p_ij v_jd                        Y = P V

Where a mask says that i may not look at j, s_ij is -infinity and p_ij is 0.

Backward, through three steps. **The mean** Y = P V is a product, and as in the dense layer each factor gets the other
one, transposed::

    dv_jd = sum_i p_ij dy_id                      dV = P^T dY
    dp_ij = sum_d dy_id v_jd                      dP = dY V^T

**The softmax**: s_ij moves every weight of its own row, dp_il / ds_ij = p_il ([l = j] - p_ij), so::

    ds_ij = sum_l dp_il p_il ([l = j] - p_ij)
          = p_ij (dp_ij - sum_l p_il dp_il)       dS = P * (dP - row sums of P * dP)

A weight rises where its answer is worth more than the row's mean answer. Where p_ij = 0, ds_ij = 0: a masked place gets
no gradient, and no other rule is needed for the mask. **The scores** S = Q K^T / sqrt(w) are a product again::

    dq_id = sum_j ds_ij k_jd / sqrt(w)            dQ = dS K / sqrt(w)
    dk_jd = sum_i ds_ij q_id / sqrt(w)            dK = dS^T Q / sqrt(w)

**Heads**: X Wq, X Wk, X Wv are (time, width); head h takes the h-th block of width / heads columns of each, attends
with it alone, and its Y is the h-th block of columns of what Wo is applied to. Cutting into blocks and putting blocks
side by side only moves numbers, so backward the blocks of dY are cut and those of dQ, dK, dV put together. X is used
three times and gets three gradients: dX = dQ Wq^T + dK Wk^T + dV Wv^T.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

Params = dict[str, ndarray]
Mask = Bool[ndarray, "..."] | None


def forward(
    q: Float[ndarray, "*batch queries width"],
    k: Float[ndarray, "*batch keys width"],
    v: Float[ndarray, "*batch keys values"],
    mask: Mask = None,
) -> tuple[Float[ndarray, "*batch queries values"], Any]:
    """Return (Y, cache) of dot-product attention; the cache is q, k, v and the weights P.

    A query that may look at nothing has no weights: its row of P, and so of Y, is 0.
    """
    scores = q @ _t(k) / np.sqrt(q.shape[-1])
    allowed = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    top = np.max(scores, axis=-1, keepdims=True, where=allowed, initial=np.finfo(scores.dtype).min)
    e = np.where(allowed, np.exp(np.where(allowed, scores - top, 0)), 0)
    total = e.sum(axis=-1, keepdims=True)
    p = e / np.where(total == 0, 1, total)
    return p @ v, (q, k, v, p)


def backward(cache: Any, dy: Float[ndarray, "*batch queries values"]) -> tuple[ndarray, ndarray, ndarray]:
    """Return (dq, dk, dv), shaped like q, k and v."""
    q, k, v, p = cache
    dv = _t(p) @ dy
    dp = dy @ _t(v)
    ds = p * (dp - (p * dp).sum(axis=-1, keepdims=True))
    root = np.sqrt(q.shape[-1])
    return ds @ k / root, _t(ds) @ q / root, dv


def multi_head_forward(
    params: Params, x: Float[ndarray, "*batch time width"], *, heads: int, mask: Mask = None
) -> tuple[Float[ndarray, "*batch time width"], Any]:
    """Return (attention of every head, side by side, times Wo, cache)."""
    q, k, v = (_split(x @ params[name], heads) for name in ("Wq", "Wk", "Wv"))
    y, cache = forward(q, k, v, mask)
    joined = _join(y)
    return joined @ params["Wo"], (x, joined, cache)


def multi_head_backward(
    params: Params, cache: Any, dy: Float[ndarray, "*batch time width"]
) -> tuple[Float[ndarray, "*batch time width"], Params]:
    """Return (dx, {"Wq", "Wk", "Wv", "Wo"})."""
    x, joined, attended = cache
    heads = attended[0].shape[-3]
    parts = backward(attended, _split(dy @ params["Wo"].T, heads))
    grads, dx = {"Wo": _rows(joined).T @ _rows(dy)}, np.zeros_like(x)
    for name, part in zip(("Wq", "Wk", "Wv"), parts, strict=True):
        grads[name] = _rows(x).T @ _rows(_join(part))
        dx += _join(part) @ params[name].T
    return dx, grads


def _t(a: ndarray) -> ndarray:
    """Transpose each matrix."""
    return np.swapaxes(a, -1, -2)


def _rows(a: ndarray) -> ndarray:
    """All places of all sequences as the rows of one matrix."""
    return a.reshape(-1, a.shape[-1])


def _split(a: ndarray, heads: int) -> ndarray:
    """Blocks of columns into heads: (*batch, time, width) to (*batch, heads, time, width / heads)."""
    return np.swapaxes(a.reshape(*a.shape[:-1], heads, a.shape[-1] // heads), -2, -3)


def _join(a: ndarray) -> ndarray:
    """Heads into blocks of columns, the inverse of ``_split``."""
    a = np.swapaxes(a, -2, -3)
    return a.reshape(*a.shape[:-2], -1)

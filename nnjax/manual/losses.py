"""Losses by hand: each returns the loss and its gradient by the first argument, where backpropagation begins.

All are means over the batch of n examples, so every gradient carries a factor 1/n. They raise ValueError for shapes
that differ, an empty batch, and targets that are no labels or probabilities. The squared error is that of Legendre
(1805) and Gauss (1809), binary cross-entropy Cox's (1958), cross-entropy of a softmax Bridle's (1990), the perceptron's
criterion Rosenblatt's (1958); l1 is Tibshirani's (1996), l2 that of Hoerl and Kennard (1970).
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Integer, Real
from numpy import ndarray

from nnjax.manual.activations import sigmoid, softmax, step
from nnjax.manual.checks import require_same_shape, require_within

LossAndGradient = tuple[Any, Any]
Params = dict[str, Any] | list[Any]


def squared_error(y: Float[ndarray, "batch *features"], d: Real[ndarray, "batch *features"]) -> LossAndGradient:
    """Return E = 1/n sum 1/2 (y - d)^2 and dy = (y - d) / n."""
    require_same_shape("y", y, "d", d)
    n = len(y)
    return 0.5 * np.sum((y - d) ** 2) / n, (y - d) / n


def binary_cross_entropy(
    logits: Float[ndarray, "batch *features"], d: Real[ndarray, "batch *features"]
) -> LossAndGradient:
    """Return E = 1/n sum [log(1 + exp(z)) - d z] and dz = (s - d) / n, s = sigmoid(z).

    -d log s - (1 - d) log(1 - s) with log s = z - log(1 + e^z) and log(1 - s) = -log(1 + e^z) leaves the expression
    above, and the slope of log(1 + e^z) is s: the same (y - d) as in linear regression.
    """
    require_same_shape("logits", logits, "d", d)
    require_within("d", d, 0, 1)
    n = len(logits)
    return np.sum(np.logaddexp(0, logits) - d * logits) / n, (sigmoid(logits) - d) / n


def cross_entropy(
    logits: Float[ndarray, "batch *time classes"],
    labels: Integer[ndarray, "batch *time"] | Real[ndarray, "batch *time classes"],
) -> LossAndGradient:
    """Return E = 1/n sum_i -sum_k d_ik log p_ik, p = softmax(z), and dz = (p sum_k d_k - d) / n = (p - d) / n.

    log p_k = z_k - log sum_l e^z_l, whose derivative by z_l is [k = l] - p_l. So dz_l = sum_k d_k (p_l - [k = l]),
    and as the d_k of an example sum to 1, it is p_l - d_l. Every place of a sequence is an example of its own.
    """
    z = logits.reshape(-1, logits.shape[-1])
    d = _one_hot(labels, logits).reshape(z.shape)
    top = z.max(axis=1, keepdims=True)
    log_p = z - top - np.log(np.exp(z - top).sum(axis=1, keepdims=True))
    dz = (softmax(z) * d.sum(axis=1, keepdims=True) - d) / len(z)
    return -np.sum(d * log_p) / len(z), dz.reshape(logits.shape)


def perceptron_criterion(a: Float[ndarray, "batch *features"], d: Real[ndarray, "batch *features"]) -> LossAndGradient:
    """Return E = 1/n sum (y - d) a, y = step(a), and da = (y - d) / n; y is flat, so only the factor a has a slope."""
    require_same_shape("a", a, "d", d)
    require_within("d", d, 0, 1)
    n = len(a)
    error = step(a) - d
    return np.sum(error * a) / n, error / n


def l1(params: Params, rate: float) -> LossAndGradient:
    """Return rate sum |W| and its gradient: rate sign(W) for weights, 0 for everything else."""
    return _penalty(params, lambda w: rate * np.abs(w).sum(), lambda w: rate * np.sign(w))


def l2(params: Params, rate: float) -> LossAndGradient:
    """Return rate sum W^2 and its gradient: 2 rate W for weights, 0 for everything else."""
    return _penalty(params, lambda w: rate * (w**2).sum(), lambda w: 2 * rate * w)


def _one_hot(labels: ndarray, logits: ndarray) -> ndarray:
    """Return d: rows of probabilities as they are, labels of classes as rows with a 1 at the label."""
    if labels.ndim == logits.ndim:
        require_same_shape("labels", labels, "logits", logits)
        return labels
    require_same_shape("labels", labels, "the batch of logits", logits[..., 0])
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels has dtype {labels.dtype}; labels of classes are integers")
    classes = logits.shape[-1]
    require_within("labels", labels, 0, classes - 1)
    return np.eye(classes)[labels]


def _penalty(params: Any, value: Any, gradient: Any, name: str = "") -> LossAndGradient:
    """Walk through dicts and lists; a leaf whose name begins with W is a weight."""
    if isinstance(params, dict):
        parts = {key: _penalty(leaf, value, gradient, key) for key, leaf in params.items()}
        return sum(part[0] for part in parts.values()), {key: part[1] for key, part in parts.items()}
    if isinstance(params, list):
        listed = [_penalty(leaf, value, gradient) for leaf in params]
        return sum(part[0] for part in listed), [part[1] for part in listed]
    if name.startswith("W"):
        return value(params), gradient(params)
    return 0.0, np.zeros_like(params)

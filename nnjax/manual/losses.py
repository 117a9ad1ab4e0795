"""Losses by hand: each returns the loss and its gradient by the first argument, where backpropagation begins.

All are means over the batch of n examples, so every gradient carries a factor 1/n.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Integer, Real
from numpy import ndarray

from nnjax.manual.activations import sigmoid, softmax, step

LossAndGradient = tuple[Any, Any]
Params = dict[str, Any] | list[Any]


def squared_error(y: Float[ndarray, "batch *features"], d: Real[ndarray, "batch *features"]) -> LossAndGradient:
    """Return E = 1/n sum 1/2 (y - d)^2 and dy = (y - d) / n."""
    n = len(y)
    return 0.5 * np.sum((y - d) ** 2) / n, (y - d) / n


def binary_cross_entropy(
    logits: Float[ndarray, "batch *features"], d: Real[ndarray, "batch *features"]
) -> LossAndGradient:
    """Return E = 1/n sum [log(1 + exp(z)) - d z] and dz = (s - d) / n, s = sigmoid(z).

    -d log s - (1 - d) log(1 - s) with log s = z - log(1 + e^z) and log(1 - s) = -log(1 + e^z) leaves the expression
    above, and the slope of log(1 + e^z) is s: the same (y - d) as in linear regression.
    """
    n = len(logits)
    return np.sum(np.logaddexp(0, logits) - d * logits) / n, (sigmoid(logits) - d) / n


def cross_entropy(
    logits: Float[ndarray, "batch classes"],
    labels: Integer[ndarray, " batch"] | Float[ndarray, "batch classes"],
) -> LossAndGradient:
    """Return E = 1/n sum_i -sum_k d_ik log p_ik, p = softmax(z), and dz = (p sum_k d_k - d) / n = (p - d) / n.

    log p_k = z_k - log sum_l e^z_l, whose derivative by z_l is [k = l] - p_l. So dz_l = sum_k d_k (p_l - [k = l]),
    and as the d_k of an example sum to 1, it is p_l - d_l.
    """
    n, classes = logits.shape
    d = np.eye(classes)[labels] if np.issubdtype(labels.dtype, np.integer) else labels
    top = logits.max(axis=1, keepdims=True)
    log_p = logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
    return -np.sum(d * log_p) / n, (softmax(logits) * d.sum(axis=1, keepdims=True) - d) / n


def perceptron_criterion(a: Float[ndarray, "batch *features"], d: Real[ndarray, "batch *features"]) -> LossAndGradient:
    """Return E = 1/n sum (y - d) a, y = step(a), and da = (y - d) / n; y is flat, so only the factor a has a slope."""
    n = len(a)
    error = step(a) - d
    return np.sum(error * a) / n, error / n


def l1(params: Params, rate: float) -> LossAndGradient:
    """Return rate sum |W| and its gradient: rate sign(W) for weights, 0 for everything else."""
    return _penalty(params, lambda w: rate * np.abs(w).sum(), lambda w: rate * np.sign(w))


def l2(params: Params, rate: float) -> LossAndGradient:
    """Return rate sum W^2 and its gradient: 2 rate W for weights, 0 for everything else."""
    return _penalty(params, lambda w: rate * (w**2).sum(), lambda w: 2 * rate * w)


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

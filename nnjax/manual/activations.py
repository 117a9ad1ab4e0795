"""Activations by hand: the forward pass h = g(z) and the backward pass dz = dh * g'(z).

An activation works on each entry alone, so its Jacobian is diagonal, and the chain rule is a product entry by entry::

    dz_i = sum_j dh_j dh_j/dz_i = dh_i g'(z_i)

``maxout`` and ``softmax`` mix entries along an axis; their backward passes carry the sum out.

The sources: step, McCulloch and Pitts (1943); sigmoid, Verhulst (1838); ReLU, Fukushima (1969); leaky ReLU, Maas,
Hannun and Ng (2013); ELU, Clevert et al. (2015); GELU, Hendrycks and Gimpel (2016); PReLU, He et al. (2015); maxout,
Goodfellow et al. (2013); softmax, Bridle (1990).
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.special import erf, expit

Z = Float[ndarray, "*shape"]


def identity(z: Z) -> Z:
    """Return z."""
    return z


def identity_backward(z: Z, dh: Z) -> Z:
    """Return dz = dh, for g' = 1."""
    return dh


def step(z: Z) -> Z:
    """Return 1 where z >= 0, else 0."""
    return np.where(z >= 0, 1.0, 0.0)


def step_backward(z: Z, dh: Z) -> Z:
    """Return dz = 0: a step is flat, nothing can be learnt through it."""
    return np.zeros_like(dh)


def sigmoid(z: Z, *, slope: float = 1.0) -> Z:
    """Return s = 1 / (1 + exp(-h z)), by scipy's expit, which does not overflow."""
    return expit(slope * z)


def sigmoid_backward(z: Z, dh: Z, *, slope: float = 1.0) -> Z:
    """Return dz = dh h s (1 - s).

    With u = exp(-h z): s = 1 / (1 + u), ds/dz = h u / (1 + u)^2, and u / (1 + u) = 1 - s.
    """
    s = sigmoid(z, slope=slope)
    return dh * slope * s * (1 - s)


def tanh(z: Z, *, slope: float = 1.0) -> Z:
    """Return t = tanh(h z)."""
    return np.tanh(slope * z)


def tanh_backward(z: Z, dh: Z, *, slope: float = 1.0) -> Z:
    """Return dz = dh h (1 - t^2), for tanh = sinh / cosh and (cosh^2 - sinh^2) / cosh^2 = 1 - tanh^2."""
    return dh * slope * (1 - tanh(z, slope=slope) ** 2)


def relu(z: Z, *, slope: float = 1.0) -> Z:
    """Return max(0, h z)."""
    return np.where(z <= 0, 0.0, slope * z)


def relu_backward(z: Z, dh: Z, *, slope: float = 1.0) -> Z:
    """Return dz = dh h where z > 0, else 0: the gate that was shut on the way forward is shut on the way back."""
    return np.where(z > 0, slope * dh, 0.0)


def leaky_relu(z: Z, *, slope: float = 0.1) -> Z:
    """Return z where z > 0, else slope * z."""
    return np.where(z > 0, z, slope * z)


def leaky_relu_backward(z: Z, dh: Z, *, slope: float = 0.1) -> Z:
    """Return dz = dh where z > 0, else slope * dh."""
    return np.where(z > 0, dh, slope * dh)


def elu(z: Z, *, alpha: float = 1.0) -> Z:
    """Return z where z > 0, else alpha (exp(z) - 1)."""
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def elu_backward(z: Z, dh: Z, *, alpha: float = 1.0) -> Z:
    """Return dz = dh where z > 0, else dh alpha exp(z)."""
    return np.where(z > 0, dh, dh * alpha * np.exp(np.minimum(z, 0)))


def gelu(z: Z) -> Z:
    """Return z Phi(z), Phi(z) = (1 + erf(z / sqrt 2)) / 2."""
    return z * 0.5 * (1 + erf(z / np.sqrt(2)))


def gelu_backward(z: Z, dh: Z) -> Z:
    """Return dz = dh (Phi(z) + z phi(z)), by the product rule; phi = Phi' is the normal density."""
    cdf = 0.5 * (1 + erf(z / np.sqrt(2)))
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return dh * (cdf + z * density)


def prelu(z: Float[ndarray, "batch features"], slope: Float[ndarray, "..."]) -> Float[ndarray, "batch features"]:
    """Return z where z > 0, else slope * z; the slope is () or (features,)."""
    return np.where(z > 0, z, slope * z)


def prelu_backward(
    z: Float[ndarray, "batch features"], slope: Float[ndarray, "..."], dh: Float[ndarray, "batch features"]
) -> tuple[Float[ndarray, "batch features"], Float[ndarray, "..."]]:
    """Return (dz, dslope).

    dz is that of the leaky ReLU. The slope multiplies z wherever z <= 0, in every example, so
    dslope_j = sum_n dh_nj z_nj [z_nj <= 0]; a single slope sums over the features as well.
    """
    dz = np.where(z > 0, dh, slope * dh)
    by_entry = np.where(z > 0, 0.0, dh * z)
    return dz, by_entry.sum(axis=0) if np.ndim(slope) else np.asarray(by_entry.sum())


def maxout(z: Float[ndarray, "batch pieces features"]) -> Float[ndarray, "batch features"]:
    """Return the largest piece of each feature."""
    return z.max(axis=1)


def maxout_backward(
    z: Float[ndarray, "batch pieces features"], dh: Float[ndarray, "batch features"]
) -> Float[ndarray, "batch pieces features"]:
    """Return dz: all of dh to the piece that won, shared equally where several tie."""
    winners = (z == z.max(axis=1, keepdims=True)).astype(float)
    return winners / winners.sum(axis=1, keepdims=True) * dh[:, None, :]


def softmax(z: Float[ndarray, "batch classes"]) -> Float[ndarray, "batch classes"]:
    """Return p_k = exp(z_k) / sum_l exp(z_l), row by row, the largest z subtracted first."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_backward(
    z: Float[ndarray, "batch classes"], dp: Float[ndarray, "batch classes"]
) -> Float[ndarray, "batch classes"]:
    """Return dz = p (dp - sum_k dp_k p_k).

    dp_k/dz_l = p_k ([k = l] - p_l), so dz_l = sum_k dp_k p_k [k = l] - p_l sum_k dp_k p_k.
    """
    p = softmax(z)
    return p * (dp - (dp * p).sum(axis=1, keepdims=True))


FORWARD: dict[str, Callable[..., ndarray]] = {
    f.__name__: f for f in (identity, step, sigmoid, tanh, relu, leaky_relu, elu, gelu)
}
"""The forward passes of the activations that act entry by entry, by name."""

BACKWARD: dict[str, Callable[..., ndarray]] = {
    "identity": identity_backward,
    "step": step_backward,
    "sigmoid": sigmoid_backward,
    "tanh": tanh_backward,
    "relu": relu_backward,
    "leaky_relu": leaky_relu_backward,
    "elu": elu_backward,
    "gelu": gelu_backward,
}
"""Their backward passes, by the same names."""

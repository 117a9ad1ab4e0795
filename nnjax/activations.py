"""Activation functions and their derivatives, written out.

Each function ``f(z)`` acts on pre-activations ``z`` of any shape and is followed by ``f_derivative(z) = df/dz``. Most
act entry by entry, some with a slope h; ``prelu`` learns its slope; ``maxout`` and ``softmax`` look along an axis.
At a kink the derivative is that of the left-hand side, so relu'(0) = 0.
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nnjax.checks import require_not_empty

Slope = Float[Array, "..."] | float


def identity(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return z: the activation of a linear output layer."""
    return z


def identity_derivative(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return 1 for every entry."""
    return jnp.ones_like(z)


def step(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return 1 where z >= 0 and 0 elsewhere: the neuron fires or does not (McCulloch and Pitts, 1943)."""
    return (z >= 0).astype(z.dtype)


def step_derivative(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return 0 everywhere, which is why gradient descent cannot train a step (at z = 0 there is no derivative)."""
    return jnp.zeros_like(z)


def sigmoid(z: Float[Array, "*shape"], *, slope: Slope = 1.0) -> Float[Array, "*shape"]:
    """Return 1 / (1 + exp(-h z)), between 0 and 1, with slope h: the logistic function (Verhulst, 1838).

    It is safe at any size of z.
    """
    return jax.nn.sigmoid(slope * z)


def sigmoid_derivative(z: Float[Array, "*shape"], *, slope: Slope = 1.0) -> Float[Array, "*shape"]:
    """Return h s (1 - s) with s = sigmoid(h z)."""
    s = sigmoid(z, slope=slope)
    return slope * s * (1 - s)


def tanh(z: Float[Array, "*shape"], *, slope: Slope = 1.0) -> Float[Array, "*shape"]:
    """Return (exp(2 h z) - 1) / (exp(2 h z) + 1), between -1 and 1, with slope h.

    Its outputs have means near 0, for which LeCun, Bottou, Orr and Müller (1998) prefer it to the sigmoid.
    """
    return jnp.tanh(slope * z)


def tanh_derivative(z: Float[Array, "*shape"], *, slope: Slope = 1.0) -> Float[Array, "*shape"]:
    """Return h (1 - t^2) with t = tanh(h z)."""
    return slope * (1 - tanh(z, slope=slope) ** 2)


def relu(z: Float[Array, "*shape"], *, slope: Slope = 1.0) -> Float[Array, "*shape"]:
    """Return max(0, h z) with slope h > 0: the rectified linear unit (Fukushima, 1969; Nair and Hinton, 2010)."""
    return _positive_part(slope * z)


@jax.custom_jvp
def _positive_part(z: Array) -> Array:
    # Asking for z <= 0, not z > 0, lets a nan through; a ReLU that turned nan into 0 would hide it from the loss.
    return jnp.where(z <= 0, 0, z)


@_positive_part.defjvp
def _positive_part_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    # Where it was cut off is read from the output, which the next layer keeps anyway; z need not be remembered.
    y = _positive_part(*primals)
    return y, jnp.where(y <= 0, 0, tangents[0])


def relu_derivative(z: Float[Array, "*shape"], *, slope: Slope = 1.0) -> Float[Array, "*shape"]:
    """Return h where z > 0 and 0 elsewhere."""
    return jnp.where(z > 0, slope, jnp.zeros_like(z))


def leaky_relu(z: Float[Array, "*shape"], *, slope: Slope = 0.1) -> Float[Array, "*shape"]:
    """Return z where z > 0 and slope * z elsewhere, so that no unit dies (Maas, Hannun and Ng, 2013)."""
    return jnp.where(z > 0, z, slope * z)


def leaky_relu_derivative(z: Float[Array, "*shape"], *, slope: Slope = 0.1) -> Float[Array, "*shape"]:
    """Return 1 where z > 0 and the slope elsewhere."""
    return jnp.where(z > 0, jnp.ones_like(z), slope)


def elu(z: Float[Array, "*shape"], *, alpha: float = 1.0) -> Float[Array, "*shape"]:
    """Return z where z > 0 and alpha (exp(z) - 1) elsewhere: the exponential linear unit (Clevert et al., 2015)."""
    # exp never sees z > 0: otherwise a large z overflows in the branch not taken, and its gradient is nan.
    return jnp.where(z > 0, z, alpha * jnp.expm1(jnp.where(z > 0, 0, z)))


def elu_derivative(z: Float[Array, "*shape"], *, alpha: float = 1.0) -> Float[Array, "*shape"]:
    """Return 1 where z > 0 and alpha exp(z) elsewhere."""
    return jnp.where(z > 0, 1, alpha * jnp.exp(jnp.minimum(z, 0)))


def gelu(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return z Phi(z), Phi the standard normal distribution function (Hendrycks and Gimpel, 2016); exact, by erfc."""
    return z * normal_cdf(z)


def gelu_derivative(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return Phi(z) + z phi(z), phi the standard normal density."""
    return normal_cdf(z) + z * jnp.exp(-0.5 * z**2) / jnp.sqrt(2 * jnp.pi)


def normal_cdf(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return Phi(z) = erfc(-z / sqrt 2) / 2, the standard normal distribution function.

    It is the same as (1 + erf(z / sqrt 2)) / 2, whose digits cancel for z far below 0.
    """
    return 0.5 * jax.lax.erfc(-z / math.sqrt(2))


def prelu(z: Float[Array, "*batch features"], slope: Slope) -> Float[Array, "*batch features"]:
    """Return z where z > 0 and slope * z elsewhere, the slope () or (features,) being learned (He et al., 2015)."""
    return jnp.where(z > 0, z, slope * z)


def prelu_derivative(
    z: Float[Array, "*batch features"], slope: Slope
) -> tuple[Float[Array, "*batch features"], Float[Array, "*batch features"]]:
    """Return the derivatives by z (1 or the slope) and by the slope (0 or z), entry by entry."""
    return jnp.where(z > 0, jnp.ones_like(z), slope), jnp.where(z > 0, 0, z)


def maxout(z: Float[Array, "*batch pieces features"]) -> Float[Array, "*batch features"]:
    """Return the largest of the pieces, feature by feature: h_j = max_p z_pj (Goodfellow et al., 2013)."""
    require_not_empty("z", z, axes=2)
    return jnp.max(z, axis=-2)


def maxout_derivative(z: Float[Array, "*batch pieces features"]) -> Float[Array, "*batch pieces features"]:
    """Return 1 at the winning piece and 0 at the others; pieces that tie share the 1 equally."""
    require_not_empty("z", z, axes=2)
    winners = (z == jnp.max(z, axis=-2, keepdims=True)).astype(z.dtype)
    return winners / jnp.sum(winners, axis=-2, keepdims=True)


def softmax(z: Float[Array, "*batch classes"]) -> Float[Array, "*batch classes"]:
    """Return exp(z_k) / sum_l exp(z_l) along the last axis: positive, summing to 1 (Bridle, 1990).

    The largest z is subtracted first; the ratio stays and no exponential overflows.
    """
    require_not_empty("z", z)
    e = jnp.exp(z - jax.lax.stop_gradient(jnp.max(z, axis=-1, keepdims=True)))
    return e / jnp.sum(e, axis=-1, keepdims=True)


def softmax_derivative(z: Float[Array, "*batch classes"]) -> Float[Array, "*batch classes classes"]:
    """Return the Jacobian dp_k / dz_l = p_k ([k = l] - p_l), one matrix for each row."""
    p = softmax(z)
    return p[..., :, None] * (jnp.eye(z.shape[-1], dtype=z.dtype) - p[..., None, :])


BY_NAME: dict[str, Callable[..., Array]] = {
    f.__name__: f for f in (identity, step, sigmoid, tanh, relu, leaky_relu, elu, gelu)
}
"""The activations that act entry by entry and learn nothing, by name."""

"""ADALINE (Widrow and Hoff, 1960): the error is measured before the step, where it has a slope; and MADALINE.

The targets are 0 or 1; the linear output is trained towards them and the answer is 1 where it reaches 1/2.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from nnjax import initializers, losses
from nnjax.activations import step
from nnjax.checks import require_between, require_labels, require_not_empty, require_same_shape, require_sizes
from nnjax.initializers import Key
from nnjax.layers import dense

Params = dict[str, Array]
Scalar = Float[Array, ""]


def init(key: Key, inputs: int, outputs: int | None = None) -> Params:
    """Return one neuron {"W": (inputs,), "b": ()}, or a layer of ``outputs`` neurons, with small random weights."""
    return dense.init(key, inputs, outputs, initializer=initializers.normal)


def apply(params: Params, x: Float[Array, "*batch inputs"]) -> Float[Array, "..."]:
    """Return the linear output x . W + b, the one that is trained; ``predict`` makes the answer of it."""
    return dense.apply(params, x)


def predict(params: Params, x: Float[Array, "*batch inputs"]) -> Float[Array, "..."]:
    """Return the answer: 1 where the linear output is at least 1/2, else 0."""
    return step(apply(params, x) - 0.5)


def loss(params: Params, x: Float[Array, "batch inputs"], targets: Real[Array, "batch *outputs"]) -> Scalar:
    """Return the batch mean of 1/2 (x . W + b - d)^2."""
    return losses.squared_error(apply(params, x), targets)


def update(
    params: Params,
    xs: Float[Array, "batch inputs"],
    ys: Real[Array, "batch *outputs"],
    learning_rate: float | Scalar,
) -> Params:
    """Return the parameters after one step of the delta rule on the batch mean: W <- W + eta mean((d - y) x).

    Raises ValueError when a shape does not fit or the batch is empty.
    """
    require_not_empty("xs", xs, axes=2)
    y = apply(params, xs)
    require_same_shape("ys", ys, "the outputs", y)
    error = ys - y
    return {
        "W": params["W"] + learning_rate * xs.T @ error / len(xs),
        "b": params["b"] + learning_rate * jnp.mean(error, axis=0),
    }


def largest_stable_rate(xs: Float[Array, "samples inputs"]) -> Scalar:
    """Return 2 / lambda, lambda the largest eigenvalue of the mean of x x^T, constant input 1 included.

    Below this learning rate ``update`` on all samples converges; above it the error grows without bound.
    Raises ValueError when there are no samples.
    """
    require_not_empty("xs", xs, axes=2)
    with_one = jnp.concatenate([xs, jnp.ones((len(xs), 1), xs.dtype)], axis=1)
    return 2 / jnp.linalg.eigvalsh(with_one.T @ with_one / len(xs))[-1]


def madaline_init(key: Key, inputs: int, units: int) -> Params:
    """Return a layer of ``units`` ADALINEs, {"W": (inputs, units), "b": (units,)}, with normal weights and biases."""
    require_sizes("(inputs, units)", (inputs, units))
    params = dense.init(key, inputs + 1, units, initializer=initializers.glorot_normal)
    return {"W": params["W"][:-1], "b": params["W"][-1]}


def madaline_apply(params: Params, x: Float[Array, "*batch inputs"], *, votes: int) -> Float[Array, "*batch"]:
    """Return 1 where at least ``votes`` of the units fire (1 is OR, all of them AND, more than half the majority)."""
    require_between("votes", votes, 1, params["W"].shape[1])
    return step(jnp.sum(step(dense.apply(params, x)), axis=-1) - votes)


def madaline_update(
    params: Params,
    x: Float[Array, " inputs"],
    y: Real[Array, ""],
    learning_rate: float | Scalar,
    *,
    votes: int,
) -> Params:
    """Return the parameters after one sample by MADALINE Rule I, least disturbance (Widrow, 1962).

    When the vote is wrong, the unit whose pre-activation is nearest to 0 among those that voted wrongly is moved by
    the delta rule towards the other side, to +1 or -1; all others stay.
    Raises ValueError when a shape does not fit or the target is not 0 or 1.
    """
    require_same_shape("x", x, "the W of one unit", params["W"][:, 0])
    a = dense.apply(params, x)
    answer = madaline_apply(params, x, votes=votes)
    require_same_shape("y", y, "the vote", answer)
    require_labels("y", y, 2)
    wrong = y != answer
    distance = jnp.where(step(a) != y, jnp.abs(a), jnp.inf)
    chosen = jnp.arange(len(a)) == jnp.argmin(distance)
    error = jnp.where(wrong & chosen, (2.0 * y - 1) - a, 0)
    return {"W": params["W"] + learning_rate * jnp.outer(x, error), "b": params["b"] + learning_rate * error}

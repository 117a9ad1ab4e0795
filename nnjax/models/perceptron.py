"""The perceptron (Rosenblatt, 1958): a neuron with a step, trained by correcting its mistakes; and Hebb's rule (1949).

The neuron is McCulloch and Pitts's (1943): y' = step(x . W + b). The targets y are 0 or 1.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from nnjax import initializers, losses
from nnjax.activations import step
from nnjax.checks import require_between, require_labels, require_same_shape, require_whole
from nnjax.initializers import Key
from nnjax.layers import dense

Params = dict[str, Array]
Scalar = Float[Array, ""]


def init(key: Key, inputs: int, outputs: int | None = None) -> Params:
    """Return one neuron {"W": (inputs,), "b": ()}, or a layer of ``outputs`` neurons, with small random weights."""
    return dense.init(key, inputs, outputs, initializer=initializers.normal)


def apply(params: Params, x: Float[Array, "*batch inputs"]) -> Float[Array, "..."]:
    """Return step(x . W + b): 1 on one side of the line x . W + b = 0 and on it, 0 on the other.

    A step has no slope, so that ``fit`` moves nothing through it: give it ``linear.apply``, which is x . W + b, with
    ``losses.perceptron_criterion``. The accuracy it counts is that of the step.
    """
    return step(dense.apply(params, x))


def loss(params: Params, x: Float[Array, "batch inputs"], targets: Real[Array, "batch *outputs"]) -> Scalar:
    """Return the perceptron criterion, mean of (y' - y)(x . W + b): 0 when every example is right."""
    return losses.perceptron_criterion(dense.apply(params, x), targets)


def update(params: Params, x: Float[Array, " inputs"], y: Real[Array, ""], learning_rate: float | Scalar) -> Params:
    """Return the parameters after one sample: W <- W + eta (y - y') x, b <- b + eta (y - y').

    A right answer changes nothing. The bias is the weight of a constant input 1.
    Raises ValueError when a shape does not fit or the target is not 0 or 1.
    """
    require_same_shape("x", x, "the W of one neuron", params["W"])
    answer = apply(params, x)
    require_same_shape("y", y, "its answer", answer)
    require_labels("y", y, 2)
    error = y - answer
    return {"W": params["W"] + learning_rate * error * x, "b": params["b"] + learning_rate * error}


def train(
    params: Params,
    xs: Float[Array, "samples inputs"],
    ys: Real[Array, " samples"],
    learning_rate: float | Scalar = 1.0,
    epochs: int = 10,
) -> tuple[Params, dict[str, Any]]:
    """Return the parameters after ``epochs`` passes over the samples in order, and the history.

    History: "params" after each of the epochs * samples updates (stacked on a new first axis) and "mistakes", 1 where
    the neuron was wrong before the update, (epochs, samples). Raises ValueError for a negative rate, a count of epochs
    that is none, or when there is not one target, 0 or 1, for each sample.
    """
    require_between("learning_rate", learning_rate, 0, float("inf"))
    require_whole("epochs", epochs, 0)
    require_same_shape("ys", ys, "the samples in xs", xs[..., 0])
    require_labels("ys", ys, 2)

    def one_sample(params: Params, sample: tuple[Array, Array]) -> tuple[Params, tuple[Params, Array]]:
        new = update(params, *sample, learning_rate)
        return new, (new, (apply(params, sample[0]) != sample[1]).astype(jnp.int32))

    repeated = (jnp.tile(xs, (epochs, 1)), jnp.tile(ys, epochs))
    params, (path, mistakes) = jax.lax.scan(one_sample, params, repeated)
    return params, {"params": path, "mistakes": mistakes.reshape(epochs, len(xs))}


def mistake_bound(params: Params, xs: Float[Array, "samples inputs"], ys: Real[Array, " samples"]) -> Scalar:
    """Return (R / gamma)^2: started from zero, the perceptron never makes more mistakes (Novikoff, 1962).

    R is the length of the longest sample and gamma the smallest distance to the line that ``params`` draw, both with
    the constant input 1 added. It is infinite when ``params`` do not separate the samples.
    Raises ValueError when there is not one target, 0 or 1, for each sample.
    """
    a = dense.apply(params, xs)
    require_same_shape("ys", ys, "the samples in xs", a)
    require_labels("ys", ys, 2)
    length = jnp.sqrt(jnp.sum(params["W"] ** 2) + params["b"] ** 2)
    gamma = jnp.min((2.0 * ys - 1) * a) / length
    radius = jnp.sqrt(jnp.max(jnp.sum(xs**2, axis=1) + 1))
    return jnp.where(gamma > 0, (radius / gamma) ** 2, jnp.inf)


def hebb_update(
    w: Float[Array, " inputs"], x: Float[Array, " inputs"], y: Real[Array, ""], learning_rate: float | Scalar
) -> Float[Array, " inputs"]:
    """Return w + eta y x: what is active together grows together (Hebb, 1949)."""
    require_same_shape("x", x, "w", w)
    return w + learning_rate * y * x

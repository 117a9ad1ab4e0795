"""Logistic regression (Cox, 1958): a neuron whose sigmoid output is the probability of class 1."""

from jaxtyping import Array, Float, Real

from nnjax import initializers, losses
from nnjax.activations import sigmoid
from nnjax.initializers import Key
from nnjax.layers import dense

Params = dict[str, Array]


def init(key: Key, inputs: int, outputs: int | None = None) -> Params:
    """Return one neuron {"W": (inputs,), "b": ()}, or ``outputs`` independent ones, small and random."""
    return dense.init(key, inputs, outputs, initializer=initializers.normal)


def apply(params: Params, x: Float[Array, "*batch inputs"]) -> Float[Array, "..."]:
    """Return the logits x W + b; class 1 is predicted where they are positive."""
    return dense.apply(params, x)


def probability(params: Params, x: Float[Array, "*batch inputs"]) -> Float[Array, "..."]:
    """Return the probability of class 1, sigmoid(x W + b)."""
    return sigmoid(apply(params, x))


def loss(params: Params, x: Float[Array, "batch inputs"], targets: Real[Array, "batch *outputs"]) -> Float[Array, ""]:
    """Return the binary cross-entropy, batch mean of -d log y - (1 - d) log(1 - y), y the probability.

    Its gradient by the logits is (y - d) / batch, the same expression as in linear regression.
    """
    return losses.binary_cross_entropy(apply(params, x), targets)

"""Losses: one number for a batch, the mean over its examples, and penalties on weights.

The targets are called d ("desired"). The first axis counts the examples.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, PyTree, Real

from nnjax.activations import step
from nnjax.checks import require_labels, require_not_empty, require_same_shape

Scalar = Float[Array, ""]


def squared_error(y: Float[Array, "batch *features"], d: Real[Array, "batch *features"]) -> Scalar:
    """Return mean over the batch of 1/2 ||y - d||^2 (Legendre, 1805; Gauss, 1809).

    The factor 1/2 makes the gradient by y plainly (y - d) / batch.
    Raises ValueError when the shapes differ or the batch is empty.
    """
    require_same_shape("y", y, "d", d)
    require_not_empty("y", y)
    return 0.5 * jnp.sum((y - d) ** 2) / y.shape[0]


def binary_cross_entropy(logits: Float[Array, "batch *features"], d: Real[Array, "batch *features"]) -> Scalar:
    """Return mean over the batch of -d log s(z) - (1 - d) log(1 - s(z)), s the sigmoid, z the logits, 0 <= d <= 1.

    (Cox, 1958.) As log s(z) = -log(1 + exp(-z)) and 1 - s(z) = s(-z), no logarithm of 0 is taken at any size of z.
    Several outputs of one example are summed. Raises ValueError when the shapes differ or the batch is empty.
    """
    require_same_shape("logits", logits, "d", d)
    require_not_empty("logits", logits)
    log_likelihood = d * jax.nn.log_sigmoid(logits) + (1 - d) * jax.nn.log_sigmoid(-logits)
    return -jnp.sum(log_likelihood) / logits.shape[0]


def cross_entropy(
    logits: Float[Array, "batch *time classes"],
    labels: Integer[Array, "batch *time"] | Float[Array, "batch *time classes"],
) -> Scalar:
    """Return the mean surprise -sum_k d_k log softmax(z)_k at the true labels.

    ``labels`` are integers 0 .. classes - 1, or rows of probabilities such as one-hot ones. The logarithm of the
    softmax is taken as z - max z - log sum exp(z - max z), stable at any size of z. For sequences the mean runs over
    the time steps too.
    Raises ValueError when a shape does not fit, the batch is empty or a label is out of range.
    """
    require_not_empty("logits", logits)
    classes = logits.shape[-1]
    if jnp.issubdtype(labels.dtype, jnp.integer):
        require_same_shape("labels", labels, "the batch of logits", logits[..., 0])
        require_labels("labels", labels, classes)
        labels = jax.nn.one_hot(labels, classes, dtype=logits.dtype)
    require_same_shape("labels", labels, "logits", logits)
    return jnp.mean(-jnp.sum(labels * jax.nn.log_softmax(logits), axis=-1))


def perceptron_criterion(a: Float[Array, "batch *features"], d: Real[Array, "batch *features"]) -> Scalar:
    """Return mean over the batch of (step(a) - d) a: how far the wrong neurons stand on the wrong side; d is 0 or 1.

    Its gradient by the pre-activation a is (step(a) - d) / batch: descending it is Rosenblatt's rule (1958).
    """
    require_same_shape("a", a, "d", d)
    require_not_empty("a", a)
    return jnp.sum((step(a) - d) * a) / a.shape[0]


def weights(params: PyTree) -> list[Array]:
    """Return the leaves that are weights, those whose name begins with W; biases, scales and slopes are not."""
    leaves = jax.tree_util.tree_flatten_with_path(params)[0]
    return [leaf for path, leaf in leaves if _name(path[-1:]).startswith("W")]


def l1(params: PyTree, rate: float | Scalar) -> Scalar:
    """Return rate * sum |W| over all weights, not biases: pushes weights to exactly 0 (Tibshirani, 1996).

    Its gradient is rate * sign(W), 0 for a weight that is 0.
    """
    # W sign(W), not |W|, whose gradient at 0 is 1 in JAX: zero weights would be moved.
    return rate * sum((jnp.sum(w * jnp.sign(w)) for w in weights(params)), jnp.zeros(()))


def l2(params: PyTree, rate: float | Scalar) -> Scalar:
    """Return rate * sum W^2 over all weights, not biases: keeps weights small (Hoerl and Kennard, 1970)."""
    return rate * sum((jnp.sum(w**2) for w in weights(params)), jnp.zeros(()))


def _name(path: tuple[Any, ...]) -> str:
    return str(getattr(path[0], "key", getattr(path[0], "name", ""))) if path else ""


BY_NAME: dict[str, Callable[..., Array]] = {
    f.__name__: f for f in (squared_error, binary_cross_entropy, cross_entropy, perceptron_criterion)
}
"""The losses of (outputs, targets), by name."""

"""Losses: one number for a batch, the mean over its examples, and penalties on weights.

The targets are called d ("desired"). The first axis counts the examples.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Integer, PyTree, Real

from nnjax.activations import step
from nnjax.checks import require_between, require_labels, require_not_empty, require_same_shape

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
    Several outputs of one example are summed.
    Raises ValueError when the shapes differ, the batch is empty or a target is not between 0 and 1.
    """
    require_same_shape("logits", logits, "d", d)
    require_not_empty("logits", logits)
    _require_probabilities("d", d)
    log_likelihood = d * jax.nn.log_sigmoid(logits) + (1 - d) * jax.nn.log_sigmoid(-logits)
    return -jnp.sum(log_likelihood) / logits.shape[0]


def cross_entropy(
    logits: Float[Array, "batch *time classes"],
    labels: Integer[Array, "batch *time"]
    | Bool[Array, "batch *time"]
    | Real[Array, "batch *time classes"]
    | Bool[Array, "batch *time classes"],
) -> Scalar:
    """Return the mean surprise -sum_k d_k log softmax(z)_k at the true labels (Bridle, 1990).

    ``labels`` are integers 0 .. classes - 1 (False and True count as 0 and 1), or rows of probabilities such as one-hot
    ones. The logarithm of the softmax is taken as z - max z - log sum exp(z - max z), stable at any size of z. For
    sequences the mean runs over the time steps too.
    Raises ValueError when a shape does not fit, the batch is empty, a label is out of range or no whole number.
    """
    require_not_empty("logits", logits)
    classes = logits.shape[-1]
    labels = labels if isinstance(labels, jax.Array) else np.asarray(labels)
    whole = not jnp.issubdtype(labels.dtype, jnp.floating)
    if whole and labels.shape == logits.shape:
        require_labels("labels", labels, 2, "entries of one-hot rows")
    elif whole:
        require_same_shape("labels", labels, "the batch of logits", logits[..., 0])
        require_labels("labels", labels, classes)
        labels = labels.astype(jnp.int32) if labels.dtype == bool else labels
        labels = jax.nn.one_hot(labels, classes, dtype=logits.dtype)
    elif labels.shape == logits.shape[:-1]:
        raise ValueError(
            f"labels has shape {labels.shape} and dtype {labels.dtype}; labels of classes are integers: "
            "labels.astype(int)"
        )
    require_same_shape("labels", labels, "logits", logits)
    return jnp.mean(-jnp.sum(labels * jax.nn.log_softmax(logits), axis=-1))


def perceptron_criterion(a: Float[Array, "batch *features"], d: Real[Array, "batch *features"]) -> Scalar:
    """Return mean over the batch of (step(a) - d) a: how far the wrong neurons stand on the wrong side; d is 0 or 1.

    Its gradient by the pre-activation a is (step(a) - d) / batch: descending it is Rosenblatt's rule (1958).
    Raises ValueError when the shapes differ, the batch is empty or a target is not between 0 and 1.
    """
    require_same_shape("a", a, "d", d)
    require_not_empty("a", a)
    _require_probabilities("d", d)
    return jnp.sum((step(a) - d) * a) / a.shape[0]


def weights(params: PyTree) -> list[Array]:
    """Return the leaves that are weights, those whose name begins with W; biases, scales and slopes are not.

    Raises ValueError where there are none: a penalty on them would be 0 and train without a word.
    """
    leaves = jax.tree_util.tree_flatten_with_path(params)[0]
    found = [leaf for path, leaf in leaves if _name(path[-1:]).startswith("W")]
    if not found:
        names = ", ".join(f"params{jax.tree_util.keystr(path)}" for path, _ in leaves[:6]) or "no arrays"
        raise ValueError(f"params holds no weights, which are arrays under a name that begins with W; it holds {names}")
    return found


def l1(params: PyTree, rate: float | Scalar) -> Scalar:
    """Return rate * sum |W| over all weights, not biases: pushes weights to exactly 0 (Tibshirani, 1996).

    Its gradient is rate * sign(W), 0 for a weight that is 0.
    Raises ValueError for a rate below 0 and for params without ``weights``.
    """
    require_between("rate", rate, 0, float("inf"), high_included=False)
    # W sign(W), not |W|, whose gradient at 0 is 1 in JAX: zero weights would be moved.
    return rate * sum((jnp.sum(w * jnp.sign(w)) for w in weights(params)), jnp.zeros(()))


def l2(params: PyTree, rate: float | Scalar) -> Scalar:
    """Return rate * sum W^2 over all weights, not biases: keeps weights small (Hoerl and Kennard, 1970).

    Raises ValueError for a rate below 0 and for params without ``weights``.
    """
    require_between("rate", rate, 0, float("inf"), high_included=False)
    return rate * sum((jnp.sum(w**2) for w in weights(params)), jnp.zeros(()))


def _require_probabilities(name: str, d: Any) -> None:
    if not isinstance(d, jax.core.Tracer):
        for extreme in (np.min(np.asarray(d)), np.max(np.asarray(d))):
            require_between(name, extreme, 0, 1)


def _name(path: tuple[Any, ...]) -> str:
    return str(getattr(path[0], "key", getattr(path[0], "name", ""))) if path else ""


BY_NAME: dict[str, Callable[..., Array]] = {
    f.__name__: f for f in (squared_error, binary_cross_entropy, cross_entropy, perceptron_criterion)
}
"""The losses of (outputs, targets), by name."""

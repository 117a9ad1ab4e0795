"""The convolutional network of text: filters that look for short runs of tokens, wherever they stand (Kim, 2014).

Each token becomes a row of numbers; filters as wide as 2, 3, ... tokens are swept over the rows; the largest answer of
each filter over all places is kept, which makes one row for a text of any length; a dense layer classifies it.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, Num

from nnjax import activations, layers, losses
from nnjax.checks import require_not_empty, require_sizes
from nnjax.initializers import Key

Params = dict[str, Any]
Scalar = Float[Array, ""]


def init(
    key: Key, tokens: int, classes: int, *, width: int = 32, filters: int = 64, kernels: Sequence[int] = (2, 3, 4)
) -> Params:
    """Return {"embedding": (tokens, width), "conv": one layer of ``filters`` for each of ``kernels``, "dense": ...}.

    Raises ValueError for a size below 1.
    """
    require_sizes("kernels", kernels)
    first, last, *between = jax.random.split(key, 2 + len(kernels))
    convs = [layers.conv.conv1d_init(k, kernel, width, filters) for k, kernel in zip(between, kernels, strict=True)]
    return {
        "embedding": layers.embedding.init(first, tokens, width),
        "conv": convs,
        "dense": layers.dense.init(last, filters * len(kernels), classes),
    }


def apply(
    params: Params, tokens: Integer[Array, "batch time"], *, dropout: float | Scalar = 0.0, key: Key | None = None
) -> Float[Array, "batch classes"]:
    """Return the logits of each text; ``dropout`` of what the filters found takes place where there is a ``key``.

    Raises ValueError for an empty text or a token out of range.
    """
    require_not_empty("tokens", tokens, axes=2)
    rows = layers.embedding.apply(params["embedding"], tokens)
    found = [
        layers.pooling.global_max_pool(activations.relu(layers.conv.conv1d_apply(layer, rows, padding="SAME")))
        for layer in params["conv"]
    ]
    features = layers.dropout.apply(jnp.concatenate(found, axis=-1), dropout, key=key)
    return layers.dense.apply(params["dense"], features)


def loss(
    params: Params,
    x: Integer[Array, "batch time"],
    targets: Num[Array, "batch *classes"],
    *,
    dropout: float | Scalar = 0.0,
    key: Key | None = None,
) -> Scalar:
    """Return the cross-entropy of the logits with the labels."""
    return losses.cross_entropy(apply(params, x, dropout=dropout, key=key), targets)

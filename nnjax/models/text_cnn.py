"""The convolutional network for text: filters sweep over characters and look for n-grams (Kim, 2014).

A filter that is n characters wide answers to n-grams: each is n rows of the embedding, and the filter's weights are
what it likes to see there. The largest answer anywhere in the text is kept (global max pooling), so that it does not
matter where the n-gram stands or how long the text is; a dense layer classifies the answers of all filters.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer

from nnjax import layers, losses
from nnjax.activations import relu
from nnjax.checks import require_not_empty, require_sizes, require_tokens
from nnjax.initializers import Key

Params = dict[str, Any]
Scalar = Float[Array, ""]


def init(
    key: Key, tokens: int, classes: int, *, width: int = 16, grams: Sequence[int] = (2, 3, 4), filters: int = 32
) -> Params:
    """Return {"embedding", "conv": [conv1d, ...], "output": dense} for a vocabulary of ``tokens``.

    ``width`` is that of the embedding; there are ``filters`` filters for each length in ``grams``.
    Raises ValueError for a size below 1.
    """
    require_sizes("grams", grams)
    require_sizes("(tokens, classes, width, filters)", (tokens, classes, width, filters))
    first, last, *others = jax.random.split(key, len(grams) + 2)
    return {
        "embedding": layers.embedding.init(first, tokens, width),
        "conv": [layers.conv.conv1d_init(k, n, width, filters) for k, n in zip(others, grams, strict=True)],
        "output": layers.dense.init(last, len(grams) * filters, classes),
    }


def apply(
    params: Params, tokens: Integer[Array, "batch length"], *, dropout: float | Scalar = 0.0, key: Key | None = None
) -> Float[Array, "batch classes"]:
    """Return the logits of the classes of each text.

    ``dropout`` is the rate at which the filters' answers are dropped in training, when there is a ``key``.
    Raises ValueError for a token out of range or texts shorter than a filter.
    """
    if jnp.ndim(tokens) != 2:
        raise ValueError(f"tokens has shape {jnp.shape(tokens)}; it must be (batch, length)")
    require_not_empty("tokens", tokens)
    require_tokens("tokens", tokens, len(params["embedding"]["W"]))
    x = layers.embedding.apply(params["embedding"], tokens)
    answers = [layers.pooling.global_max_pool(layers.conv.conv1d_apply(conv, x)) for conv in params["conv"]]
    h = layers.dropout.apply(relu(jnp.concatenate(answers, axis=1)), dropout, key=key)
    return layers.dense.apply(params["output"], h)


def loss(
    params: Params,
    tokens: Integer[Array, "batch length"],
    targets: Integer[Array, " batch"],
    *,
    dropout: float | Scalar = 0.0,
    key: Key | None = None,
) -> Scalar:
    """Return the cross-entropy of the logits with the labels."""
    return losses.cross_entropy(apply(params, tokens, dropout=dropout, key=key), targets)

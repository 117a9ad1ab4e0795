"""The convolutional networks in Flax, for images and for text: ``nnx.Conv``, pooling, dense layers."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import PyTree

from nnjax.interop.flax.dense import MLP
from nnjax.interop.flax.twin import Twin, dense_slots, slot
from nnjax.layers.windows import per_axis


class CNN(Twin):
    """Convolution, ReLU and max pooling for each kernel; an MLP on the flattened maps; dropout before dense layers."""

    def __init__(
        self,
        channels: Sequence[int],
        sizes: Sequence[int],
        *,
        kernels: Sequence[tuple[int, int]],
        pools: Sequence[int],
        padding: Any = "SAME",
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ):
        pairs = zip(pairwise(channels), kernels, strict=True)
        self.convs = nnx.List([nnx.Conv(i, o, kernel, padding=padding, rngs=rngs) for (i, o), kernel in pairs])
        self.pools = tuple(pools)
        self.dropout = nnx.Dropout(dropout, rngs=rngs if dropout else None)
        activations = [*[nnx.relu] * (len(sizes) - 2), lambda x: x]
        self.dense = MLP(sizes, activations=activations, dropout=dropout, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Return the logits, (batch, classes), of images (batch, height, width, channels)."""
        for conv, pool in zip(self.convs, self.pools, strict=True):
            x = nnx.max_pool(nnx.relu(conv(x)), (pool, pool), strides=(pool, pool))
        return self.dense(self.dropout(x.reshape(x.shape[0], -1)))

    @classmethod
    def like(cls, params: PyTree, *, pool: Any = 2, padding: Any = "SAME", dropout: float = 0.0) -> "CNN":
        """Return the network of the sizes of ``params``; the settings are those of ``models.cnn.apply``."""
        shapes = [layer["W"].shape for layer in params["conv"]]
        channels = [shapes[0][2], *(shape[3] for shape in shapes)]
        sizes = [params["dense"][0]["W"].shape[0], *(layer["W"].shape[1] for layer in params["dense"])]
        return cls(
            channels, sizes, kernels=[shape[:2] for shape in shapes], pools=per_axis("pool", pool, len(shapes)),
            padding=padding, dropout=dropout, rngs=nnx.Rngs(0),
        )  # fmt: skip

    def slots(self) -> dict[str, Any]:
        """Return {"conv", "dense"}."""
        return {"conv": [dense_slots(conv) for conv in self.convs], "dense": self.dense.slots()}


class TextCNN(Twin):
    """Filters of several widths swept over the rows of an embedding, the largest answer of each, a dense layer."""

    def __init__(
        self,
        tokens: int,
        classes: int,
        *,
        width: int,
        filters: int,
        kernels: Sequence[int],
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ):
        self.embedding = nnx.Embed(tokens, width, rngs=rngs)
        self.convs = nnx.List([nnx.Conv(width, filters, (kernel,), rngs=rngs) for kernel in kernels])
        self.dropout = nnx.Dropout(dropout, rngs=rngs if dropout else None)
        self.dense = nnx.Linear(filters * len(kernels), classes, rngs=rngs)

    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Return the logits, (batch, classes), of texts (batch, time)."""
        rows = self.embedding(tokens)
        found = [jnp.max(nnx.relu(conv(rows)), axis=1) for conv in self.convs]
        return self.dense(self.dropout(jnp.concatenate(found, axis=-1)))

    @classmethod
    def like(cls, params: PyTree, *, dropout: float = 0.0) -> "TextCNN":
        """Return the network of the sizes of ``params``; the setting is that of ``models.text_cnn.apply``."""
        tokens, width = params["embedding"]["W"].shape
        kernels = [layer["W"].shape[0] for layer in params["conv"]]
        filters, classes = params["conv"][0]["W"].shape[2], params["dense"]["W"].shape[1]
        sizes = {"width": width, "filters": filters, "kernels": kernels}
        return cls(tokens, classes, dropout=dropout, rngs=nnx.Rngs(0), **sizes)

    def slots(self) -> dict[str, Any]:
        """Return {"embedding", "conv", "dense"}."""
        return {
            "embedding": {"W": slot(self.embedding.embedding)},
            "conv": [dense_slots(conv) for conv in self.convs],
            "dense": dense_slots(self.dense),
        }

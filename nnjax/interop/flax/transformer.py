"""The transformers in Flax, for text and for images: ``nnx.MultiHeadAttention`` and ``nnx.LayerNorm`` in blocks."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import PyTree

from nnjax.interop.flax.twin import Slot, Twin, dense_slots, slot
from nnjax.layers.attention import require_heads


def norm(width: int, rngs: nnx.Rngs) -> nnx.LayerNorm:
    """Return a layer normalisation with our eps, and with the variance taken of what is centred already, as we do."""
    return nnx.LayerNorm(width, epsilon=1e-5, use_fast_variance=False, rngs=rngs)


class Block(nnx.Module):
    """Attention, then a small network for each place, each normalised before and added to what came in."""

    def __init__(self, width: int, hidden: int, *, heads: int, dropout: float = 0.0, rngs: nnx.Rngs):
        self.norm1 = norm(width, rngs)
        self.attention = nnx.MultiHeadAttention(heads, width, use_bias=False, decode=False, rngs=rngs)
        self.norm2 = norm(width, rngs)
        self.linear1 = nnx.Linear(width, hidden, rngs=rngs)
        self.linear2 = nnx.Linear(hidden, width, rngs=rngs)
        self.dropout = nnx.Dropout(dropout, rngs=rngs if dropout else None)

    def __call__(self, x: jax.Array, mask: jax.Array | None = None) -> jax.Array:
        """Return the rows (batch, time, width) of the next layer."""
        x = x + self.dropout(self.attention(self.norm1(x), mask=mask))
        return x + self.dropout(self.linear2(nnx.relu(self.linear1(self.norm2(x)))))

    def slots(self) -> dict[str, Any]:
        """Return {"norm1", "attention", "norm2", "mlp"}; Flax's kernels have an axis for the heads, ours blocks."""
        square = 2 * (self.attention.in_features,)
        names = {"Wq": "query", "Wk": "key", "Wv": "value", "Wo": "out"}
        return {
            "norm1": norm_slots(self.norm1),
            "attention": {W: slot(getattr(self.attention, name).kernel, square) for W, name in names.items()},
            "norm2": norm_slots(self.norm2),
            "mlp": [dense_slots(self.linear1), dense_slots(self.linear2)],
        }


class LanguageModel(Twin):
    """Logits of the next token at every place, from what stands there and before."""

    def __init__(
        self,
        tokens: int,
        *,
        width: int,
        layers: int,
        heads: int,
        length: int,
        hidden: int,
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ):
        self.tokens = nnx.Embed(tokens, width, rngs=rngs)
        self.positions = nnx.Embed(length, width, rngs=rngs)
        self.dropout = nnx.Dropout(dropout, rngs=rngs if dropout else None)
        self.blocks = nnx.List([Block(width, hidden, heads=heads, dropout=dropout, rngs=rngs) for _ in range(layers)])
        self.norm = norm(width, rngs)
        self.output = nnx.Linear(width, tokens, rngs=rngs)

    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Return the logits, (batch, time, tokens)."""
        mask = nnx.make_causal_mask(tokens)
        x = self.dropout(self.tokens(tokens) + self.positions(jnp.arange(tokens.shape[1])))
        for block in self.blocks:
            x = block(x, mask)
        return self.output(self.norm(x))

    @classmethod
    def like(cls, params: PyTree, *, heads: int, dropout: float = 0.0) -> "LanguageModel":
        """Return the network of the sizes of ``params``; the settings are those of ``models.transformer.apply``."""
        tokens, width = params["tokens"]["W"].shape
        length = len(params["positions"]["W"])
        sizes = {"width": width, "length": length, **_stack(params, width, heads)}
        return cls(tokens, heads=heads, dropout=dropout, rngs=nnx.Rngs(0), **sizes)

    def slots(self) -> dict[str, Any]:
        """Return {"tokens", "positions", "blocks", "norm", "output"}."""
        return {
            "tokens": {"W": slot(self.tokens.embedding)},
            "positions": {"W": slot(self.positions.embedding)},
            "blocks": [block.slots() for block in self.blocks],
            "norm": norm_slots(self.norm),
            "output": dense_slots(self.output),
        }


class Vision(Twin):
    """Logits of the classes of images: each patch a row, by a convolution that steps from patch to patch."""

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        patch: int,
        places: int,
        width: int,
        layers: int,
        heads: int,
        hidden: int,
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ):
        self.patches = nnx.Conv(channels, width, (patch, patch), strides=patch, padding="VALID", rngs=rngs)
        self.positions = nnx.Embed(places, width, rngs=rngs)
        self.dropout = nnx.Dropout(dropout, rngs=rngs if dropout else None)
        self.blocks = nnx.List([Block(width, hidden, heads=heads, dropout=dropout, rngs=rngs) for _ in range(layers)])
        self.norm = norm(width, rngs)
        self.output = nnx.Linear(width, classes, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Return the logits, (batch, classes), of images (batch, height, width) or with channels behind."""
        rows = self.patches(images if images.ndim == 4 else images[..., None])
        x = rows.reshape(len(rows), -1, rows.shape[-1])
        x = self.dropout(x + self.positions(jnp.arange(x.shape[1])))
        for block in self.blocks:
            x = block(x)
        return self.output(jnp.mean(self.norm(x), axis=1))

    @classmethod
    def like(cls, params: PyTree, *, heads: int, patch: int, dropout: float = 0.0) -> "Vision":
        """Return the network of the sizes of ``params``; the settings: those of ``models.vision_transformer.apply``."""
        pixels, width = params["patches"]["W"].shape
        if pixels % patch**2:
            raise ValueError(f"patch is {patch}; the network was made for patches of {pixels} numbers")
        sizes = {"places": len(params["positions"]["W"]), "width": width, **_stack(params, width, heads)}
        channels, classes = pixels // patch**2, params["output"]["W"].shape[1]
        return cls(channels, classes, patch=patch, heads=heads, dropout=dropout, rngs=nnx.Rngs(0), **sizes)

    def slots(self) -> dict[str, Any]:
        """Return {"patches", "positions", "blocks", "norm", "output"}; the kernel's places and channels are one row."""
        kernel = self.patches.kernel
        return {
            "patches": {
                "W": slot(kernel, (kernel.size // kernel.shape[-1], kernel.shape[-1])),
                "b": slot(self.patches.bias),
            },
            "positions": {"W": slot(self.positions.embedding)},
            "blocks": [block.slots() for block in self.blocks],
            "norm": norm_slots(self.norm),
            "output": dense_slots(self.output),
        }


def norm_slots(layer: nnx.LayerNorm) -> dict[str, Slot]:
    """Return {"scale", "bias"}."""
    return {"scale": slot(layer.scale), "bias": slot(layer.bias)}


def _stack(params: PyTree, width: int, heads: int) -> dict[str, int]:
    require_heads(heads, width)
    return {"layers": len(params["blocks"]), "hidden": params["blocks"][0]["mlp"][0]["W"].shape[1]}

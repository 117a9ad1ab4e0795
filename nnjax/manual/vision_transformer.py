"""The image transformer by hand: an image is a sequence of patches, and its class is read off their mean.

(Dosovitskiy et al., 2020.)

Forward, for images (batch, height, width, channels) cut into n patches of P x P pixels, each laid out as a row::

    x_0 = patches W + b + positions               (batch, n, width)
    x_l = block_l(x_(l-1)),  l = 1 .. L           every patch sees every other: no mask
    m   = mean over the patches of norm(x_L)      (batch, width)
    z   = m Wo + bo                               logits, one row for each image

Backward. Of the mean of n rows each row has the slope 1/n, so every patch gets dm / n. All else is what the layers do;
the patches themselves are data, so at the bottom only W, b and the positions are left::

    dnorm_i = dm / n    for every patch i
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray

from nnjax.manual import dense, dropout, losses, normalization, positions
from nnjax.manual.transformer import blocks_backward, blocks_forward

Params = dict[str, Any]


def patches(images: Float[ndarray, "batch height width *channels"], size: int) -> Float[ndarray, "batch n pixels"]:
    """Return the patches of each image as rows: from left to right, top to bottom, and so are the pixels of each."""
    batch, height, width = images.shape[:3]
    cut = images.reshape(batch, height // size, size, width // size, size, -1)
    return cut.transpose(0, 1, 3, 2, 4, 5).reshape(batch, (height // size) * (width // size), -1)


def forward(
    params: Params,
    images: Float[ndarray, "batch height width *channels"],
    *,
    heads: int,
    patch: int,
    masks: Sequence[Any] | None = None,
    rate: float = 0.0,
) -> tuple[Float[ndarray, "batch classes"], Any]:
    """Return (logits, cache); ``masks`` are the dropout masks: of x_0, then two for each block."""
    pieces = patches(images, patch)
    batch, n, pixels = pieces.shape
    x, cache_patches = dense.forward(params["patches"], pieces.reshape(-1, pixels))
    x, _ = positions.learned_forward(params["positions"], x.reshape(batch, n, -1))
    kept = None
    if masks is not None:
        x, kept = dropout.forward(x, masks[0], rate)
    x, cache_blocks = blocks_forward(params["blocks"], x, heads=heads, masks=masks, rate=rate)
    normed, cache_norm = normalization.layer_norm_forward(params["norm"], x.reshape(batch * n, -1))
    logits, cache_output = dense.forward(params["output"], normed.reshape(batch, n, -1).mean(axis=1))
    return logits, (n, cache_patches, kept, cache_blocks, cache_norm, cache_output)


def backward(params: Params, cache: Any, dz: Float[ndarray, "batch classes"]) -> Params:
    """Return the grads, shaped like params, from dz, the gradient by the logits."""
    n, cache_patches, kept, cache_blocks, cache_norm, cache_output = cache
    dm, output = dense.backward(params["output"], cache_output, dz)
    dx, norm = normalization.layer_norm_backward(params["norm"], cache_norm, np.repeat(dm / n, n, axis=0))
    dx, blocks = blocks_backward(params["blocks"], cache_blocks, dx.reshape(len(dz), n, -1))
    dx = dx if kept is None else dropout.backward(kept, dx)
    dx, places = positions.learned_backward(params["positions"], None, dx)
    _, pieces = dense.backward(params["patches"], cache_patches, dx.reshape(len(dz) * n, -1))
    return {"patches": pieces, "positions": places, "blocks": blocks, "norm": norm, "output": output}


def loss_and_grads(
    params: Params,
    images: Float[ndarray, "batch height width *channels"],
    targets: Integer[ndarray, " batch"],
    *,
    heads: int,
    patch: int,
    masks: Sequence[Any] | None = None,
    rate: float = 0.0,
) -> tuple[Any, Params]:
    """Return (E, grads), that of ``jax.value_and_grad(models.vision_transformer.loss)``."""
    logits, cache = forward(params, images, heads=heads, patch=patch, masks=masks, rate=rate)
    loss, dz = losses.cross_entropy(logits, targets)
    return loss, backward(params, cache, dz)

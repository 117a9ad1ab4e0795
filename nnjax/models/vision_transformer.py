"""The transformer for images: patches as tokens, every patch sees every other (Dosovitskiy et al., 2020).

Each patch, a row of pixels, goes through one dense layer and gets a learned row for its place; after the blocks and the
norm the mean over the patches is classified.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer

from nnjax import losses
from nnjax.checks import require_array, require_not_empty, require_sizes
from nnjax.initializers import Key, glorot_normal, normal
from nnjax.layers import dense, normalization, positions, transformer_block
from nnjax.layers.attention import require_heads
from nnjax.layers.dropout import apply as drop

Params = dict[str, Any]
Scalar = Float[Array, ""]


def init(
    key: Key,
    shape: tuple[int, ...],
    classes: int,
    *,
    patch: int,
    width: int = 64,
    layers: int = 2,
    heads: int = 4,
    hidden: int | None = None,
) -> Params:
    """Return {"patches", "positions", "blocks": [...], "norm", "output"} for images of ``shape``.

    The shape is (height, width) or (height, width, channels), cut into square patches ``patch`` pixels wide. ``width``
    is the size of the rows they become, ``hidden`` (4 width unless given) the inner size of each block's network, and
    ``heads`` must divide the width. Raises ValueError for a size below 1, a patch that does not divide the height and
    the width, or heads that do not.
    """
    require_sizes("(*shape, classes, patch, width, layers)", (*shape, classes, patch, width, layers))
    require_heads(heads, width)
    rows, pixels = jax.eval_shape(lambda: patches(jnp.zeros((1, *shape)), patch)).shape[1:]
    for_patches, for_places, for_output, *for_blocks = jax.random.split(key, 3 + layers)
    return {
        "patches": dense.init(for_patches, pixels, width, initializer=glorot_normal),
        "positions": positions.learned_init(for_places, rows, width),
        "blocks": [transformer_block.init(k, width, hidden=hidden) for k in for_blocks],
        "norm": normalization.layer_norm_init(width),
        "output": dense.init(for_output, width, classes, initializer=normal),
    }


def patches(images: Float[Array, "batch height width *channels"], size: int) -> Float[Array, "batch patches pixels"]:
    """Return each image as a sequence of patches of size x size pixels, left to right, top to bottom, a row for each.

    Raises ValueError unless ``images`` are (batch, height, width) or (batch, height, width, channels), not empty, and
    the size divides height and width.
    """
    require_array("images", images)
    require_not_empty("images", images, axes=3)
    if images.ndim > 4:
        raise ValueError(
            f"images has {images.ndim} axes, shape {images.shape}; it must be (batch, height, width, channels)"
        )
    batch, height, width = images.shape[:3]
    require_sizes("patch", [size])
    if height % size or width % size:
        raise ValueError(f"patch is {size}, which does not divide the images, {height} high and {width} wide")
    cut = images.reshape(batch, height // size, size, width // size, size, -1)
    return jnp.swapaxes(cut, 2, 3).reshape(batch, (height // size) * (width // size), -1)


def apply(
    params: Params,
    images: Float[Array, "batch height width *channels"],
    *,
    heads: int,
    patch: int,
    dropout: float | Scalar = 0.0,
    key: Key | None = None,
) -> Float[Array, "batch classes"]:
    """Return the logits of the classes; ``patch`` is the one that ``init`` was given.

    ``dropout`` is the rate at which entries of the patches' rows and of each branch are dropped in training, when there
    is a ``key``. Raises ValueError for images of another shape, or a patch or heads that do not divide.
    """
    x = _rows(params, images, patch)
    keys = [None] * (len(params["blocks"]) + 1) if key is None else jax.random.split(key, len(params["blocks"]) + 1)
    x = drop(x, dropout, key=keys[0])
    for block, k in zip(params["blocks"], keys[1:], strict=True):
        x = transformer_block.apply(block, x, heads=heads, dropout=dropout, key=k)
    return dense.apply(params["output"], jnp.mean(normalization.layer_norm_apply(params["norm"], x), axis=1))


def loss(
    params: Params,
    images: Float[Array, "batch height width *channels"],
    targets: Integer[Array, " batch"],
    *,
    heads: int,
    patch: int,
    dropout: float | Scalar = 0.0,
    key: Key | None = None,
) -> Scalar:
    """Return the cross-entropy of the logits with the labels."""
    return losses.cross_entropy(apply(params, images, heads=heads, patch=patch, dropout=dropout, key=key), targets)


def _rows(params: Params, images: Array, patch: int) -> Array:
    """Return a row for each patch, (batch, patches, width)."""
    pieces = patches(images, patch)
    count, wanted = len(params["positions"]["W"]), params["patches"]["W"].shape[0]
    if pieces.shape[1:] != (count, wanted):
        raise ValueError(
            f"images of shape {images.shape} make {pieces.shape[1]} patches of {pieces.shape[2]} numbers; "
            f"the network was made for {count} of {wanted}"
        )
    return positions.learned_apply(params["positions"], dense.apply(params["patches"], pieces))

"""The convolutional network: convolution, ReLU and max pooling, again and again, then dense layers on what is left.

h = max_pool(relu(conv(h))) for each convolution; the last maps, flattened, go through a multilayer perceptron. The
filters see small windows of the image, those further up windows of windows: edges, parts, things (LeCun et al., 1989).
"""

import math
from collections.abc import Sequence
from typing import Any

import jax
from jaxtyping import Array, Float, Num

from nnjax import activations, layers, losses
from nnjax.checks import require_sizes
from nnjax.initializers import Initializer, Key, he_normal
from nnjax.layers.conv import output_size
from nnjax.layers.windows import Padding, Sizes, per_axis, sliding
from nnjax.models import mlp

Params = dict[str, Any]
Scalar = Float[Array, ""]
Images = Float[Array, "batch height width channels"]


def init(
    key: Key,
    shape: Sequence[int],
    filters: Sequence[int] = (32, 64),
    hidden: Sequence[int] = (256,),
    classes: int = 10,
    *,
    kernel: Sizes = 5,
    pool: Sizes = 2,
    padding: Padding = "SAME",
    initializer: Initializer = he_normal,
) -> Params:
    """Return {"conv": [...], "dense": [...]} for images of ``shape`` (height, width, channels).

    A convolution for each of ``filters``, its number of output channels; a hidden dense layer for each of ``hidden``;
    the output layer. ``kernel`` and ``pool``, the side of the square pooling windows, are one number for all
    convolutions or one for each (1: no pooling); ``padding`` is that of ``layers.conv.conv2d_apply``. ``pool`` and
    ``padding`` must be the same in ``apply``.
    Raises ValueError for a size below 1 or an image too small for the kernels and poolings.
    """
    require_sizes("shape", shape)
    require_sizes("filters", filters)
    require_sizes("hidden", hidden, least=0)
    if len(shape) != 3:
        raise ValueError(f"shape is {tuple(shape)}; it must be (height, width, channels) of one image")
    height, width, channels = shape
    key_conv, key_dense = jax.random.split(key)
    convs = []
    sides = zip(per_axis("kernel", kernel, len(filters)), per_axis("pool", pool, len(filters)), strict=True)
    for k, outputs, (side, window) in zip(jax.random.split(key_conv, len(filters)), filters, sides, strict=True):
        convs.append(layers.conv.conv2d_init(k, side, channels, outputs, initializer=initializer))
        stops = [w.stops for w in sliding((height, width), side, 1, padding)]
        height, width = (output_size(n, window, window) for n in stops)
        channels = outputs
    sizes = (height * width * channels, *hidden, classes)
    return {"conv": convs, "dense": mlp.init(key_dense, sizes, initializer=initializer)}


def apply(
    params: Params,
    x: Images,
    *,
    pool: Sizes = 2,
    padding: Padding = "SAME",
    dropout: float | Scalar = 0.0,
    key: Key | None = None,
) -> Float[Array, "batch classes"]:
    """Return the logits. ``dropout`` is the rate at which the inputs of the dense layers are dropped, given a ``key``.

    Raises ValueError for a wrong shape, or ``pool`` and ``padding`` other than in ``init``, if another number of
    features than there reaches the dense layers; images of another size that give as many go through.
    """
    maps = features(params["conv"], x, pool=pool, padding=padding)[-1]
    flat = maps.reshape(x.shape[0], math.prod(maps.shape[1:]))
    require_features(x, flat, params["dense"], "shape, pool and padding")
    return dense_apply(params["dense"], flat, dropout=dropout, key=key)


def loss(
    params: Params,
    x: Images,
    targets: Num[Array, "batch *classes"],
    *,
    pool: Sizes = 2,
    padding: Padding = "SAME",
    dropout: float | Scalar = 0.0,
    key: Key | None = None,
) -> Scalar:
    """Return the cross-entropy of the logits with the labels."""
    return losses.cross_entropy(apply(params, x, pool=pool, padding=padding, dropout=dropout, key=key), targets)


def features(
    convs: Sequence[dict[str, Array]], x: Images, *, pool: Sizes = 2, padding: Padding = "SAME"
) -> list[Float[Array, "..."]]:
    """Return the feature maps after each convolution, ReLU and pooling, (batch, height, width, filters) each."""
    maps = []
    for layer, window in zip(convs, per_axis("pool", pool, len(convs)), strict=True):
        # The largest of what ReLU leaves is what ReLU leaves of the largest, and fewer numbers are left to be cut off.
        x = layers.pooling.max_pool(layers.conv.conv2d_apply(layer, x, padding=padding), window)
        maps.append(activations.relu(x))
        x = maps[-1]
    return maps


def require_features(x: Array, flat: Array, dense: mlp.Params, settings: str) -> None:
    """Raise ValueError unless as many features are left of x, (batch, features), as the dense layers are made for."""
    wanted = dense[0]["W"].shape[0]
    if flat.shape[1] != wanted:
        raise ValueError(
            f"x has shape {x.shape}, of which {flat.shape[1]} features reach the dense layers, made for {wanted}: "
            f"{settings} must be those of init"
        )


def dense_apply(
    params: mlp.Params, x: Float[Array, "batch inputs"], *, dropout: float | Scalar, key: Key | None
) -> Float[Array, "batch outputs"]:
    """Return the outputs of ReLU layers that have dropout before each, the first too."""
    first, rest = (None, None) if key is None else jax.random.split(key)
    return mlp.apply(params, layers.dropout.apply(x, dropout, key=first), dropout=dropout, key=rest)

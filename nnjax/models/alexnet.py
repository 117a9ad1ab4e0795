"""AlexNet at small size: the layout of Krizhevsky, Sutskever and Hinton (2012), for images of 28 x 28 or 32 x 32.

Their network, which won ImageNet, and this one::

    conv  ReLU  normalise  pool  |  conv  ReLU  normalise  pool  |  conv  ReLU  |  conv  ReLU  |  conv  ReLU  pool
    dropout  dense  ReLU         |  dropout  dense  ReLU         |  dense

Five convolutions; pooling windows of 3 x 3 that overlap, as they move by 2; local response normalisation after the
first two; dropout of one half in front of the two hidden dense layers. The second, fourth and fifth convolution are in
two groups, which is how the network was spread over two GPUs.

What is smaller or simpler here: the first kernel is 5 x 5 with stride 1, not 11 x 11 with stride 4, as there are 28
pixels and not 224; pooling is padded, so that no row of a small map is lost; there are fewer filters and units;
weights begin as He et al. (2015) draw them, biases at 0 (theirs: deviation 0.01, and some biases at 1).
"""

import math
from collections.abc import Sequence
from typing import Any

import jax
from jaxtyping import Array, Float, Num

from nnjax import activations, layers, losses
from nnjax.checks import require_sizes
from nnjax.initializers import Key
from nnjax.layers.conv import output_size
from nnjax.models import cnn, mlp

Params = dict[str, Any]
Scalar = Float[Array, ""]
Images = Float[Array, "batch height width channels"]

KERNELS = (5, 5, 3, 3, 3)
GROUPS = (1, 2, 1, 2, 2)
NORMALISED = (True, True, False, False, False)
POOLED = (True, True, False, False, True)


def init(
    key: Key,
    shape: Sequence[int] = (28, 28, 1),
    filters: Sequence[int] = (32, 64, 96, 96, 64),
    hidden: Sequence[int] = (256, 256),
    classes: int = 10,
) -> Params:
    """Return {"conv": five layers, "dense": three}, for images of ``shape`` (height, width, channels).

    Raises ValueError for a size below 1, other than five numbers of filters, or odd ones where there are two groups.
    """
    require_sizes("shape", shape)
    require_sizes("filters", filters)
    require_sizes("hidden", hidden, least=0)
    if len(filters) != len(KERNELS):
        raise ValueError(f"filters has {len(filters)} entries; AlexNet has {len(KERNELS)} convolutions")
    if len(shape) != 3:
        raise ValueError(f"shape is {tuple(shape)}; it must be (height, width, channels) of one image")
    height, width, channels = shape
    key_conv, key_dense = jax.random.split(key)
    layout = zip(jax.random.split(key_conv, len(KERNELS)), KERNELS, filters, GROUPS, POOLED, strict=True)
    convs = []
    for k, kernel, outputs, groups, pooled in layout:
        convs.append(layers.conv.conv2d_init(k, kernel, channels, outputs, groups=groups))
        channels = outputs
        if pooled:
            height, width = output_size(height, 3, 2, "SAME"), output_size(width, 3, 2, "SAME")
    return {"conv": convs, "dense": mlp.init(key_dense, (height * width * channels, *hidden, classes))}


def apply(
    params: Params, x: Images, *, dropout: float | Scalar = 0.5, key: Key | None = None
) -> Float[Array, "batch classes"]:
    """Return the logits; dropout takes place where there is a ``key``.

    Raises ValueError for a wrong shape; images of another size than in ``init`` go through if as many features of them
    reach the dense layers: made for 28 x 28, all from 25 x 25 to 32 x 32.
    """
    maps = x
    for layer, groups, normalised, pooled in zip(params["conv"], GROUPS, NORMALISED, POOLED, strict=True):
        maps = activations.relu(layers.conv.conv2d_apply(layer, maps, padding="SAME", groups=groups))
        maps = layers.local_response.apply(maps) if normalised else maps
        maps = layers.pooling.max_pool(maps, 3, stride=2, padding="SAME") if pooled else maps
    flat = maps.reshape(x.shape[0], math.prod(maps.shape[1:]))
    cnn.require_features(x, flat, params["dense"], "height and width")
    return cnn.dense_apply(params["dense"], flat, dropout=dropout, key=key)


def loss(
    params: Params,
    x: Images,
    targets: Num[Array, "batch *classes"],
    *,
    dropout: float | Scalar = 0.5,
    key: Key | None = None,
) -> Scalar:
    """Return the cross-entropy of the logits with the labels."""
    return losses.cross_entropy(apply(params, x, dropout=dropout, key=key), targets)

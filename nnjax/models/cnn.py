"""The convolutional network: filters find features, pooling halves the maps, dense layers classify what is left.

(LeCun et al., 1989.) Each convolutional layer keeps the size of its maps ("SAME" padding) and may be followed by max
pooling; then ReLU. Pooling comes first, which gives the same: the largest of the values is the largest after ReLU too,
and fewer are left to be cut off. The last maps, flattened, go into an MLP.
"""

from collections.abc import Collection, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Num

from nnjax import layers, losses
from nnjax.activations import relu
from nnjax.checks import require_sizes
from nnjax.initializers import Key
from nnjax.layers.windows import output_size
from nnjax.models import mlp

Params = dict[str, Any]
Images = Float[Array, "batch height width channels"]
Scalar = Float[Array, ""]


def init(
    key: Key,
    shape: Sequence[int],
    *,
    filters: Sequence[int] = (32, 64),
    hidden: Sequence[int] = (256,),
    classes: int = 10,
    kernel: int | Sequence[int] = 5,
    pooled: Collection[int] | None = None,
    size: int = 2,
    stride: int | None = None,
) -> Params:
    """Return {"conv": [conv2d, ...], "dense": an MLP} for images of ``shape`` (height, width, channels).

    ``filters`` are the numbers of maps, ``kernel`` their side in pixels, one for all or one for each layer; ``hidden``
    the sizes of the dense layers before the output. ``pooled``, ``size`` and ``stride`` as in ``apply``: they decide
    how much is left to be flattened. Raises ValueError for a size below 1, or a window that does not fit into its maps.
    """
    require_sizes("shape", shape, least=3)
    require_sizes("filters", filters)
    kernels = [kernel] * len(filters) if isinstance(kernel, int) else list(kernel)
    require_sizes("kernel", kernels, least=len(filters))
    height, width, channels = shape
    for place in range(len(filters)):
        if pooled is None or place in pooled:
            height, width = (output_size(n, size, size if stride is None else stride) for n in (height, width))
    for_dense, *for_conv = jax.random.split(key, len(filters) + 1)
    maps = [channels, *filters]
    conv = [layers.conv.conv2d_init(*one) for one in zip(for_conv, kernels, maps, filters, strict=False)]
    return {"conv": conv, "dense": mlp.init(for_dense, (height * width * maps[-1], *hidden, classes))}


def apply(
    params: Params,
    x: Images,
    *,
    pooled: Collection[int] | None = None,
    size: int = 2,
    stride: int | None = None,
    dropout: float | Scalar = 0.0,
    key: Key | None = None,
) -> Float[Array, "batch classes"]:
    """Return the logits of the classes.

    ``pooled`` tells after which convolutional layers (from 0) maps are pooled (None: after all), ``size`` the side of
    the pooling windows, ``stride`` how far they move (None: the size; less, and they overlap). ``dropout`` is the rate
    at which units of the hidden dense layers are dropped in training, when there is a ``key``.
    Raises ValueError for images of another shape than ``init`` was told.
    """
    x = feature_maps(params, x, pooled=pooled, size=size, stride=stride)[-1]
    return mlp.apply(params["dense"], x.reshape(x.shape[0], -1), dropout=dropout, key=key)


def loss(
    params: Params,
    x: Images,
    targets: Num[Array, "batch *classes"],
    *,
    pooled: Collection[int] | None = None,
    size: int = 2,
    stride: int | None = None,
    dropout: float | Scalar = 0.0,
    key: Key | None = None,
) -> Scalar:
    """Return the cross-entropy of the logits with the labels."""
    logits = apply(params, x, pooled=pooled, size=size, stride=stride, dropout=dropout, key=key)
    return losses.cross_entropy(logits, targets)


def feature_maps(
    params: Params,
    x: Images,
    *,
    pooled: Collection[int] | None = None,
    size: int = 2,
    stride: int | None = None,
) -> list[Float[Array, "batch ..."]]:
    """Return the maps after each convolutional layer, its pooling and its ReLU; the last are what is classified."""
    maps = []
    for place, layer in enumerate(params["conv"]):
        x = layers.conv.conv2d_apply(layer, x, padding="SAME")
        if pooled is None or place in pooled:
            x = layers.pooling.max_pool(x, size, stride=stride)
        x = relu(x)
        maps.append(jnp.asarray(x))
    return maps

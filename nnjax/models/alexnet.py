"""AlexNet at small size: the layout that won ImageNet in 2012, for images of about 32 x 32 (Krizhevsky et al., 2012).

Five convolutional layers with ReLU, max pooling with overlapping windows (3 wide, 2 apart) after the first, the second
and the fifth, then two hidden dense layers with dropout 1/2 and the output. Against the published network, which took
224 x 224 x 3 and had 60 million parameters: kernels 5 5 3 3 3 in place of 11 5 3 3 3, the first without stride, about a
quarter of the maps, 256 in place of 4096 units, and neither local response normalisation, which later networks found
useless (Simonyan and Zisserman, 2014), nor the split over two processors.
"""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Array, Float, Num

from nnjax.initializers import Key
from nnjax.models import cnn

LAYOUT: dict[str, Any] = {"pooled": (0, 1, 4), "size": 3, "stride": 2}
"""The layers that are pooled, the windows' size and how far they move."""


def init(key: Key, shape: Sequence[int] = (28, 28, 1), *, classes: int = 10) -> cnn.Params:
    """Return the parameters of ``cnn.init`` in this layout; raises ValueError for images smaller than 15 x 15."""
    return cnn.init(
        key, shape, filters=(24, 64, 96, 96, 64), kernel=(5, 5, 3, 3, 3), hidden=(256, 256), classes=classes, **LAYOUT
    )


def apply(
    params: cnn.Params, x: cnn.Images, *, dropout: float | cnn.Scalar = 0.5, key: Key | None = None
) -> Float[Array, "batch classes"]:
    """Return the logits of ``cnn.apply`` in this layout; hidden dense units are dropped when there is a ``key``."""
    return cnn.apply(params, x, **LAYOUT, dropout=dropout, key=key)


def loss(
    params: cnn.Params,
    x: cnn.Images,
    targets: Num[Array, "batch *classes"],
    *,
    dropout: float | cnn.Scalar = 0.5,
    key: Key | None = None,
) -> cnn.Scalar:
    """Return the cross-entropy of the logits with the labels; units are dropped when there is a ``key``."""
    return cnn.loss(params, x, targets, **LAYOUT, dropout=dropout, key=key)

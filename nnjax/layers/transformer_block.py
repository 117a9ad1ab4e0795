"""The transformer block: attention, then a small network for each place, each beside a shortcut (Vaswani et al., 2017).

The normalisation stands before each of the two, inside the branch, so that the shortcut is free from the input to the
output of a stack (pre-norm: Xiong et al., 2020).
"""

from typing import Any

import jax
from jaxtyping import Array, Float

from nnjax.activations import relu
from nnjax.checks import require_sizes
from nnjax.initializers import Key, glorot_normal
from nnjax.layers import attention, dense, normalization
from nnjax.layers.dropout import apply as drop

Params = dict[str, Any]


def init(key: Key, width: int, *, hidden: int | None = None) -> Params:
    """Return {"norm1", "attention", "norm2", "mlp": [dense, dense]}; ``hidden`` is 4 width unless given.

    Raises ValueError for a size below 1.
    """
    hidden = 4 * width if hidden is None else hidden
    require_sizes("(width, hidden)", (width, hidden))
    for_attention, first, second = jax.random.split(key, 3)
    return {
        "norm1": normalization.layer_norm_init(width),
        "attention": attention.multi_head_init(for_attention, width),
        "norm2": normalization.layer_norm_init(width),
        "mlp": [dense.init(first, width, hidden), dense.init(second, hidden, width, initializer=glorot_normal)],
    }


def apply(
    params: Params,
    x: Float[Array, "*batch time width"],
    *,
    heads: int,
    mask: attention.Mask = None,
    dropout: float | Float[Array, ""] = 0.0,
    key: Key | None = None,
) -> Float[Array, "*batch time width"]:
    """Return u + F(norm2(u)) with u = x + attention(norm1(x)) and F(z) = relu(z W1 + b1) W2 + b2, place by place.

    ``mask`` says who may look where (see ``attention.multi_head_apply``). In training, when there is a ``key``, entries
    of what the two branches add are dropped at the rate ``dropout``. Raises ValueError as the layers it is made of.
    """
    keys = (None, None) if key is None else jax.random.split(key)
    normed = normalization.layer_norm_apply(params["norm1"], x)
    looked_up = attention.multi_head_apply(params["attention"], normed, heads=heads, mask=mask)
    u = x + drop(looked_up, dropout, key=keys[0])
    rows = normalization.layer_norm_apply(params["norm2"], u).reshape(-1, x.shape[-1])
    first, second = params["mlp"]
    thought = dense.apply(second, relu(dense.apply(first, rows)))
    return u + drop(thought.reshape(x.shape), dropout, key=keys[1])

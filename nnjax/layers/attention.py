"""Attention: each place of a sequence takes a weighted mean of the others, by how well its query fits their keys.

(Bahdanau, Cho and Bengio, 2014; in this form Vaswani et al., 2017.) Masks are boolean, True where a query may look at a
key. A query that may look at nothing gets nothing: its weights, its output and its gradient are 0, never nan.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from nnjax.checks import require_last_axis, require_not_empty, require_same_shape, require_sizes
from nnjax.initializers import Initializer, Key, glorot_normal
from nnjax.layers.weighted_mean import weighted_mean, weights

Params = dict[str, Array]
Mask = Bool[Array, "..."] | Bool[np.ndarray, "..."] | None


def causal_mask(time: int) -> Bool[np.ndarray, "time time"]:
    """Return the mask with which place i sees the places 0 .. i and none of the future: True on and below the diagonal.

    It is an array of NumPy, known while a function is traced, so that attention can leave out what nobody sees.
    Raises ValueError for a length below 1.
    """
    require_sizes("time", [time])
    return np.tril(np.ones((time, time), bool))


def attention_weights(
    q: Float[Array, "*batch queries width"], k: Float[Array, "*batch keys width"], mask: Mask = None
) -> Float[Array, "*batch queries keys"]:
    """Return softmax(q k^T / sqrt(width)) along the keys, 0 where the mask is False, each row summing to 1 or 0.

    The division keeps the scores of random q and k at variance 1 in any width. Raises ValueError as
    ``dot_product_attention``.
    """
    return weights(_checked_mask(q, k, k, mask), q, k).astype(jnp.result_type(q, k, float))


def dot_product_attention(
    q: Float[Array, "*batch queries width"],
    k: Float[Array, "*batch keys width"],
    v: Float[Array, "*batch keys values"],
    mask: Mask = None,
) -> Float[Array, "*batch queries values"]:
    """Return softmax(q k^T / sqrt(width)) v: for each query the mean of the values, weighted by its fit to their keys.

    ``mask`` broadcasts to (*batch, queries, keys). Raises ValueError when q, k and v do not fit together, a sequence is
    empty, or the mask is not boolean or of another shape.
    """
    return weighted_mean(_checked_mask(q, k, v, mask), q, k, v)


def multi_head_init(key: Key, width: int, *, initializer: Initializer = glorot_normal) -> Params:
    """Return {"Wq", "Wk", "Wv", "Wo"}, each (width, width). Raises ValueError for a size below 1."""
    require_sizes("width", [width])
    names = ("Wq", "Wk", "Wv", "Wo")
    return {name: initializer(k, (width, width)) for name, k in zip(names, jax.random.split(key, 4), strict=True)}


def multi_head_apply(
    params: Params, x: Float[Array, "*batch time width"], *, heads: int, mask: Mask = None
) -> Float[Array, "*batch time width"]:
    """Return [head_1, ..., head_h] Wo, head j the attention of the j-th blocks of columns of x Wq, x Wk and x Wv.

    ``mask`` is (time, time), the same for all, or broadcasts to (*batch, heads, time, time) with all its axes, such as
    (batch, 1, time, time). Raises ValueError when the heads do not divide the width, the last axis of x is not the
    width, x is empty, or the mask does not fit.
    """
    q, k, v = _heads(params, x, ("Wq", "Wk", "Wv"), heads, mask)
    attended = jnp.swapaxes(dot_product_attention(q, k, v, mask), -2, -3)
    return (attended.reshape(-1, x.shape[-1]) @ params["Wo"]).reshape(x.shape)


def multi_head_weights(
    params: Params, x: Float[Array, "*batch time width"], *, heads: int, mask: Mask = None
) -> Float[Array, "*batch heads time time"]:
    """Return the weights with which each head of ``multi_head_apply`` looks; raises ValueError like that."""
    q, k = _heads(params, x, ("Wq", "Wk"), heads, mask)
    return attention_weights(q, k, mask)


def require_heads(heads: int, width: int) -> None:
    """Raise ValueError unless ``heads`` is a whole number of at least 1 that divides the width."""
    require_sizes("heads", [heads])
    if width % heads:
        raise ValueError(f"heads is {heads}, which does not divide the width {width}; each head takes an equal block")


def _heads(params: Params, x: Array, names: tuple[str, ...], heads: int, mask: Mask) -> list[Array]:
    """Return x W for each name, its blocks of columns as heads: (*batch, heads, time, width / heads)."""
    width = params["Wq"].shape[0]
    require_heads(heads, width)
    require_last_axis("x", x, width, "the attention")
    require_not_empty("x", x, axes=2)
    if mask is not None and np.ndim(mask) not in (2, x.ndim + 1):
        raise ValueError(
            f"mask has shape {np.shape(mask)}; it must be (time, time) or all of (*batch, heads, time, time)"
        )
    # One product of two matrices for all places of all sequences is quicker, backward too, than one for each sequence.
    rows = x.reshape(-1, width)
    return [jnp.swapaxes((rows @ params[n]).reshape(*x.shape[:-1], heads, width // heads), -2, -3) for n in names]


def _checked_mask(q: Array, k: Array, v: Array, mask: Mask) -> Mask:
    """Return the mask as an array; raise ValueError unless all fit together."""
    for name, x in (("q", q), ("k", k), ("v", v)):
        require_not_empty(name, x, axes=2)
    if q.shape[:-2] != k.shape[:-2] or q.shape[-1] != k.shape[-1]:
        raise ValueError(f"q has shape {q.shape} and k {k.shape}; only their numbers of places may differ")
    require_same_shape("the keys k (last axis aside)", k[..., 0], "the values v", v[..., 0])
    if mask is None:
        return None
    mask = mask if isinstance(mask, jax.Array) else np.asarray(mask)
    if mask.dtype != bool:
        raise ValueError(f"mask has dtype {mask.dtype}; it must be boolean, True where a query may look at a key")
    scores = (*q.shape[:-1], k.shape[-2])
    wanted = scores[-mask.ndim :] if mask.ndim else ()
    if mask.ndim > len(scores) or any(have not in (1, want) for have, want in zip(mask.shape, wanted, strict=True)):
        raise ValueError(f"mask has shape {mask.shape}; it must broadcast to that of the weights, {scores}")
    return mask

"""Attention: each place of a sequence takes a weighted mean of the others, by how well its query fits their keys.

(Bahdanau, Cho and Bengio, 2014; in this form Vaswani et al., 2017.) Masks are boolean, True where a query may look at a
key. A query that may look at nothing gets nothing: its weights, its output and its gradient are 0, never nan.

The gradient of attention is derived by hand (``nnjax.manual.attention``) and given to JAX: it remembers q, k and v
where JAX's own would remember several arrays of the size of the weights, which grow with the square of the time.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from nnjax.checks import require_last_axis, require_not_empty, require_same_shape, require_sizes
from nnjax.initializers import Initializer, Key, glorot_normal

Params = dict[str, Array]
Mask = Bool[Array, "..."] | Bool[np.ndarray, "..."] | None

LARGE = 2**17
"""From so many weights an example on, examples take turns: their weights stay in the processor's cache, and only those
of one exist at a time. At 4 heads that is a block of 182."""


def causal_mask(time: int) -> Bool[Array, "time time"]:
    """Return the mask with which place i sees the places 0 .. i and none of the future: True on and below the diagonal.

    Raises ValueError for a length below 1.
    """
    require_sizes("time", [time])
    return jnp.tril(jnp.ones((time, time), bool))


def attention_weights(
    q: Float[Array, "*batch queries width"], k: Float[Array, "*batch keys width"], mask: Mask = None
) -> Float[Array, "*batch queries keys"]:
    """Return softmax(q k^T / sqrt(width)) along the keys, 0 where the mask is False, each row summing to 1 or 0.

    The division keeps the scores of random q and k at variance 1 in any width. Raises ValueError as
    ``dot_product_attention``.
    """
    return _weights(_checked_mask(q, k, k, mask), q, k).astype(jnp.result_type(q, k, float))


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
    return _attention(_checked_mask(q, k, v, mask), q, k, v)


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


def _product(a: Array, b: Array) -> Array:
    """Return a b, in float32 at least: scores would overflow in float16."""
    return jnp.matmul(a, b, preferred_element_type=jnp.promote_types(jnp.result_type(a, b, float), jnp.float32))


def _weights(mask: Any, q: Array, k: Array) -> Array:
    scores = _product(q, jnp.swapaxes(k, -1, -2)) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = jnp.where(mask, scores, -jnp.inf)
    # The initial value keeps -inf minus -inf, which is nan, out of a row that is wholly masked.
    top = jnp.max(scores, axis=-1, keepdims=True, initial=jnp.finfo(scores.dtype).min)
    e = jnp.exp(scores - jax.lax.stop_gradient(top))
    total = jnp.sum(e, axis=-1, keepdims=True)
    return e / jnp.where(total == 0, 1, total)


# Below, a mask is any array of bool: JAX 0.8 hands constants to a custom_vjp in a class of its own.
@jax.custom_vjp
def _attention(mask: Any, q: Array, k: Array, v: Array) -> Array:
    def attend(mask: Any, q: Array, k: Array, v: Array) -> Array:
        return _weights(mask, q, k).astype(jnp.result_type(q, k, float)) @ v

    if not _is_large(q, k):
        return attend(mask, q, k, v)
    return jax.lax.map(lambda n: attend(_mask_of(n, mask, q), q[n], k[n], v[n]), jnp.arange(len(q)))


def _forward(mask: Any, q: Array, k: Array, v: Array) -> tuple[Array, Any]:
    return _attention(mask, q, k, v), (mask, q, k, v)


def _backward(cache: Any, dy: Array) -> tuple[Any, ...]:
    mask, q, k, v = cache
    if not _is_large(q, k):
        return None, *_gradients(mask, q, k, v, dy)

    # The gradients of an example take the place of its q, k and v, which nobody needs any more.
    def write_over(n: Array, qkv: tuple[Array, ...]) -> tuple[Array, ...]:
        one_q, one_k, one_v = (x[n] for x in qkv)
        grads = _gradients(_mask_of(n, mask, q), one_q, one_k, one_v, dy[n])
        return tuple(x.at[n].set(grad) for x, grad in zip(qkv, grads, strict=True))

    return None, *jax.lax.fori_loop(0, len(q), write_over, (q, k, v))


_attention.defvjp(_forward, _backward)


def _gradients(mask: Any, q: Array, k: Array, v: Array, dy: Array) -> tuple[Array, ...]:
    """Return (dq, dk, dv). Weights that are computed in the same program are found again by XLA; large ones anew."""
    p = _weights(mask, q, k)
    dp = _product(dy, jnp.swapaxes(v, -1, -2))
    ds = p * (dp - jnp.sum(p * dp, axis=-1, keepdims=True)) / math.sqrt(q.shape[-1])
    p, ds = p.astype(dy.dtype), ds.astype(dy.dtype)
    grads = ds @ k, jnp.swapaxes(ds, -1, -2) @ q, jnp.swapaxes(p, -1, -2) @ dy
    return tuple(grad.astype(x.dtype) for grad, x in zip(grads, (q, k, v), strict=True))


def _is_large(q: Array, k: Array) -> bool:
    """Tell whether the examples take turns: the weights of one are LARGE, and their number, in an export, is known."""
    return q.ndim > 2 and isinstance(q.shape[0], int) and math.prod(q.shape[1:-1]) * k.shape[-2] >= LARGE


def _mask_of(n: Array, mask: Any, q: Array) -> Any:
    """Return the mask of the n-th example."""
    if mask is None or mask.ndim < q.ndim:
        return mask
    return jnp.broadcast_to(mask, (len(q), *mask.shape[1:]))[n]


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

"""The weighted mean of values that attention takes, and its gradient as ``nnjax.manual.attention`` derives it by hand.

It remembers q, k and v, where JAX's own gradient would remember several arrays of the size of the weights, which grow
with the square of the time. Large weights are computed example after example, in parts, each part only as far as its
queries see: under a causal mask not much more than half of them (after Dao et al., 2022).
"""

import math
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

Part = tuple[int, int, int]
"""The first query, one past the last, and the number of keys up to the last that one of them may see."""

LARGE = 2**17
"""From so many weights an example on, examples take turns: their weights stay in the processor's cache, and only those
of one exist at a time. At 4 heads that is a block of 182."""
PARTS = 8
"""Into so many parts the queries of a large example are cut, where the mask is known while the function is traced."""


def _product(a: Array, b: Array) -> Array:
    """Return a b, in float32 at least: scores would overflow in float16."""
    return jnp.matmul(a, b, preferred_element_type=jnp.promote_types(jnp.result_type(a, b, float), jnp.float32))


def weights(mask: Any, q: Float[Array, "*batch queries width"], k: Float[Array, "*batch keys width"]) -> Array:
    """Return softmax(q k^T / sqrt(width)), (*batch, queries, keys), 0 where the mask is False, float32 at least."""
    scores = _product(q, jnp.swapaxes(k, -1, -2)) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = jnp.where(mask, scores, -jnp.inf)
    # The initial value keeps -inf minus -inf, which is nan, out of a row that is wholly masked.
    top = jnp.max(scores, axis=-1, keepdims=True, initial=jnp.finfo(scores.dtype).min)
    e = jnp.exp(scores - jax.lax.stop_gradient(top))
    total = jnp.sum(e, axis=-1, keepdims=True)
    return e / jnp.where(total == 0, 1, total)


def weighted_mean(
    mask: Any,
    q: Float[Array, "*batch queries width"],
    k: Float[Array, "*batch keys width"],
    v: Float[Array, "*batch keys values"],
) -> Float[Array, "*batch queries values"]:
    """Return softmax(q k^T / sqrt(width)) v. The mask, None for no mask, broadcasts to the weights.

    Where it is an array of NumPy, keys that come after all that a part of the queries sees are left out.
    """
    return _attention(_parts(mask, q, k), mask, q, k, v)


# Below, a mask is any array of bool: JAX 0.8 hands constants to a custom_vjp in a class of its own.
@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _attention(parts: tuple[Part, ...], mask: Any, q: Array, k: Array, v: Array) -> Array:
    def attend(mask: Any, q: Array, k: Array, v: Array) -> Array:
        cut = [_cut(part, mask, q, k, v) for part in parts]
        answers = [weights(mask, q, k).astype(jnp.result_type(q, k, float)) @ v for mask, q, k, v in cut]
        return jnp.concatenate(answers, axis=-2)

    if not _is_large(q, k):
        return attend(mask, q, k, v)
    return jax.lax.map(lambda n: attend(_mask_of(n, mask, q), q[n], k[n], v[n]), jnp.arange(len(q)))


def _forward(parts: tuple[Part, ...], mask: Any, q: Array, k: Array, v: Array) -> tuple[Array, Any]:
    return _attention(parts, mask, q, k, v), (mask, q, k, v)


def _backward(parts: tuple[Part, ...], cache: Any, dy: Array) -> tuple[Any, ...]:
    mask, q, k, v = cache
    if not _is_large(q, k):
        return None, *_gradients(parts, mask, q, k, v, dy)

    # The gradients of an example take the place of its q, k and v, which nobody needs any more.
    def write_over(n: Array, qkv: tuple[Array, ...]) -> tuple[Array, ...]:
        one_q, one_k, one_v = (x[n] for x in qkv)
        grads = _gradients(parts, _mask_of(n, mask, q), one_q, one_k, one_v, dy[n])
        return tuple(x.at[n].set(grad) for x, grad in zip(qkv, grads, strict=True))

    return None, *jax.lax.fori_loop(0, len(q), write_over, (q, k, v))


_attention.defvjp(_forward, _backward)


def _gradients(parts: tuple[Part, ...], mask: Any, q: Array, k: Array, v: Array, dy: Array) -> tuple[Array, ...]:
    """Return (dq, dk, dv); what a part gives to keys and values is padded with 0 for those that it does not see."""
    found = []
    for start, stop, seen in parts:
        of_part = _part_gradients(*_cut((start, stop, seen), mask, q, k, v), dy[..., start:stop, :])
        unseen = [(0, 0)] * (k.ndim - 2) + [(0, k.shape[-2] - seen), (0, 0)]
        found.append((of_part[0], *(jnp.pad(grad, unseen) for grad in of_part[1:])))
    dq, dk, dv = zip(*found, strict=True)
    grads = jnp.concatenate(dq, axis=-2), sum(dk), sum(dv)
    return tuple(grad.astype(x.dtype) for grad, x in zip(grads, (q, k, v), strict=True))


def _part_gradients(mask: Any, q: Array, k: Array, v: Array, dy: Array) -> tuple[Array, ...]:
    """Return (dq, dk, dv). Weights that are computed in the same program are found again by XLA; large ones anew."""
    p = weights(mask, q, k)
    dp = _product(dy, jnp.swapaxes(v, -1, -2))
    ds = p * (dp - jnp.sum(p * dp, axis=-1, keepdims=True)) / math.sqrt(q.shape[-1])
    p, ds = p.astype(dy.dtype), ds.astype(dy.dtype)
    return ds @ k, jnp.swapaxes(ds, -1, -2) @ q, jnp.swapaxes(p, -1, -2) @ dy


def _parts(mask: Any, q: Array, k: Array) -> tuple[Part, ...]:
    """Return the parts of the queries: one, unless the weights are large and the mask is of NumPy."""
    queries, keys = q.shape[-2], k.shape[-2]
    if not isinstance(mask, np.ndarray) or mask.ndim < 2 or not _is_large(q, k):
        return ((0, queries, keys),)
    masks = np.broadcast_to(mask, (*mask.shape[:-2], queries, keys)).reshape(-1, queries, keys)
    bounds = sorted({queries * part // PARTS for part in range(PARTS + 1)})
    return tuple((a, b, int(np.argwhere(masks[:, a:b])[:, 2].max(initial=0)) + 1) for a, b in pairwise(bounds))


def _cut(part: Part, mask: Any, q: Array, k: Array, v: Array) -> tuple[Any, Array, Array, Array]:
    """Return what a part needs: its rows of mask and q, up to the last key that it sees."""
    start, stop, seen = part
    if mask is not None:
        mask = jnp.broadcast_to(mask, (*mask.shape[:-2], q.shape[-2], k.shape[-2]))[..., start:stop, :seen]
    return mask, q[..., start:stop, :], k[..., :seen, :], v[..., :seen, :]


def _is_large(q: Array, k: Array) -> bool:
    """Tell whether the examples take turns: the weights of one are LARGE, and their number, in an export, is known."""
    return q.ndim > 2 and isinstance(q.shape[0], int) and math.prod(q.shape[1:-1]) * k.shape[-2] >= LARGE


def _mask_of(n: Array, mask: Any, q: Array) -> Any:
    """Return the mask of the n-th example."""
    if mask is None or mask.ndim < q.ndim:
        return mask
    return jnp.broadcast_to(mask, (len(q), *mask.shape[1:]))[n]

"""Exercises of lesson 09: attention and the transformer block."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.exercises import drawing, laws
from nnjax.exercises.exercise import Case, Loss, exercise

LESSON = "09_attention"


def _triple(rng: np.random.Generator, queries: int, keys: int, width: int, values: int, *batch: int) -> list:
    return [
        drawing.normal(rng, *batch, queries, width),
        drawing.normal(rng, *batch, keys, width),
        drawing.normal(rng, *batch, keys, values),
    ]


def _some_keys(rng: np.random.Generator, queries: int, keys: int) -> np.ndarray:
    """Return a mask that lets every query look at a key, hides one from it, and shows the first what is later."""
    mask = rng.random((queries, keys)) < 0.6
    places = np.arange(queries)
    mask[places, places % keys], mask[places, (places + 1) % keys] = True, False
    mask[0, 2] = True
    return mask


# ---------------------------------------------------------------------------------------------------------- attention


def _attentions(rng: np.random.Generator) -> list[Case]:
    """Return cases, the second a batch with two axes, the third with one; in the last two all look only backwards.

    The keys that are seen there fit badly, and in the last case later ones fit far better. In the last but one the
    score of the first query, which sees one key alone, is below -1000.
    """
    tiny = (*_triple(rng, 2, 3, 4, 2), None)
    some = _some_keys(rng, 4, 5)
    batch = (*_triple(rng, 4, 5, 3, 6, 2, 3), some)
    q, k, v = _triple(rng, 5, 5, 3, 2)
    q[:, 0] = rng.uniform(1, 2, 5)
    k[:, 0] = -100
    other_k, other_v = k.copy(), np.concatenate([v[:3], 10 * drawing.normal(rng, 2, 2)])
    other_k[3:, 0] = 1000, 3000
    low_q = q.copy()
    low_q[0, 0] = 18
    causal = np.tril(np.ones((5, 5), bool))
    return [tiny, batch, (low_q[None], k[None], v[None], causal), (q, other_k, other_v, causal)]


@exercise(
    LESSON,
    draw=_attentions,
    seconds=30,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT, laws.gradient(0, -1), laws.flops(3)],
    hints=[
        "Three steps: how well every query fits every key, the softmax of each query's row, the mean of the values.",
        "The scores are q times k transposed in its last two axes (jnp.swapaxes), divided by the root of the width.",
        "Where the mask is False put -inf into the scores (jnp.where), before the softmax; a mask of None skips it.",
        "jax.nn.softmax(scores, axis=-1) takes off the largest score of each row first; multiply what it gives by v.",
    ],
)
def attention(q, k, v, mask):
    """Return scaled dot-product attention, softmax(q k^T / sqrt(width)) v, with the softmax along the keys.

    q is (..., queries, width), k is (..., keys, width), v is (..., keys, values); axes before the last two are a batch.
    mask is boolean (queries, keys), True where a query may look at a key, the same for the whole batch, or None: then
    every query may look at every key. Where it is False the weight is exactly 0, and the weights of each query still
    sum to 1; every query may look somewhere. Scores of +-1000 must not give nan. The output is (..., queries, values).
    """
    scores = q @ jnp.swapaxes(k, -1, -2) / jnp.sqrt(q.shape[-1])
    if mask is not None:
        scores = jnp.where(mask, scores, -jnp.inf)
    return jax.nn.softmax(scores, axis=-1) @ v


def _scores(q, k, root=True):
    return q @ jnp.swapaxes(k, -1, -2) / (math.sqrt(q.shape[-1]) if root else 1)


def _masked(scores, mask, low=-jnp.inf):
    return scores if mask is None else jnp.where(mask, scores, low)


def _max_over_all(q, k, v, mask):
    scores = _scores(q, k)
    e = jnp.exp(scores - jnp.max(scores, axis=-1, keepdims=True))
    e = e if mask is None else jnp.where(mask, e, 0)
    return e / jnp.sum(e, axis=-1, keepdims=True) @ v


def _masked_after_exp(q, k, v, mask):
    scores = _scores(q, k)
    e = jnp.exp(scores - jnp.max(_masked(scores, mask), axis=-1, keepdims=True))
    e = e if mask is None else jnp.where(mask, e, 0)
    return e / jnp.sum(e, axis=-1, keepdims=True) @ v


def _unstable(q, k, v, mask):
    e = jnp.exp(_masked(_scores(q, k), mask))
    return e / jnp.sum(e, axis=-1, keepdims=True) @ v


attention.mistake(
    "The scores are not scaled: divide q k^T by the square root of the width.",
    lambda q, k, v, mask: jax.nn.softmax(_masked(_scores(q, k, False), mask), axis=-1) @ v,
)
attention.mistake(
    "You divide the scores by the width; it is its square root that keeps their variance at 1.",
    lambda q, k, v, mask: jax.nn.softmax(_masked(_scores(q, k, False) / q.shape[-1], mask), axis=-1) @ v,
)
attention.mistake(
    "It is the scores that are divided by the root of the width, before the softmax; the weights must still sum to 1.",
    lambda q, k, v, mask: jax.nn.softmax(_masked(_scores(q, k, False), mask), axis=-1) @ v / math.sqrt(q.shape[-1]),
)
attention.mistake(
    "You divide by the root of the width of the values; that of a query, the last axis of q, is meant.",
    lambda q, k, v, mask: jax.nn.softmax(_masked(_scores(q, k, False) / math.sqrt(v.shape[-1]), mask), axis=-1) @ v,
)
attention.mistake(
    "You divide by the root of the number of keys; the width of a query, its last axis, is meant.",
    lambda q, k, v, mask: jax.nn.softmax(_masked(_scores(q, k, False) / math.sqrt(k.shape[-2]), mask), axis=-1) @ v,
)
attention.mistake(
    "The softmax runs along the queries: it is the weights of one query over all keys, the last axis, that sum to 1.",
    lambda q, k, v, mask: jax.nn.softmax(_masked(_scores(q, k), mask), axis=-2) @ v,
    lambda q, k, v, mask: jnp.nan_to_num(jax.nn.softmax(_masked(_scores(q, k), mask), axis=-2)) @ v,
)
attention.mistake(
    "The softmax is taken over all scores at once: each query has weights of its own that sum to 1.",
    lambda q, k, v, mask: jax.nn.softmax(_masked(_scores(q, k), mask), axis=(-2, -1)) @ v,
)
attention.mistake(
    "The mask is the wrong way round: True means that the query may look.",
    lambda q, k, v, mask: jax.nn.softmax(_masked(_scores(q, k), None if mask is None else ~mask), axis=-1) @ v,
)
attention.mistake(
    "The mask is not used: a query looks at keys that are hidden from it.",
    lambda q, k, v, mask: jax.nn.softmax(_scores(q, k), axis=-1) @ v,
)
attention.mistake(
    "You mask the weights after the softmax, so a row no longer sums to 1; mask the scores before it.",
    lambda q, k, v, mask: _masked(jax.nn.softmax(_scores(q, k), axis=-1), mask, 0) @ v,
)
attention.mistake(
    "A hidden score of 0 is an ordinary score, and the key still gets weight; its score must be -inf.",
    lambda q, k, v, mask: jax.nn.softmax(_masked(_scores(q, k), mask, 0), axis=-1) @ v,
)
attention.mistake(
    "The mask is added to the scores as 0 and 1; that only nudges them. Hidden scores must become -inf.",
    lambda q, k, v, mask: jax.nn.softmax(_scores(q, k) + (0 if mask is None else mask), axis=-1) @ v,
)
attention.mistake(
    "The number that hides a score is not low enough: beside it, what is hidden still gets weight. Use -inf.",
    *(
        lambda q, k, v, mask, low=low: (
            jax.nn.softmax(_scores(q, k) + (0 if mask is None else jnp.where(mask, 0, low)), axis=-1) @ v
        )
        for low in (-100, -1000)
    ),
    *(
        lambda q, k, v, mask, low=low: jax.nn.softmax(_masked(_scores(q, k), mask, low), axis=-1) @ v
        for low in (-2, -10, -1000)
    ),
)
attention.mistake(
    "The softmax overflows for large scores: take the largest of each row off before exp, or use jax.nn.softmax.",
    _unstable,
)
attention.mistake(
    "The largest score is taken over hidden keys too, and then all that is left may round to 0 / 0; mask first.",
    _max_over_all,
)
attention.mistake(
    "The softmax is missing: scores are not yet weights that sum to 1.",
    lambda q, k, v, mask: _masked(_scores(q, k), mask, 0) @ v,
)
attention.mistake(
    "Those are the weights; multiply them by the values v.",
    lambda q, k, v, mask: jax.nn.softmax(_masked(_scores(q, k), mask), axis=-1),
)
attention.mistake(
    "The mask may be None, and then nothing is hidden: ask for that before you use it.",
    lambda q, k, v, mask: jax.nn.softmax(jnp.where(mask, _scores(q, k), -jnp.inf), axis=-1) @ v,
    lambda q, k, v, mask: jax.nn.softmax(_scores(q, k) + jnp.where(mask, 0, -jnp.inf), axis=-1) @ v,
)
attention.mistake(
    "The values are right but their gradient is nan: exp of a hidden score overflows before jnp.where drops it. Hide "
    "the score itself, before exp.",
    _masked_after_exp,
)


# -------------------------------------------------------------------------------------------------------- causal_mask


@exercise(
    LESSON,
    draw=lambda rng: [(3,), (1,), (int(rng.integers(7, 15)),)],
    laws=[laws.PURE, laws.JIT],
    hints=[
        "Row i is the query at position i; it may look at the columns 0 .. i.",
        "jnp.tril keeps what is on and below the diagonal; or compare two aranges, one of them as a column.",
    ],
)
def causal_mask(n):
    """Return the boolean (n, n) mask of a causal language model: row i is True in the columns 0 .. i, False after.

    A position may look at itself and at what came before it, never at what comes later. n is a Python integer.
    """
    return jnp.tril(jnp.ones((n, n), bool))


causal_mask.mistake(
    "A position may also look at itself: the diagonal is True.", lambda n: jnp.tril(jnp.ones((n, n), bool), -1)
)
causal_mask.mistake(
    "That mask lets every position look one step into the future: the first True diagonal above the main one is one "
    "too many.",
    lambda n: jnp.tril(jnp.ones((n, n), bool), 1),
)
causal_mask.mistake(
    "The mask is transposed: rows are queries, so it is the lower triangle that is True.",
    lambda n: jnp.triu(jnp.ones((n, n), bool)),
)
causal_mask.mistake(
    "The mask is the wrong way round: in this course True means that a position may look.",
    lambda n: jnp.triu(jnp.ones((n, n), bool), 1),
)
causal_mask.mistake(
    "Zeros and ones are numbers; a mask is boolean. Make it of dtype bool, or compare.",
    lambda n: jnp.tril(jnp.ones((n, n))),
)
causal_mask.mistake(
    "Those are the numbers added to scores, 0 and -inf; the mask itself is boolean.",
    lambda n: jnp.where(jnp.tril(jnp.ones((n, n), bool)), 0, -jnp.inf),
    lambda n: jnp.where(jnp.tril(jnp.ones((n, n), bool)), 0, -1e9),
)
causal_mask.mistake("Everything may look at everything in that mask.", lambda n: jnp.ones((n, n), bool))
causal_mask.mistake(
    "Every position sees only itself in that mask; all earlier ones belong to what it may look at.",
    lambda n: jnp.eye(n, dtype=bool),
)


# ------------------------------------------------------------------------------------------------- attention_backward


def _backwards(rng: np.random.Generator) -> list[Case]:
    """Return cases, in the last of which one key fits so well that naive exponentials overflow."""
    tiny = (*_triple(rng, 2, 4, 3, 1), drawing.normal(rng, 2, 1))
    wide = (*_triple(rng, 3, 5, 4, 6), drawing.normal(rng, 3, 6))
    q, k, v = _triple(rng, 3, 4, 2, 5)
    # q and k share the large factor: what is left of dS, the rounding of 1 - 1, is multiplied by only one of them.
    # Each row has its own maximum, far from the others, and a second key, level with the first if scores were limited.
    q[:, 0] = rng.permutation([30, 45, 60])
    k[:, 0] = -30
    k[1:3, 0] = 30, 20
    # Short queries keep the other softmaxes broad: next to a weight of 1, float32 loses the digits of dq and dk.
    tiny[0][:] *= 0.5
    wide[0][:] *= 0.5
    return [tiny, wide, (q, k, v, drawing.normal(rng, 3, 5))]


def _weighted_sum(case: Case, point: Any) -> float:
    """Return the sum of dy times the attention at (q, k, v), whose gradient is asked for."""
    q, k, v = point
    scores = q @ k.T / np.sqrt(q.shape[1])
    e = np.exp(scores - scores.max(1, keepdims=True))
    return float(np.sum(case[3] * (e / e.sum(1, keepdims=True) @ v)))


@exercise(
    LESSON,
    draw=_backwards,
    seconds=30,
    points=3,
    difficulty=3,
    by_hand=True,
    loss=Loss(_weighted_sum, lambda case: case[:3]),
    laws=[laws.PURE, laws.JIT, laws.flops(3)],
    hints=[
        "Write the forward pass as three steps, S = q k^T / sqrt(width), P = softmax of each row, y = P v, and go back "
        "through them one by one.",
        "y = P v is a product, so dv = P^T dy and dP = dy v^T; S is a product too.",
        "In each row the softmax gives dS = P * (dP - sum over the row of P * dP).",
        "Then dq = dS k / sqrt(width) and dk = dS^T q / sqrt(width).",
    ],
)
def attention_backward(q, k, v, dy):
    """Return (dq, dk, dv): the gradient of sum(dy * y) with respect to q, k, v, for y = softmax(q k^T / sqrt(width)) v.

    Derive it by hand: JAX's autodiff is switched off. q is (queries, width), k is (keys, width), v is (keys, values);
    there is no mask, and the softmax runs along the keys. dy, the gradient that arrives from above, is (queries,
    values). dq, dk and dv have the shapes of q, k and v. Scores of +-1000 must not give nan.
    """
    weights = jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[1]), axis=1)
    dweights = dy @ v.T
    dscores = weights * (dweights - jnp.sum(weights * dweights, axis=1, keepdims=True)) / jnp.sqrt(q.shape[1])
    return dscores @ k, dscores.T @ q, weights.T @ dy


def _back(q, k, v, dy, *, root=True, inner=True, softmax=None, outer=0.5):
    """Return the gradient with one piece exchanged: the root inside, the slope of the softmax, the root outside."""
    p = jax.nn.softmax(_scores(q, k, inner), axis=1)
    dp = dy @ v.T
    ds = p * (dp - jnp.sum(p * dp, axis=1, keepdims=True)) if softmax is None else softmax(p, dp)
    ds = ds / q.shape[1] ** outer
    return ds @ k, ds.T @ q, p.T @ dy


def _exponential_back(q, k, v, dy, change=lambda scores: scores):
    """Return the gradient with exponentials of the scores as they are, or as they are changed into."""
    e = jnp.exp(change(_scores(q, k)))
    p = e / jnp.sum(e, axis=1, keepdims=True)
    dp = dy @ v.T
    ds = p * (dp - jnp.sum(p * dp, axis=1, keepdims=True)) / jnp.sqrt(q.shape[1])
    return ds @ k, ds.T @ q, p.T @ dy


attention_backward.mistake(
    "The factor 1 / sqrt(width) is missing on the way back: dq and dk carry it, as the scores do.",
    lambda q, k, v, dy: _back(q, k, v, dy, outer=0),
    lambda q, k, v, dy: (_back(q, k, v, dy, outer=0)[0], *_back(q, k, v, dy)[1:]),
    lambda q, k, v, dy: (_back(q, k, v, dy)[0], *_back(q, k, v, dy, outer=0)[1:]),
)
attention_backward.mistake(
    "dv carries no factor 1 / sqrt(width): the values have no part in the scores.",
    lambda q, k, v, dy: (*_back(q, k, v, dy)[:2], _back(q, k, v, dy)[2] / math.sqrt(q.shape[1])),
)
attention_backward.mistake(
    "dq and dk are divided by the width; the scores hold 1 / sqrt(width) once, and so do they.",
    lambda q, k, v, dy: _back(q, k, v, dy, outer=1),
)
attention_backward.mistake(
    "The weights come from scores that are not scaled; divide q k^T by sqrt(width) in the forward pass too.",
    lambda q, k, v, dy: _back(q, k, v, dy, inner=False),
)
attention_backward.mistake(
    "The softmax is skipped on the way back: dS is not dP, for every score moves all the weights of its row.",
    lambda q, k, v, dy: _back(q, k, v, dy, softmax=lambda p, dp: dp),
)
attention_backward.mistake(
    "P * (1 - P) is only the diagonal of the softmax's derivative: a score moves the other weights of its row as well.",
    lambda q, k, v, dy: _back(q, k, v, dy, softmax=lambda p, dp: p * (1 - p) * dp),
)
attention_backward.mistake(
    "P * dP is half of the softmax's derivative: its row sum times P has to be taken off.",
    lambda q, k, v, dy: _back(q, k, v, dy, softmax=lambda p, dp: p * dp),
)
attention_backward.mistake(
    "In the softmax's derivative the sum is of P * dP, weighted, not of dP alone.",
    lambda q, k, v, dy: _back(q, k, v, dy, softmax=lambda p, dp: p * (dp - jnp.sum(dp, axis=1, keepdims=True))),
    lambda q, k, v, dy: _back(q, k, v, dy, softmax=lambda p, dp: p * (dp - jnp.mean(dp, axis=1, keepdims=True))),
)
attention_backward.mistake(
    "The sum in the softmax's derivative runs along the keys of one query, not along the queries.",
    lambda q, k, v, dy: _back(q, k, v, dy, softmax=lambda p, dp: p * (dp - jnp.sum(p * dp, axis=0, keepdims=True))),
)
attention_backward.mistake(
    "The softmax has the wrong sign in dq and dk: it is dP minus its weighted mean, not the reverse.",
    lambda q, k, v, dy: _back(q, k, v, dy, softmax=lambda p, dp: p * (jnp.sum(p * dp, axis=1, keepdims=True) - dp)),
)
attention_backward.mistake(
    "The order is (dq, dk, dv), as in the arguments; yours is another.",
    lambda q, k, v, dy: _back(q, k, v, dy)[::-1],
    lambda q, k, v, dy: tuple(_back(q, k, v, dy)[place] for place in (1, 0, 2)),
)
attention_backward.mistake(
    "dv has to be weighted: a value gets of each dy what the query took of it, P^T dy.",
    lambda q, k, v, dy: (*_back(q, k, v, dy)[:2], jnp.broadcast_to(jnp.sum(dy, axis=0), v.shape)),
)
attention_backward.mistake(
    "The softmax overflows for large scores: take the largest of each row off before exp, or use jax.nn.softmax.",
    _exponential_back,
)
attention_backward.mistake(
    "One maximum is taken off for all queries; the rows far below it become 0 / 0. Each row has a maximum of its own.",
    lambda q, k, v, dy: _exponential_back(q, k, v, dy, lambda scores: scores - scores.max()),
)
attention_backward.mistake(
    "Scores that are limited make keys equal that are not: take the largest of each row off instead.",
    *(
        lambda q, k, v, dy, most=most: _exponential_back(q, k, v, dy, lambda scores: jnp.clip(scores, -most, most))
        for most in (80, 50, 20)
    ),
)


# ----------------------------------------------------------------------------------------------- multi_head_attention


def _matrices(rng: np.random.Generator, width: int) -> dict[str, np.ndarray]:
    return {name: (drawing.normal(rng, width, width) / math.sqrt(width)) for name in ("Wq", "Wk", "Wv", "Wo")}


def _multi_heads(rng: np.random.Generator) -> list[Case]:
    """Return cases, the second with any mask, the third with a causal one; two agree up to position 2.

    In the last the first position sees itself alone, and with a score below -1000 in each head.
    """
    params, x = _matrices(rng, 6), 2 * drawing.normal(rng, 4, 5, 6)
    other = np.concatenate([x[:, :3], 10 * drawing.normal(rng, 4, 2, 6)], axis=1)
    causal = np.tril(np.ones((5, 5), bool))
    tiny = _matrices(rng, 4), 2 * drawing.normal(rng, 3, 4), 2, None
    low = _matrices(rng, 6) | {"Wq": np.eye(6, dtype=np.float32), "Wk": -np.eye(6, dtype=np.float32)}
    far = 2 * drawing.normal(rng, 4, 5, 6)
    far[:, 0] = 33 * rng.choice([-1, 1], (4, 6))
    return [tiny, (params, x, 3, _some_keys(rng, 5, 5)), (params, other, 3, causal), (low, far, 3, causal)]


@exercise(
    LESSON,
    draw=_multi_heads,
    seconds=30,
    points=3,
    difficulty=3,
    laws=[laws.PURE, laws.JIT, laws.vmap(1), laws.flops(3)],
    hints=[
        "Make q = x Wq, k = x Wk and v = x Wv first; the heads then share out their columns.",
        "Reshape the last axis into (heads, width / heads), and bring the axis of the heads before that of the time.",
        "Each head attends on its own: scores divided by the root of its own width, the mask, softmax, times its v.",
        "Bring the time back before the heads (jnp.swapaxes), reshape to (..., time, width), and multiply by Wo.",
    ],
)
def multi_head_attention(params, x, heads, mask):
    """Return [head_0, ..., head_(heads - 1)] Wo, head j being the attention of the j-th blocks of x Wq, x Wk and x Wv.

    params is {"Wq", "Wk", "Wv", "Wo"}, each (width, width), no biases; x is (time, width) or (batch, time, width). Head
    j takes the j-th block of width / heads neighbouring columns of each product and computes softmax(q k^T /
    sqrt(width / heads)) v along the keys; the heads stand side by side in that order. heads divides the width. mask is
    boolean (time, time), True where the position of the row may look at that of the column, the same for all heads and
    sequences, or None: then all may look at all. The output has the shape of x.
    """

    def split(y):
        return jnp.swapaxes(y.reshape(*y.shape[:-1], heads, -1), -2, -3)

    q, k, v = (split(x @ params[name]) for name in ("Wq", "Wk", "Wv"))
    scores = q @ jnp.swapaxes(k, -1, -2) / jnp.sqrt(q.shape[-1])
    if mask is not None:
        scores = jnp.where(mask, scores, -jnp.inf)
    attended = jnp.swapaxes(jax.nn.softmax(scores, axis=-1) @ v, -2, -3)
    return attended.reshape(x.shape) @ params["Wo"]


def _split(y, heads):
    return jnp.swapaxes(y.reshape(*y.shape[:-1], heads, -1), -2, -3)


def _join(y):
    y = jnp.swapaxes(y, -2, -3)
    return y.reshape(*y.shape[:-2], -1)


def _split_every(y, heads):
    return jnp.moveaxis(y.reshape(*y.shape[:-1], -1, heads), -1, -3)


def _join_every(y):
    y = jnp.moveaxis(y, -3, -1)
    return y.reshape(*y.shape[:-2], -1)


def _split_mixed(y, heads):
    return y.reshape(*y.shape[:-2], heads, y.shape[-2], -1)


def _join_mixed(y):
    return y.reshape(*y.shape[:-3], y.shape[-2], -1)


def _multi(
    params, x, heads, mask, *, names="qkv", split=_split, join=_join, width=None, axis=-1, low=-jnp.inf,
    softmax=jax.nn.softmax,
):  # fmt: skip
    """Return multi-head attention before Wo, with one piece exchanged."""
    q, k, v = (split(x @ params["W" + name], heads) for name in names)
    scores = _scores(q, k, False) / math.sqrt(width or q.shape[-1])
    return join(softmax(_masked(scores, mask, low), axis=axis) @ v)


multi_head_attention.mistake(
    "The last product is missing: multiply the heads, side by side, by Wo.",
    lambda params, x, heads, mask: _multi(params, x, heads, mask),
)
multi_head_attention.mistake(
    "Each head divides by the root of its own width, width / heads, not of the whole width.",
    lambda params, x, heads, mask: _multi(params, x, heads, mask, width=x.shape[-1]) @ params["Wo"],
)
multi_head_attention.mistake(
    "The scores are not scaled: divide them by the square root of a head's width.",
    lambda params, x, heads, mask: _multi(params, x, heads, mask, width=1) @ params["Wo"],
)
multi_head_attention.mistake(
    "There is only one head: the columns have to be shared out among the heads, each with a softmax of its own.",
    lambda params, x, heads, mask: _multi(params, x, 1, mask) @ params["Wo"],
)
multi_head_attention.mistake(
    "Your heads take every so-many-th column; head j takes the j-th block of neighbouring ones.",
    lambda params, x, heads, mask: _multi(params, x, heads, mask, split=_split_every) @ params["Wo"],
    lambda params, x, heads, mask: _multi(params, x, heads, mask, split=_split_every, join=_join_every) @ params["Wo"],
)
multi_head_attention.mistake(
    "A reshape to (..., heads, time, width / heads) mixes positions with columns: cut the last axis into blocks first, "
    "then swap the axes of time and heads.",
    lambda params, x, heads, mask: _multi(params, x, heads, mask, split=_split_mixed) @ params["Wo"],
    lambda params, x, heads, mask: _multi(params, x, heads, mask, split=_split_mixed, join=_join_mixed) @ params["Wo"],
)
multi_head_attention.mistake(
    "Before the heads are put side by side the axes of heads and time must be swapped back.",
    lambda params, x, heads, mask: _multi(params, x, heads, mask, join=_join_mixed) @ params["Wo"],
)
multi_head_attention.mistake(
    "The mask is not used: positions look at what is hidden from them.",
    lambda params, x, heads, mask: _multi(params, x, heads, None) @ params["Wo"],
)
multi_head_attention.mistake(
    "The mask is the wrong way round: True means that a position may look.",
    lambda params, x, heads, mask: _multi(params, x, heads, None if mask is None else ~mask) @ params["Wo"],
)
multi_head_attention.mistake(
    "The mask is not always the causal one: hide what the mask that is given hides.",
    lambda params, x, heads, mask: (
        _multi(params, x, heads, None if mask is None else jnp.tril(jnp.ones_like(mask))) @ params["Wo"]
    ),
)
multi_head_attention.mistake(
    "A hidden score of 0 still gets weight; it must be -inf before the softmax.",
    lambda params, x, heads, mask: _multi(params, x, heads, mask, low=0) @ params["Wo"],
)
multi_head_attention.mistake(
    "The number that hides a score is not low enough: beside it, what is hidden still gets weight. Use -inf.",
    *(
        lambda params, x, heads, mask, low=low: _multi(params, x, heads, mask, low=low) @ params["Wo"]
        for low in (-2, -10, -20, -100, -1000)
    ),
)
multi_head_attention.mistake(
    "The softmax runs along the queries; the weights of one query over all keys, the last axis, sum to 1.",
    lambda params, x, heads, mask: _multi(params, x, heads, mask, axis=-2) @ params["Wo"],
)
multi_head_attention.mistake(
    "Queries, keys and values each have a matrix of their own; two of your products use the same one or are exchanged.",
    *(
        lambda params, x, heads, mask, names=names: _multi(params, x, heads, mask, names=names) @ params["Wo"]
        for names in ("kqv", "qqv", "qkk", "qvv", "vkq", "qvk")
    ),
)
multi_head_attention.mistake(
    "The matrices are transposed: the product is x @ W.",
    lambda params, x, heads, mask: _multi({name: W.T for name, W in params.items()}, x, heads, mask) @ params["Wo"].T,
    lambda params, x, heads, mask: _multi(params, x, heads, mask) @ params["Wo"].T,
)
multi_head_attention.mistake(
    "The shortcut x is not part of attention; the block around it adds it.",
    lambda params, x, heads, mask: x + _multi(params, x, heads, mask) @ params["Wo"],
)


# --------------------------------------------------------------------------------------------------------- layer_norm


def _layer_norms(rng: np.random.Generator) -> list[Case]:
    """Return cases with rows of very different sizes; in the last one a row is constant and two hardly vary."""

    def params(features: int) -> dict[str, np.ndarray]:
        return {"scale": rng.uniform(0.5, 2, features).astype(np.float32), "bias": drawing.normal(rng, features)}

    rows = 3 * drawing.normal(rng, 4, 5) + 1
    rows[1], rows[2], rows[3] = 2, 0.001 * drawing.normal(rng, 5), 0.005 * drawing.normal(rng, 5)
    return [
        (params(3), drawing.normal(rng, 2, 3)),
        (params(6), 2 * drawing.normal(rng, 4, 3, 6) + 1),
        (params(5), rows),
    ]


@exercise(
    LESSON,
    draw=_layer_norms,
    seconds=30,
    points=2,
    laws=[laws.PURE, laws.JIT, laws.vmap(1), laws.gradient(1, -1)],
    hints=[
        "Mean and variance are taken over the features of each position: axis=-1, with keepdims=True.",
        "jnp.var is the population variance already; add 1e-5 to it before you take the root.",
        "scale and bias come last, column by column.",
    ],
)
def layer_norm(params, x):
    """Return scale * (x - mean) / sqrt(variance + eps) + bias with eps = 1e-5, mean and variance over the last axis.

    The variance is that of the population (divided by the number of features). params is {"scale": (features,), "bias":
    (features,)}; x is (..., features), and each of its rows is normalised by itself. The output has the shape of x.
    """
    mean = jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.var(x, axis=-1, keepdims=True)
    return params["scale"] * (x - mean) / jnp.sqrt(variance + 1e-5) + params["bias"]


def _standard(x, *, axis=-1, ddof=0, eps=1e-5):
    return (x - jnp.mean(x, axis=axis, keepdims=True)) / jnp.sqrt(jnp.var(x, axis=axis, keepdims=True, ddof=ddof) + eps)


def _centred(x):
    return x - jnp.mean(x, axis=-1, keepdims=True)


layer_norm.mistake(
    "eps belongs inside the root: sqrt(variance + eps), not the deviation plus eps.",
    lambda params, x: params["scale"] * _centred(x) / (jnp.std(x, axis=-1, keepdims=True) + 1e-5) + params["bias"],
)
layer_norm.mistake(
    "eps is missing: a row whose entries are all equal has variance 0, and 0 / 0 is nan.",
    lambda params, x: params["scale"] * _standard(x, eps=0) + params["bias"],
)
layer_norm.mistake(
    "eps is 1e-5 here; yours is another, and it tells where a row hardly varies.",
    *(
        lambda params, x, eps=eps: params["scale"] * _standard(x, eps=eps) + params["bias"]
        for eps in (1e-3, 1e-6, 1e-8, 1e-12)
    ),
)
layer_norm.mistake(
    "That is the sample variance, divided by n - 1; the population's, divided by n, is meant.",
    lambda params, x: params["scale"] * _standard(x, ddof=1) + params["bias"],
)
layer_norm.mistake(
    "You normalise each feature over the rows, as batch normalisation does; here each row is normalised over its "
    "features, the last axis.",
    lambda params, x: params["scale"] * _standard(x, axis=0) + params["bias"],
    lambda params, x: params["scale"] * _standard(x, axis=tuple(range(x.ndim - 1))) + params["bias"],
)
layer_norm.mistake(
    "One mean and one variance for the whole array: every row has its own.",
    lambda params, x: params["scale"] * _standard(x, axis=None) + params["bias"],
)
layer_norm.mistake(
    "You divide by the variance; divide by its square root.",
    lambda params, x: params["scale"] * _centred(x) / (jnp.var(x, axis=-1, keepdims=True) + 1e-5) + params["bias"],
)
layer_norm.mistake(
    "The mean is not taken off: it goes off the row, and the variance is taken around it.",
    lambda params, x: params["scale"] * x / jnp.sqrt(jnp.var(x, axis=-1, keepdims=True) + 1e-5) + params["bias"],
    lambda params, x: params["scale"] * x / jnp.sqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-5) + params["bias"],
    lambda params, x: (
        params["scale"] * _centred(x) / jnp.sqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-5) + params["bias"]
    ),
)
layer_norm.mistake(
    "You only take off the mean; divide by the deviation as well.",
    lambda params, x: params["scale"] * _centred(x) + params["bias"],
)
layer_norm.mistake("The bias is missing: add it last.", lambda params, x: params["scale"] * _standard(x))
layer_norm.mistake(
    "The scale is missing: multiply the normalised numbers by it.", lambda params, x: _standard(x) + params["bias"]
)
layer_norm.mistake(
    "Scale and bias are missing.",
    lambda params, x: _standard(x),
)
layer_norm.mistake(
    "The scale multiplies the normalised numbers only; the bias is added after it.",
    lambda params, x: params["scale"] * (_standard(x) + params["bias"]),
)
layer_norm.mistake(
    "The root inside jnp.std has no slope where a row is constant, so the gradient is nan: use the variance itself, "
    "and take one root, of variance + eps.",
    lambda params, x: (
        params["scale"] * _centred(x) / jnp.sqrt(jnp.std(x, axis=-1, keepdims=True) ** 2 + 1e-5) + params["bias"]
    ),
)


# ------------------------------------------------------------------------------------------------ positional_encoding


def _tables(rng: np.random.Generator) -> list[Case]:
    """Return cases, the third wide, the last so long that a base near 10000 shows; of few shapes, each compiled."""
    return [(3, 4), (5, 2), (12, int(rng.choice([8, 10, 14]))), (int(rng.choice([500, 600, 700])), 6)]


@exercise(
    LESSON,
    draw=_tables,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT.on(0)],
    seconds=30,
    hints=[
        "A column of positions divided by a row of wavelengths gives all angles: (length, 1) and (width / 2,).",
        "The wavelengths are 10000 ** (jnp.arange(0, width, 2) / width), one for each pair of columns.",
        "To alternate, stack sine and cosine along a new last axis and reshape, or fill the columns 0::2 and 1::2.",
    ],
)
def positional_encoding(length, width):
    """Return the (length, width) table P with P[t, 2i] = sin(t / 10000^(2i / width)) and P[t, 2i + 1] the cosine of it.

    Sine and cosine alternate along the columns, and a pair of neighbours 2i, 2i + 1 shares one angle. Positions t count
    from 0, pairs i from 0 to width / 2 - 1. length and width are Python integers; width is even.
    """
    angles = jnp.arange(length)[:, None] / 10000 ** (jnp.arange(0, width, 2) / width)
    return jnp.stack([jnp.sin(angles), jnp.cos(angles)], axis=-1).reshape(length, width)


def _angles(length, width, *, first=0, exponent=None, base=10000.0):
    t = jnp.arange(first, length + first)[:, None]
    return t / base ** (jnp.arange(0, width, 2) / width if exponent is None else exponent)


def _alternate(a, b):
    return jnp.stack([a, b], axis=-1).reshape(len(a), -1)


def _alternating(angles):
    return _alternate(jnp.sin(angles), jnp.cos(angles))


def _own_angle(length, width):
    angles = _angles(length, width, exponent=jnp.arange(width) / width)
    return jnp.where(jnp.arange(width) % 2 == 0, jnp.sin(angles), jnp.cos(angles))


positional_encoding.mistake(
    "All sines stand before all cosines; they must alternate, column by column.",
    lambda length, width: jnp.concatenate([f(_angles(length, width)) for f in (jnp.sin, jnp.cos)], axis=1),
)
positional_encoding.mistake(
    "Sine and cosine are exchanged: the even columns are sines.",
    lambda length, width: _alternate(jnp.cos(_angles(length, width)), jnp.sin(_angles(length, width))),
)
positional_encoding.mistake(
    "Positions count from 0: the first row is 0, 1, 0, 1, ...",
    lambda length, width: _alternating(_angles(length, width, first=1)),
)
positional_encoding.mistake(
    "A factor 2 is missing in the exponent: it is 2i / width for the i-th pair.",
    lambda length, width: _alternating(_angles(length, width, exponent=jnp.arange(width // 2) / width)),
)
positional_encoding.mistake(
    "The factor 2 stands in the exponent twice: the column 2i is already twice the number of its pair.",
    lambda length, width: _alternating(_angles(length, width, exponent=2 * jnp.arange(0, width, 2) / width)),
)
positional_encoding.mistake(
    "The exponents 2i / width are fractions; // rounds all of them down to 0.",
    lambda length, width: _alternating(_angles(length, width, exponent=jnp.arange(0, width, 2) // width)),
)
positional_encoding.mistake(
    "The exponents 2i / width stay below 1: yours are spread out from 0 to 1, both included.",
    lambda length, width: _alternating(_angles(length, width, exponent=jnp.linspace(0, 1, width // 2))),
)
positional_encoding.mistake(
    "The cosine has the angle of the sine to its left; yours uses the number of its own column.", _own_angle
)
positional_encoding.mistake(
    "The position is multiplied where it should be divided: waves become longer along the columns.",
    lambda length, width: _alternating(_angles(length, width, exponent=-jnp.arange(0, width, 2) / width)),
)
positional_encoding.mistake(
    "All columns are sines; every other one must be a cosine.",
    lambda length, width: _alternate(jnp.sin(_angles(length, width)), jnp.sin(_angles(length, width))),
)
positional_encoding.mistake(
    "The base is 10000, the number of positions that the longest wave can tell apart.",
    *(
        lambda length, width, base=base: _alternating(_angles(length, width, base=base))
        for base in (1000.0, 9999.0, math.e)
    ),
)
positional_encoding.mistake(
    "The table is transposed: a row is a position.",
    lambda length, width: _alternating(_angles(length, width)).T,
)


# -------------------------------------------------------------------------------------------------- transformer_block


def _blocks(rng: np.random.Generator) -> list[Case]:
    """Return cases, in the last two of which one position hardly varies, so that eps shows.

    In the second nothing of the attention is let through, so that the position hardly varies afterwards either, and
    queries are so large that naive exponentials overflow.
    """

    def params(width: int, hidden: int) -> dict:
        def norm() -> dict[str, np.ndarray]:
            return {"scale": rng.uniform(0.5, 2, width).astype(np.float32), "bias": drawing.normal(rng, width)}

        def dense(n: int, m: int) -> dict[str, np.ndarray]:
            return {"W": drawing.normal(rng, n, m) / math.sqrt(n), "b": drawing.normal(rng, m)}

        return {
            "norm1": norm(), "attention": _matrices(rng, width), "norm2": norm(),
            "mlp": [dense(width, hidden), dense(hidden, width)],
        }  # fmt: skip

    x = 2 * drawing.normal(rng, 4, 5, 6)
    x[1, 2] *= 0.001
    shut = params(6, 8)
    shut["attention"] |= {"Wo": np.zeros((6, 6), np.float32), "Wq": 1000 * shut["attention"]["Wq"]}
    return [(params(4, 3), drawing.normal(rng, 2, 4), 1), (shut, x, 2), (params(6, 8), x, 2)]


@exercise(
    LESSON,
    draw=_blocks,
    seconds=30,
    points=3,
    difficulty=3,
    laws=[laws.PURE, laws.JIT, laws.vmap(1), laws.flops(3)],
    hints=[
        "Write layer normalisation and multi-head attention as small functions inside yours; then two lines remain.",
        "Each branch is normalised at its beginning and added to what entered it: u = x + attention(norm1(x)).",
        "The second branch starts from u, not from x: u + mlp(norm2(u)), with a ReLU between its two dense layers.",
    ],
)
def transformer_block(params, x, heads):
    """Return u + mlp(norm2(u)) with u = x + attention(norm1(x)): the pre-norm transformer block, without a mask.

    x is (time, width) or (batch, time, width), and so is the output. params is {"norm1", "attention", "norm2", "mlp"}:
    norm1 and norm2 are {"scale": (width,), "bias": (width,)} of layer normalisation over the last axis, with population
    variance and eps = 1e-5 inside the root; attention is {"Wq", "Wk", "Wv", "Wo"}, each (width, width), of multi-head
    attention in which head j takes the j-th block of columns and scores are divided by sqrt(width / heads); mlp is
    [dense, dense], each {"W", "b"}, applied to every position, with a ReLU between the two.
    """

    def norm(p, x):
        centred = x - jnp.mean(x, axis=-1, keepdims=True)
        return p["scale"] * centred / jnp.sqrt(jnp.var(x, axis=-1, keepdims=True) + 1e-5) + p["bias"]

    def split(x):
        return jnp.swapaxes(x.reshape(*x.shape[:-1], heads, -1), -2, -3)

    def attend(p, x):
        q, k, v = (split(x @ p[name]) for name in ("Wq", "Wk", "Wv"))
        scores = q @ jnp.swapaxes(k, -1, -2) / jnp.sqrt(q.shape[-1])
        attended = jax.nn.softmax(scores, axis=-1) @ v
        return jnp.swapaxes(attended, -2, -3).reshape(x.shape) @ p["Wo"]

    first, second = params["mlp"]
    u = x + attend(params["attention"], norm(params["norm1"], x))
    hidden = jax.nn.relu(norm(params["norm2"], u) @ first["W"] + first["b"])
    return u + hidden @ second["W"] + second["b"]


def _norm(params, name, x):
    return params[name]["scale"] * _standard(x) + params[name]["bias"]


def _look(params, x, heads, mask=None, **changed):
    return _multi(params["attention"], x, heads, mask, **changed) @ params["attention"]["Wo"]


def _think(params, x, activation=jax.nn.relu, last=lambda z: z, biases=1):
    first, second = params["mlp"]
    return last(activation(x @ first["W"] + biases * first["b"]) @ second["W"] + biases * second["b"])


def _block(params, x, heads, *, look=_look, think=_think, norm=_norm):
    u = x + look(params, norm(params, "norm1", x), heads)
    return u + think(params, norm(params, "norm2", u))


def _post_norm(params, x, heads):
    u = _norm(params, "norm1", x + _look(params, x, heads))
    return _norm(params, "norm2", u + _think(params, u))


def _without_first_shortcut(params, x, heads):
    u = _look(params, _norm(params, "norm1", x), heads)
    return u + _think(params, _norm(params, "norm2", u))


def _without_second_shortcut(params, x, heads):
    return _think(params, _norm(params, "norm2", x + _look(params, _norm(params, "norm1", x), heads)))


def _without_shortcuts(params, x, heads):
    return _think(params, _norm(params, "norm2", _look(params, _norm(params, "norm1", x), heads)))


def _back_to_x(params, x, heads):
    u = x + _look(params, _norm(params, "norm1", x), heads)
    return x + _think(params, _norm(params, "norm2", u))


def _parallel(params, x, heads):
    return x + _look(params, _norm(params, "norm1", x), heads) + _think(params, _norm(params, "norm2", x))


def _normed_shortcuts(params, x, heads):
    normed = _norm(params, "norm1", x)
    u = _norm(params, "norm2", normed + _look(params, normed, heads))
    return u + _think(params, u)


def _without_norms(params, x, heads):
    u = x + _look(params, x, heads)
    return u + _think(params, u)


def _mlp_first(params, x, heads):
    u = x + _think(params, _norm(params, "norm2", x))
    return u + _look(params, _norm(params, "norm1", u), heads)


transformer_block.mistake(
    "That is the post-norm block of 2017; here each branch is normalised at its beginning, inside the shortcut.",
    _post_norm,
)
transformer_block.mistake("The first shortcut is missing: x is added to what attention gives.", _without_first_shortcut)
transformer_block.mistake(
    "The second shortcut is missing: u is added to what the small network gives.", _without_second_shortcut
)
transformer_block.mistake("Both shortcuts are missing: each branch is added to what entered it.", _without_shortcuts)
transformer_block.mistake(
    "The second shortcut starts from u, the sum after attention; yours goes back to x and loses attention.", _back_to_x
)
transformer_block.mistake(
    "Both branches start from x; the small network must see u, to which attention is already added.", _parallel
)
transformer_block.mistake(
    "The shortcut itself is normalised; it must carry x and u as they are, only the branches are normalised.",
    _normed_shortcuts,
)
transformer_block.mistake("Neither branch is normalised: norm1 and norm2 are not used.", _without_norms)
transformer_block.mistake(
    "norm1 is used in both places, or the two are exchanged: norm1 stands before attention, norm2 before the network.",
    lambda params, x, heads: _block({**params, "norm2": params["norm1"]}, x, heads),
    lambda params, x, heads: _block({**params, "norm1": params["norm2"], "norm2": params["norm1"]}, x, heads),
)
transformer_block.mistake(
    "The scale and bias of the normalisations are missing.",
    lambda params, x, heads: _block(params, x, heads, norm=lambda p, name, z: _standard(z)),
)
transformer_block.mistake(
    "The normalisations divide by the sample's deviation; the population's, with n instead of n - 1, is meant.",
    lambda params, x, heads: _block(
        params, x, heads, norm=lambda p, name, z: p[name]["scale"] * _standard(z, ddof=1) + p[name]["bias"]
    ),
)
transformer_block.mistake(
    "The normalisations take mean and variance over more than the last axis: every position has its own.",
    *(
        lambda params, x, heads, axis=axis: _block(
            params, x, heads, norm=lambda p, name, z: p[name]["scale"] * _standard(z, axis=axis) + p[name]["bias"]
        )
        for axis in (None, (-2, -1))
    ),
)
transformer_block.mistake(
    "The normalisations take eps = 1e-5 inside the root, sqrt(variance + eps); it shows where a row hardly varies.",
    *(
        lambda params, x, heads, eps=eps: _block(
            params, x, heads, norm=lambda p, name, z: p[name]["scale"] * _standard(z, eps=eps) + p[name]["bias"]
        )
        for eps in (0, 1e-6)
    ),
    lambda params, x, heads: _block(
        params, x, heads,
        norm=lambda p, name, z: (
            p[name]["scale"] * _centred(z) / (jnp.std(z, axis=-1, keepdims=True) + 1e-5) + p[name]["bias"]
        ),
    ),
)  # fmt: skip
transformer_block.mistake(
    "norm2 takes another eps than norm1: both take 1e-5.",
    *(
        lambda params, x, heads, eps=eps: _block(
            params, x, heads,
            norm=lambda p, name, z: (
                p[name]["scale"] * _standard(z, eps=eps if name == "norm2" else 1e-5) + p[name]["bias"]
            ),
        )
        for eps in (0, 1e-6, 1e-3)
    ),
)  # fmt: skip
transformer_block.mistake(
    "exp overflows where a query fits a key well: take the largest score of each row off first, or use jax.nn.softmax.",
    lambda params, x, heads: _block(
        params, x, heads, look=lambda p, x, heads: _look(
            p, x, heads, softmax=lambda scores, axis: jnp.exp(scores) / jnp.sum(jnp.exp(scores), axis, keepdims=True)
        ),
    ),
)  # fmt: skip
transformer_block.mistake("Attention comes first, the small network second.", _mlp_first)
transformer_block.mistake(
    "The ReLU between the two dense layers is missing.",
    lambda params, x, heads: _block(params, x, heads, think=lambda p, z: _think(p, z, lambda z: z)),
)
transformer_block.mistake(
    "The small network uses a ReLU here, not another activation.",
    *(
        lambda params, x, heads, f=f: _block(params, x, heads, think=lambda p, z: _think(p, z, f))
        for f in (jax.nn.gelu, lambda z: jax.nn.gelu(z, approximate=False), jnp.tanh, jax.nn.silu)
    ),
)
transformer_block.mistake(
    "The second dense layer has a ReLU too; it must be linear, or the branch could only ever add.",
    lambda params, x, heads: _block(params, x, heads, think=lambda p, z: _think(p, z, last=jax.nn.relu)),
)
transformer_block.mistake(
    "The biases of the dense layers are missing.",
    lambda params, x, heads: _block(params, x, heads, think=lambda p, z: _think(p, z, biases=0)),
)
transformer_block.mistake(
    "This block has no mask: every position looks at all others, later ones too.",
    lambda params, x, heads: _block(
        params, x, heads, look=lambda p, z, h: _look(p, z, h, jnp.tril(jnp.ones((z.shape[-2], z.shape[-2]), bool)))
    ),
)
transformer_block.mistake(
    "There is only one head: cut the columns into blocks, one for each head.",
    lambda params, x, heads: _block(params, x, 1),
)
transformer_block.mistake(
    "Each head divides its scores by the root of its own width, width / heads, not of the whole width.",
    lambda params, x, heads: _block(params, x, heads, look=lambda p, z, h: _look(p, z, h, width=z.shape[-1])),
)
transformer_block.mistake(
    "The scores are not scaled: divide them by the square root of a head's width.",
    lambda params, x, heads: _block(params, x, heads, look=lambda p, z, h: _look(p, z, h, width=1)),
)
transformer_block.mistake(
    "The heads are not multiplied by Wo.",
    lambda params, x, heads: _block(params, x, heads, look=lambda p, z, h: _multi(p["attention"], z, h, None)),
)

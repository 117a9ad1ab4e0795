"""Right answers to lesson 09, written otherwise than the reference: by loops, with NumPy, with vmap and einsum."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np


def attention_loops(q, k, v, mask):
    if q.ndim > 2:
        return [attention_loops(*parts, mask) for parts in zip(q, k, v, strict=True)]
    q, k, v = (np.asarray(part).tolist() for part in (q, k, v))
    outputs = []
    for i, query in enumerate(q):
        seen = [j for j in range(len(k)) if mask is None or bool(mask[i, j])]
        scores = [sum(a * b for a, b in zip(query, k[j], strict=True)) / math.sqrt(len(query)) for j in seen]
        exps = [math.exp(score - max(scores)) for score in scores]
        outputs.append([
            sum(e * v[j][d] for e, j in zip(exps, seen, strict=True)) / sum(exps) for d in range(len(v[0]))
        ])  # fmt: skip
    return outputs


def attention_einsum(q, k, v, mask):
    scores = jnp.einsum("...qw,...kw->...qk", q, k) * q.shape[-1] ** -0.5
    if mask is not None:
        scores = scores + jnp.where(mask, 0.0, -1e9)
    exps = jnp.exp(scores - scores.max(-1, keepdims=True))
    return jnp.einsum("...qk,...kv->...qv", exps / exps.sum(-1, keepdims=True), v)


def attention_vmap(q, k, v, mask):
    if mask is None:
        mask = jnp.ones((q.shape[-2], k.shape[-2]), bool)
    if q.ndim > 2:
        return jax.vmap(attention_vmap, in_axes=(0, 0, 0, None))(q, k, v, mask)

    def one(query, seen):
        return jax.nn.softmax(k @ query / math.sqrt(len(query)), where=seen) @ v

    return jax.vmap(one)(q, mask)


def causal_mask_loops(n):
    return [[column <= row for column in range(n)] for row in range(n)]


def causal_mask_compare(n):
    return jnp.arange(n)[:, None] >= jnp.arange(n)


def attention_backward_loops(q, k, v, dy):
    q, k, v, dy = (np.asarray(part, np.float64) for part in (q, k, v, dy))
    dq, dk, dv = np.zeros(q.shape), np.zeros(k.shape), np.zeros(v.shape)
    root = math.sqrt(q.shape[1])
    for i in range(len(q)):
        scores = k @ q[i] / root
        p = np.exp(scores - scores.max())
        p /= p.sum()
        jacobian = np.diag(p) - np.outer(p, p)
        ds = jacobian @ (v @ dy[i])
        dq[i] = ds @ k / root
        dk += np.outer(ds, q[i]) / root
        dv += np.outer(p, dy[i])
    return [dq, dk, dv]


def attention_backward_einsum(q, k, v, dy):
    q = q / math.sqrt(q.shape[1])
    p = jax.nn.softmax(jnp.einsum("iw,jw->ij", q, k), axis=-1)
    y = p @ v
    ds = p * (jnp.einsum("id,jd->ij", dy, v) - jnp.einsum("id,id->i", dy, y)[:, None])
    return ds @ k / math.sqrt(q.shape[1]), jnp.einsum("ij,iw->jw", ds, q), jnp.einsum("ij,id->jd", p, dy)


def multi_head_attention_loops(params, x, heads, mask):
    if x.ndim == 3:
        return [multi_head_attention_loops(params, one, heads, mask) for one in x]
    params = {name: np.asarray(W, np.float64) for name, W in params.items()}
    x, (time, width) = np.asarray(x, np.float64), x.shape
    size, joined = width // heads, np.zeros((time, width))
    for head in range(heads):
        block = slice(head * size, (head + 1) * size)
        q, k, v = (x @ params[name][:, block] for name in ("Wq", "Wk", "Wv"))
        for i in range(time):
            scores = np.array([q[i] @ k[j] for j in range(time)]) / np.sqrt(size)
            if mask is not None:
                scores[~np.asarray(mask[i])] = -np.inf
            e = np.exp(scores - scores.max())
            joined[i, block] = e / e.sum() @ v
    return joined @ params["Wo"]


def multi_head_attention_einsum(params, x, heads, mask):
    width = x.shape[-1]
    size = width // heads
    q, k, v = (
        jnp.einsum("...tw,whd->...htd", x, params[name].reshape(width, heads, size)) for name in ("Wq", "Wk", "Wv")
    )
    scores = jnp.einsum("...hqd,...hkd->...hqk", q, k) / size**0.5
    weights = jax.nn.softmax(scores, axis=-1, where=True if mask is None else mask)
    return jnp.einsum("...hqk,...hkd,hdw->...qw", weights, v, params["Wo"].reshape(heads, size, width))


def multi_head_attention_sum(params, x, heads, mask):
    size = x.shape[-1] // heads
    total = 0
    for head in range(heads):
        block = slice(head * size, (head + 1) * size)
        q, k, v = (x @ params[name][:, block] for name in ("Wq", "Wk", "Wv"))
        total = total + attention_einsum(q, k, v, mask) @ params["Wo"][block]
    return total


def layer_norm_loops(params, x):
    if x.ndim > 1:
        return [layer_norm_loops(params, row) for row in x]
    row = [float(entry) for entry in x]
    mean = sum(row) / len(row)
    deviation = math.sqrt(sum((entry - mean) ** 2 for entry in row) / len(row) + 1e-5)
    scale, bias = params["scale"].tolist(), params["bias"].tolist()
    return [s * (entry - mean) / deviation + b for s, b, entry in zip(scale, bias, row, strict=True)]


def layer_norm_numpy(params, x):
    x = np.asarray(x, np.float64)
    x = (x - x.mean(-1)[..., None]) / np.sqrt(x.var(-1) + 1e-5)[..., None]
    return x * np.asarray(params["scale"]) + np.asarray(params["bias"])


def layer_norm_moments(params, x):
    mean, square = x.mean(-1, keepdims=True), (x * x).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(square - mean**2 + 1e-5) * params["scale"] + params["bias"]


def positional_encoding_loops(length, width):
    table = []
    for t in range(length):
        row = []
        for i in range(width // 2):
            angle = t / 10000 ** (2 * i / width)
            row += [math.sin(angle), math.cos(angle)]
        table.append(row)
    return table


def positional_encoding_at(length, width):
    rates = jnp.exp(-jnp.log(10000.0) * jnp.arange(0, width, 2) / width)
    angles = jnp.outer(jnp.arange(length), rates)
    return jnp.zeros((length, width)).at[:, 0::2].set(jnp.sin(angles)).at[:, 1::2].set(jnp.cos(angles))


def transformer_block_numpy(params, x, heads):
    params = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    x = np.asarray(x, np.float64)
    first, second = params["mlp"]
    u = x + np.asarray(
        multi_head_attention_loops(params["attention"], layer_norm_numpy(params["norm1"], x), heads, None)
    )
    hidden = np.maximum(layer_norm_numpy(params["norm2"], u) @ first["W"] + first["b"], 0)
    return u + hidden @ second["W"] + second["b"]


def transformer_block_vmap(params, x, heads):
    if x.ndim == 3:
        return jax.vmap(functools.partial(transformer_block_vmap, params, heads=heads))(x)
    normed = jax.vmap(functools.partial(layer_norm_moments, params["norm1"]))(x)
    u = x + multi_head_attention_einsum(params["attention"], normed, heads, None)

    def think(row):
        first, second = params["mlp"]
        row = layer_norm_moments(params["norm2"], row)
        return jnp.maximum(row @ first["W"] + first["b"], 0) @ second["W"] + second["b"]

    return u + jax.vmap(think)(u)


ANSWERS = {
    "attention": [attention_loops, attention_einsum, attention_vmap],
    "causal_mask": [causal_mask_loops, causal_mask_compare],
    "attention_backward": [attention_backward_loops, attention_backward_einsum],
    "multi_head_attention": [multi_head_attention_loops, multi_head_attention_einsum, multi_head_attention_sum],
    "layer_norm": [layer_norm_loops, layer_norm_numpy, layer_norm_moments],
    "positional_encoding": [positional_encoding_loops, positional_encoding_at],
    "transformer_block": [transformer_block_numpy, transformer_block_vmap],
}

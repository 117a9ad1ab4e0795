"""The transformer as a causal language model: at every place it predicts the token that comes next.

(Vaswani et al., 2017; trained for this alone: Radford et al., 2018.) A row for each token plus a learned row for its
place, a stack of blocks in which no place sees the future, a norm and a dense layer. It predicts at all places at once:
a sequence of n tokens is n examples.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer

from nnjax import losses
from nnjax.checks import require_array, require_between, require_not_empty, require_sizes, require_tokens
from nnjax.initializers import Key, normal
from nnjax.layers import dense, embedding, normalization, positions, transformer_block
from nnjax.layers.attention import causal_mask, multi_head_weights, require_heads
from nnjax.layers.dropout import apply as drop
from nnjax.sampling import sample

Params = dict[str, Any]
Scalar = Float[Array, ""]

small_normal = partial(normal, std=0.02)


def init(
    key: Key,
    tokens: int,
    *,
    width: int = 128,
    layers: int = 4,
    heads: int = 4,
    length: int = 64,
    hidden: int | None = None,
) -> Params:
    """Return {"tokens", "positions", "blocks": [...], "norm", "output"} for ``tokens`` different tokens.

    ``length`` is the longest sequence, ``hidden`` (4 width unless given) the inner size of each block's network.
    Tokens, positions and outputs begin small, so that the first predictions are nearly even. ``heads`` shapes nothing
    and is here because it must divide the width. Raises ValueError for a size below 1 or if it does not.
    """
    require_sizes("(tokens, width, layers, length)", (tokens, width, layers, length))
    require_heads(heads, width)
    for_tokens, for_places, for_output, *for_blocks = jax.random.split(key, 3 + layers)
    return {
        "tokens": embedding.init(for_tokens, tokens, width, initializer=small_normal),
        "positions": positions.learned_init(for_places, length, width),
        "blocks": [transformer_block.init(k, width, hidden=hidden) for k in for_blocks],
        "norm": normalization.layer_norm_init(width),
        "output": dense.init(for_output, width, tokens, initializer=small_normal),
    }


def apply(
    params: Params,
    tokens: Integer[Array, "batch time"],
    *,
    heads: int,
    dropout: float | Scalar = 0.0,
    key: Key | None = None,
) -> Float[Array, "batch time tokens"]:
    """Return the logits of the next token at every place; those of place i depend on the tokens 0 .. i alone.

    ``dropout`` is the rate at which entries of the sum of rows and of each branch are dropped in training, when there
    is a ``key``. Raises ValueError for a token out of range, an empty sequence or one longer than the positions, or
    heads that do not divide the width.
    """
    return _predict(params, _features(params, tokens, heads, dropout, key))


def loss(
    params: Params,
    tokens: Integer[Array, "batch time"],
    targets: Integer[Array, "batch time"],
    *,
    heads: int,
    dropout: float | Scalar = 0.0,
    key: Key | None = None,
) -> Scalar:
    """Return the cross-entropy, mean over all places; ``targets`` are the tokens one place further on."""
    return losses.cross_entropy(apply(params, tokens, heads=heads, dropout=dropout, key=key), targets)


def attention_weights(
    params: Params, tokens: Integer[Array, "batch time"], *, heads: int
) -> Float[Array, "layers batch heads time time"]:
    """Return where each head of each layer looks: entry [l, n, h, i, j] is the weight of place j for place i."""
    x, mask = _rows(params, tokens), causal_mask(tokens.shape[1])
    maps = []
    for block in params["blocks"]:
        normed = normalization.layer_norm_apply(block["norm1"], x)
        maps.append(multi_head_weights(block["attention"], normed, heads=heads, mask=mask))
        x = transformer_block.apply(block, x, heads=heads, mask=mask)
    return jnp.stack(maps)


def generate(
    key: Key,
    params: Params,
    prompt: Integer[Array, "batch time"],
    length: int,
    *,
    heads: int,
    temperature: float | Scalar = 1.0,
) -> Integer[Array, "batch length"]:
    """Return ``length`` tokens that go on from each prompt, drawn one by one as by ``sampling.sample``; compiled.

    Each is predicted from the tokens before it, as many of them as there are positions. Token t is drawn with the key
    fold_in(key, t): with the same key a longer text begins like a shorter one. Raises ValueError for an empty prompt, a
    token out of range, a length below 1, a temperature below 0, or heads that do not divide the width.
    """
    require_sizes("length", [length])
    require_between("temperature", temperature, 0, float("inf"), high_included=False)
    require_heads(heads, params["tokens"]["W"].shape[1])
    _check("prompt", prompt, params)
    return _generate(key, params, prompt, length, heads, temperature)


@partial(jax.jit, static_argnames=("length", "heads"))
def _generate(key: Key, params: Params, prompt: Array, length: int, heads: int, temperature: float | Scalar) -> Array:
    batch, given = prompt.shape
    window = min(len(params["positions"]["W"]), given + length)

    def extend(step: Array, text: Array) -> Array:
        end = given + step
        start = jnp.maximum(0, end - window)
        # What stands after ``end`` is not written yet; the causal mask hides it.
        seen = jax.lax.dynamic_slice(text, (0, start), (batch, window))
        x = _features(params, seen, heads, 0.0, None)
        last = jax.lax.dynamic_index_in_dim(x, end - 1 - start, axis=1, keepdims=False)
        drawn = sample(jax.random.fold_in(key, step), _predict(params, last), temperature)
        return jax.lax.dynamic_update_index_in_dim(text, drawn.astype(text.dtype), end, axis=1)

    return jax.lax.fori_loop(0, length, extend, jnp.pad(prompt, ((0, 0), (0, length))))[:, given:]


def _features(params: Params, tokens: Array, heads: int, dropout: float | Scalar, key: Key | None) -> Array:
    """Return what the blocks make of the tokens, (batch, time, width)."""
    count = len(params["blocks"]) + 1
    keys = [None] * count if key is None else jax.random.split(key, count)
    x, mask = drop(_rows(params, tokens), dropout, key=keys[0]), causal_mask(tokens.shape[1])
    for block, k in zip(params["blocks"], keys[1:], strict=True):
        x = transformer_block.apply(block, x, heads=heads, mask=mask, dropout=dropout, key=k)
    return x


def _rows(params: Params, tokens: Array) -> Array:
    _check("tokens", tokens, params)
    length = len(params["positions"]["W"])
    if tokens.shape[1] > length:
        raise ValueError(f"tokens has sequences of {tokens.shape[1]}, shape {tokens.shape}; the longest is {length}")
    return positions.learned_apply(params["positions"], embedding.apply(params["tokens"], tokens))


def _predict(params: Params, x: Array) -> Array:
    rows = normalization.layer_norm_apply(params["norm"], x).reshape(-1, x.shape[-1])
    return dense.apply(params["output"], rows).reshape(*x.shape[:-1], -1)


def _check(name: str, tokens: Array, params: Params) -> None:
    require_array(name, tokens)
    if jnp.ndim(tokens) != 2:
        raise ValueError(f"{name} has shape {jnp.shape(tokens)}; it must be (batch, time)")
    require_not_empty(name, tokens)
    require_tokens(name, tokens, len(params["tokens"]["W"]))

"""The causal language model by hand: a transformer that predicts, at every place, the token that comes next.

(Vaswani et al., 2017; trained for this alone: Radford et al., 2018.)

Forward, for tokens t (batch, time)::

    x_0 = E[t] + positions                        a row for each token, plus one for its place
    x_l = block_l(x_(l-1)),  l = 1 .. L           place i sees the places 0 .. i
    z   = norm(x_L) Wo + bo                       logits, one row of them for each place

The loss is the mean surprise at all places of all sequences: the rows of every place are the batch of a classifier.

Backward, the same list from its end: the error of the logits (p - d) / (batch time) goes through the output layer and
the norm, down the blocks, and at the bottom into two tables. A row of positions collects from every sequence, a row of
E from every place at which its token stands.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray

from nnjax.manual import dense, dropout, embedding, losses, normalization, positions, transformer_block

Params = dict[str, Any]


def forward(
    params: Params,
    tokens: Integer[ndarray, "batch time"],
    *,
    heads: int,
    masks: Sequence[Any] | None = None,
    rate: float = 0.0,
) -> tuple[Float[ndarray, "batch time tokens"], Any]:
    """Return (logits, cache); ``masks`` are the dropout masks: of x_0, then two for each block."""
    rows, cache_tokens = embedding.forward(params["tokens"], tokens)
    x, _ = positions.learned_forward(params["positions"], rows)
    kept = None
    if masks is not None:
        x, kept = dropout.forward(x, masks[0], rate)
    time = tokens.shape[-1]
    causal = np.tril(np.ones((time, time), bool))
    x, cache_blocks = blocks_forward(params["blocks"], x, heads=heads, mask=causal, masks=masks, rate=rate)
    normed, cache_norm = normalization.layer_norm_forward(params["norm"], x.reshape(-1, x.shape[-1]))
    logits, cache_output = dense.forward(params["output"], normed)
    return logits.reshape(*tokens.shape, -1), (cache_tokens, kept, cache_blocks, cache_norm, cache_output)


def backward(params: Params, cache: Any, dz: Float[ndarray, "batch time tokens"]) -> Params:
    """Return the grads, shaped like params, from dz, the gradient by the logits."""
    cache_tokens, kept, cache_blocks, cache_norm, cache_output = cache
    dnormed, output = dense.backward(params["output"], cache_output, dz.reshape(-1, dz.shape[-1]))
    dx, norm = normalization.layer_norm_backward(params["norm"], cache_norm, dnormed)
    dx, blocks = blocks_backward(params["blocks"], cache_blocks, dx.reshape(*dz.shape[:-1], -1))
    dx = dx if kept is None else dropout.backward(kept, dx)
    drows, places = positions.learned_backward(params["positions"], None, dx)
    tokens = embedding.backward(params["tokens"], cache_tokens, drows)
    return {"tokens": tokens, "positions": places, "blocks": blocks, "norm": norm, "output": output}


def loss_and_grads(
    params: Params,
    tokens: Integer[ndarray, "batch time"],
    targets: Integer[ndarray, "batch time"],
    *,
    heads: int,
    masks: Sequence[Any] | None = None,
    rate: float = 0.0,
) -> tuple[Any, Params]:
    """Return (E, grads), that of ``jax.value_and_grad(models.transformer.loss)``."""
    logits, cache = forward(params, tokens, heads=heads, masks=masks, rate=rate)
    loss, dz = losses.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))
    return loss, backward(params, cache, dz.reshape(logits.shape))


def blocks_forward(
    blocks: list[Params],
    x: Float[ndarray, "batch time width"],
    *,
    heads: int,
    mask: ndarray | None = None,
    masks: Sequence[Any] | None = None,
    rate: float = 0.0,
) -> tuple[Float[ndarray, "batch time width"], list[Any]]:
    """Return (x_L, caches) of the stack, one cache a block; its dropout masks are those after the first."""
    caches = []
    for n, block in enumerate(blocks):
        pair = None if masks is None else masks[1 + 2 * n : 3 + 2 * n]
        x, cache = transformer_block.forward(block, x, heads=heads, mask=mask, masks=pair, rate=rate)
        caches.append(cache)
    return x, caches


def blocks_backward(
    blocks: list[Params], caches: list[Any], dx: Float[ndarray, "batch time width"]
) -> tuple[Float[ndarray, "batch time width"], list[Params]]:
    """Return (dx_0, grads), last block first."""
    grads = []
    for block, cache in reversed(list(zip(blocks, caches, strict=True))):
        dx, block_grads = transformer_block.backward(block, cache, dx)
        grads.append(block_grads)
    return dx, grads[::-1]

"""Layers: ``init(key, ...) -> params`` and ``apply(params, x) -> y``; a layer without parameters has only ``apply``.

A file that holds two layers names them: ``layer_norm_init``, ``layer_norm_apply``.
"""

from nnjax.layers import (
    attention,
    dense,
    dropout,
    elman,
    embedding,
    gru,
    lstm,
    maxout,
    memory,
    normalization,
    positions,
    recurrence,
    transformer_block,
)

__all__ = [
    "attention",
    "dense",
    "dropout",
    "elman",
    "embedding",
    "gru",
    "lstm",
    "maxout",
    "memory",
    "normalization",
    "positions",
    "recurrence",
    "transformer_block",
]

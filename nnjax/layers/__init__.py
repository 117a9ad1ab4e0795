"""Layers: ``init(key, ...) -> params`` and ``apply(params, x) -> y``; a layer without parameters has only ``apply``.

A file that holds two layers names them: ``layer_norm_init``, ``layer_norm_apply``. A recurrent layer has, for all time
steps, ``apply(params, xs, state=None) -> (outputs, state)`` and, for one, ``step(params, state, x) -> state``.
"""

from nnjax.layers import (
    attention,
    conv,
    dense,
    dropout,
    elman,
    embedding,
    gru,
    local_response,
    lstm,
    maxout,
    memory,
    normalization,
    pooling,
    positions,
    recurrence,
    transformer_block,
    windows,
)

__all__ = [
    "attention",
    "conv",
    "dense",
    "dropout",
    "elman",
    "embedding",
    "gru",
    "local_response",
    "lstm",
    "maxout",
    "memory",
    "normalization",
    "pooling",
    "positions",
    "recurrence",
    "transformer_block",
    "windows",
]

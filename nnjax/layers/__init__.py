"""Layers: ``init(key, ...) -> params`` and ``apply(params, x) -> y``; a layer without parameters has only ``apply``.

A file that holds two layers names them: ``layer_norm_init``, ``layer_norm_apply``.
"""

from nnjax.layers import conv, dense, dropout, maxout, normalization, pooling

__all__ = ["conv", "dense", "dropout", "maxout", "normalization", "pooling"]

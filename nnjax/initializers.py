"""Initial weights: non-zero (zeros would never break the symmetry of hidden units), random, and of the right size.

Each initializer is ``f(key, shape) -> array``. The last axis counts outputs, the one before it inputs; axes before
those are the places of a kernel, each of which sees every input, so they multiply both fans::

    fan_in = inputs * places        fan_out = outputs * places
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from nnjax.checks import require_between, require_sizes

Key = PRNGKeyArray | Array
Initializer = Callable[..., Array]


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Return (fan_in, fan_out) of a weight array; one axis (in,) is a single neuron, with fan_out 1."""
    require_sizes("shape", shape, least=1)
    if len(shape) == 1:
        return shape[0], 1
    places = int(np.prod(shape[:-2]))
    return shape[-2] * places, shape[-1] * places


def drawn(sampler: Callable[..., Array], key: Key, shape: Sequence[int], **settings: Any) -> Array:
    """Return what ``sampler(key, shape, **settings)`` of jax.random does, number for number, after less compiling.

    Drawn as a vector and then reshaped; for the places in several axes XLA takes up to eight times as long to compile.
    """
    return sampler(key, (math.prod(shape),), **settings).reshape(shape)


def zeros(key: Key, shape: Sequence[int]) -> Float[Array, "..."]:
    """Return zeros: right for biases and for a layer without hidden units below it; the key is not used."""
    require_sizes("shape", shape, least=0)
    return jnp.zeros(shape)


def normal(key: Key, shape: Sequence[int], *, std: float = 0.01) -> Float[Array, "..."]:
    """Return small normal numbers, mean 0 and deviation ``std``: enough for a shallow network only.

    (Krizhevsky, Sutskever and Hinton, 2012, with this deviation.) Raises ValueError for a size or a deviation below 0.
    """
    require_sizes("shape", shape, least=0)
    require_between("std", std, 0, float("inf"), high_included=False)
    return std * drawn(jax.random.normal, key, shape)


def glorot_normal(key: Key, shape: Sequence[int]) -> Float[Array, "..."]:
    """Return normal numbers of variance 2 / (fan_in + fan_out): for sigmoid, tanh (Glorot and Bengio, 2010)."""
    fan_in, fan_out = fans(shape)
    return jnp.sqrt(2 / (fan_in + fan_out)) * drawn(jax.random.normal, key, shape)


def glorot_uniform(key: Key, shape: Sequence[int]) -> Float[Array, "..."]:
    """Return uniform numbers in +- sqrt(6 / (fan_in + fan_out)), whose variance is 2 / (fan_in + fan_out)."""
    fan_in, fan_out = fans(shape)
    return jnp.sqrt(6 / (fan_in + fan_out)) * drawn(jax.random.uniform, key, shape, minval=-1)


def he_normal(key: Key, shape: Sequence[int]) -> Float[Array, "..."]:
    """Return normal numbers of variance 2 / fan_in: ReLU halves the variance, the 2 restores it (He et al., 2015)."""
    fan_in, _ = fans(shape)
    return jnp.sqrt(2 / fan_in) * drawn(jax.random.normal, key, shape)


def he_uniform(key: Key, shape: Sequence[int]) -> Float[Array, "..."]:
    """Return uniform numbers in +- sqrt(6 / fan_in), whose variance is 2 / fan_in."""
    fan_in, _ = fans(shape)
    return jnp.sqrt(6 / fan_in) * drawn(jax.random.uniform, key, shape, minval=-1)


def orthogonal(key: Key, shape: Sequence[int]) -> Float[Array, "..."]:
    """Return a matrix with orthonormal rows or columns, whichever are fewer: it keeps lengths (Saxe et al., 2013).

    It is Q of the QR factorisation of a normal matrix, each column turned so that the diagonal of R is positive, which
    makes Q uniformly distributed. More than two axes: all but the last are taken together. Raises ValueError for fewer.
    """
    require_sizes("shape", shape, least=2)
    rows, columns = int(np.prod(shape[:-1])), shape[-1]
    q, r = jnp.linalg.qr(drawn(jax.random.normal, key, (max(rows, columns), min(rows, columns))))
    q = q * jnp.sign(jnp.diag(r))
    return (q if rows >= columns else q.T).reshape(shape)


BY_NAME: dict[str, Initializer] = {
    f.__name__: f for f in (zeros, normal, glorot_normal, glorot_uniform, he_normal, he_uniform, orthogonal)
}
"""The initializers by name."""

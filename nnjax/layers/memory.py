"""How far back a recurrent layer's gradient reaches (Hochreiter, 1991; Bengio, Simard and Frasconi, 1994).

By the chain rule the derivative of the last state by an earlier one is a product with a factor for every step between::

    ds_T/ds_t = J_T J_(T-1) ... J_(t+1)        J_k = ds_k/ds_(k-1)        of an Elman layer: diag(1 - h_k^2) Wh^T

Where the factors shrink, the gradient vanishes with the distance T - t, and what lies far back is not learned; where
they stretch, it explodes. If every slope is at most gamma (1 for tanh) and sigma is the largest singular value of Wh,
the norm is at most (gamma sigma)^(T - t) (Pascanu, Mikolov and Bengio, 2013). Without the slopes it is that of a power
of Wh, which in the long run grows by its spectral radius, the size of its largest eigenvalue, at each step (Gelfand).
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from nnjax.checks import require_between, require_not_empty


def gradient_norms(
    step: Callable[..., Any], params: PyTree, xs: Float[Array, "batch time inputs"], state: PyTree
) -> Float[Array, "batch time+1"]:
    """Return ||ds_T/ds_t|| for t = 0 .. T, the largest factor by which a change of the state s_t reaches s_T.

    ``step(params, state, x) -> state`` is that of a recurrent layer, ``state`` its first one, (batch, hidden), or a
    tuple of such, as of the LSTM: then s is all of them together. The last entry, at t = T, is 1.
    Raises ValueError when xs is empty or the state is not of its batch.
    """
    require_not_empty("xs", xs, axes=3)
    shapes = [jnp.shape(part) for part in jax.tree.leaves(state)]
    if any(shape[:1] != xs.shape[:1] for shape in shapes):
        raise ValueError(f"state has the shapes {shapes}; the first axis of each must be the batch of xs, {len(xs)}")

    def one_sequence(xs: Array, state: PyTree) -> Array:
        first, as_state = ravel_pytree(state)

        def flat_step(s: Array, x: Array) -> Array:
            return ravel_pytree(step(params, as_state(s), x))[0]

        def forward(s: Array, x: Array) -> tuple[Array, Array]:
            return flat_step(s, x), jax.jacfwd(flat_step)(s, x)

        def back(product: Array, jacobian: Array) -> tuple[Array, Array]:
            product = product @ jacobian
            return product, jnp.linalg.norm(product, 2)

        _, jacobians = jax.lax.scan(forward, first, xs)
        _, norms = jax.lax.scan(back, jnp.eye(len(first), dtype=first.dtype), jacobians, reverse=True)
        return jnp.append(norms, 1.0)

    return jax.vmap(one_sequence)(xs, state)


def with_spectral_radius(W: Float[Array, "size size"], radius: float) -> Float[Array, "size size"]:
    """Return W times the number that makes its largest eigenvalue ``radius`` in size.

    Raises ValueError for a radius below 0, or a W that is not square or has no eigenvalue but 0.
    """
    require_between("radius", radius, 0, float("inf"), high_included=False)
    if jnp.ndim(W) != 2 or W.shape[0] != W.shape[1]:
        raise ValueError(f"W has shape {jnp.shape(W)}; only a square matrix has eigenvalues")
    largest = float(np.abs(np.linalg.eigvals(np.asarray(W))).max())
    if largest == 0:
        raise ValueError("W has no eigenvalue but 0, which no factor changes")
    return W * (radius / largest)

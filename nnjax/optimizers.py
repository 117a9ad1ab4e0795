"""Optimizers written out: each is a pair of pure functions, interchangeable with optax's own and equal to them.

``init(params) -> state`` and ``update(grads, state, params) -> (updates, state)``; the new parameters are
``optax.apply_updates(params, updates)``, that is ``params + updates``. The learning rate is a number or a schedule,
a function of the count of updates made so far.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PyTree

from nnjax.checks import require_between

Number = float | Float[Array, ""]
LearningRate = Number | Callable[[Any], Any]
Optimizer = Callable[..., optax.GradientTransformation]


class SGDState(NamedTuple):
    """The count t of updates made and the velocity v, shaped like the parameters (``None`` without momentum)."""

    t: Int[Array, ""]
    v: PyTree


class RMSPropState(NamedTuple):
    """The count t of updates made and the running mean s of squared gradients, shaped like the parameters."""

    t: Int[Array, ""]
    s: PyTree


class AdamState(NamedTuple):
    """The count t of updates made and the running means m of gradients and v of their squares."""

    t: Int[Array, ""]
    m: PyTree
    v: PyTree


def sgd(learning_rate: LearningRate, momentum: Number = 0.0) -> optax.GradientTransformation:
    """Return gradient descent, with momentum a ball rolling downhill: v <- mu v + g, w <- w - eta v.

    (Robbins and Monro, 1951; Polyak, 1964.) Raises ValueError unless 0 <= momentum < 1 and the rate is not negative.
    """
    _check_rate(learning_rate)
    require_between("momentum", momentum, 0, 1, high_included=False)
    plain = isinstance(momentum, (int, float)) and momentum == 0

    def init(params: PyTree) -> SGDState:
        return SGDState(jnp.zeros((), jnp.int32), None if plain else jax.tree.map(jnp.zeros_like, params))

    def update(grads: PyTree, state: SGDState, params: PyTree = None) -> tuple[PyTree, SGDState]:
        v = grads if plain else jax.tree.map(lambda v, g: g + momentum * v, state.v, grads)
        rate = _rate(learning_rate, state.t)
        return jax.tree.map(lambda v: -rate * v, v), SGDState(state.t + 1, None if plain else v)

    return optax.GradientTransformation(init, update)


def rmsprop(
    learning_rate: LearningRate, decay: Number = 0.9, eps: Number = 1e-8, *, eps_in_sqrt: bool = True
) -> optax.GradientTransformation:
    """Return RMSProp: s <- rho s + (1 - rho) g^2, w <- w - eta g / sqrt(s + eps) (Tieleman and Hinton, 2012).

    ``eps_in_sqrt=False`` gives the other form found in textbooks, g / (sqrt(s) + eps); optax's default is inside.
    """
    _check_rate(learning_rate)
    require_between("decay", decay, 0, 1, high_included=False)
    _check_eps(eps)

    def init(params: PyTree) -> RMSPropState:
        return RMSPropState(jnp.zeros((), jnp.int32), jax.tree.map(jnp.zeros_like, params))

    def update(grads: PyTree, state: RMSPropState, params: PyTree = None) -> tuple[PyTree, RMSPropState]:
        rate = _rate(learning_rate, state.t)
        s = jax.tree.map(lambda s, g: (1 - decay) * g**2 + decay * s, state.s, grads)

        def scale(g: Array, s: Array) -> Array:
            one_over_root = jax.lax.rsqrt(s + eps) if eps_in_sqrt else 1 / (jnp.sqrt(s) + eps)
            return -rate * (one_over_root * g)

        return jax.tree.map(scale, grads, s), RMSPropState(state.t + 1, s)

    return optax.GradientTransformation(init, update)


def adam(
    learning_rate: LearningRate, b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-8
) -> optax.GradientTransformation:
    """Return Adam: momentum and RMSProp together, both corrected for starting from 0 (Kingma and Ba, 2014).

    m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, and for the step t = 1, 2, ...
    w <- w - eta (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).
    """
    _check_rate(learning_rate)
    require_between("b1", b1, 0, 1, high_included=False)
    require_between("b2", b2, 0, 1, high_included=False)
    _check_eps(eps)

    def init(params: PyTree) -> AdamState:
        # Two trees of zeros, not one twice: a compiled step may reuse the memory of each.
        m, v = jax.tree.map(jnp.zeros_like, params), jax.tree.map(jnp.zeros_like, params)
        return AdamState(jnp.zeros((), jnp.int32), m, v)

    def update(grads: PyTree, state: AdamState, params: PyTree = None) -> tuple[PyTree, AdamState]:
        rate = _rate(learning_rate, state.t)
        t = state.t + 1
        m = jax.tree.map(lambda m, g: (1 - b1) * g + b1 * m, state.m, grads)
        v = jax.tree.map(lambda v, g: (1 - b2) * g**2 + b2 * v, state.v, grads)

        m_hat, v_hat = _corrected(m, b1, t), _corrected(v, b2, t)
        updates = jax.tree.map(lambda m, v: -rate * (m / (jnp.sqrt(v) + eps)), m_hat, v_hat)
        return updates, AdamState(t, m, v)

    return optax.GradientTransformation(init, update)


def clip_by_global_norm(limit: Number) -> optax.GradientTransformation:
    """Return the gradients, all shortened alike where they are together longer than ``limit``: g <- g limit / ||g||.

    The norm is that of all gradients as one vector, so the direction is kept (Pascanu, Mikolov and Bengio, 2013). It
    stands before an optimizer: ``optax.chain(clip_by_global_norm(1.0), adam(1e-3))``.
    Raises ValueError for a limit below 0.
    """
    require_between("limit", limit, 0, float("inf"), high_included=False)

    def init(params: PyTree) -> optax.EmptyState:
        return optax.EmptyState()

    def update(grads: PyTree, state: optax.EmptyState, params: PyTree = None) -> tuple[PyTree, optax.EmptyState]:
        norm = jnp.sqrt(sum(jnp.sum(g**2) for g in jax.tree.leaves(grads)))
        return jax.tree.map(lambda g: jnp.where(norm < limit, g, g / norm.astype(g.dtype) * limit), grads), state

    return optax.GradientTransformation(init, update)


@partial(jax.jit, inline=True)
def _corrected(mean: PyTree, decay: Number, t: Array) -> PyTree:
    # Compiled as one, as in optax: 1 - decay^t is small, and rounding decay^t on its way would cost hundreds of ulps.
    correction = 1 - decay**t
    return jax.tree.map(lambda mean: mean / correction.astype(mean.dtype), mean)


def _check_rate(learning_rate: LearningRate) -> None:
    if not callable(learning_rate):
        require_between("learning_rate", learning_rate, 0, float("inf"), high_included=False)


def _check_eps(eps: Number) -> None:
    require_between("eps", eps, 0, float("inf"), high_included=False)


def _rate(learning_rate: LearningRate, count: Array) -> Any:
    return learning_rate(count) if callable(learning_rate) else learning_rate


BY_NAME: dict[str, Optimizer] = {f.__name__: f for f in (sgd, rmsprop, adam)}
"""The optimizers by name."""

"""The Hopfield network (Hopfield, 1982): a memory that is addressed by its content, and an energy that only falls.

N neurons, each +1 or -1 and joined to all others by symmetric weights, none to itself. Patterns are stored by Hebb's
rule; a damaged one, left to itself, rolls down the energy into the nearest valley, where a stored one lies.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Num

from nnjax.checks import require_between, require_last_axis, require_not_empty, require_sizes, require_whole
from nnjax.initializers import Key, drawn

Weights = Float[Array, "neurons neurons"]


def store(patterns: Num[Array, "patterns neurons"]) -> Weights:
    """Return the weights that remember the patterns of +-1: W_ij = 1/N sum_p x_pi x_pj, and W_ii = 0 (Hebb, 1949).

    Raises ValueError for no patterns, or an entry other than +1 and -1.
    """
    require_not_empty("patterns", patterns, axes=2)
    _require_signs("patterns", patterns)
    return _weights(patterns, jnp.ones(len(patterns)))


def energy(weights: Weights, state: Num[Array, "*batch neurons"]) -> Float[Array, "*batch"]:
    """Return E = -1/2 s^T W s of each state: low where neurons agree in sign with what reaches them.

    Its gradient by the state is -W s. Raises ValueError when weights and state do not fit.
    """
    _require_fit(weights, state)
    return -0.5 * jnp.sum((state @ weights) * state, axis=-1)


def update(weights: Weights, state: Num[Array, "*batch neurons"], neuron: int | Int[Array, ""]) -> Array:
    """Return the states after one neuron i looked at the others: s_i <- sign(sum_j W_ij s_j), unchanged where it is 0.

    If it turns over, E changes by -2 |sum_j W_ij s_j|: the energy never rises.
    """
    _require_fit(weights, state)
    weights, state = jnp.asarray(weights), jnp.asarray(state)
    field = state @ weights[neuron]
    turned = jnp.where(field == 0, state[..., neuron], jnp.sign(field))
    return state.at[..., neuron].set(turned.astype(state.dtype))


def recall(
    weights: Weights, state: Num[Array, "*batch neurons"], steps: int = 1, *, key: Key | None = None
) -> Num[Array, "*batch neurons"]:
    """Return the states after ``steps`` sweeps, each of which updates all neurons, one after the other.

    The order is 0, 1, ..., N - 1, or with a ``key`` a new random one in each sweep. When a sweep changes nothing the
    network has settled; it always does, because each change lowers the energy and there are finitely many states.
    Raises ValueError when weights and state do not fit, for an entry other than +1 and -1, or ``steps`` that are
    not a whole number of at least 0.
    """
    _require_fit(weights, state)
    _require_signs("state", state)
    require_whole("steps", steps, 0)
    orders: Any = np.tile(np.arange(len(weights), dtype=np.int32), (steps, 1))
    if key is not None:
        orders = jax.random.permutation(key, orders, axis=1, independent=True)
    return _in_turn(weights, state, orders.reshape(-1))


@jax.jit
def _in_turn(weights: Weights, state: Array, neurons: Array) -> Array:
    return jax.lax.scan(lambda s, i: (update(weights, s, i), None), state, neurons)[0]


def capacity(
    key: Key, neurons: int, loads: Sequence[float], *, flipped: float = 0.0, probes: int = 20, steps: int = 20
) -> Float[Array, " loads"]:
    """Return for each load, patterns / neurons, the fraction of bits that are right after recall: 1 is perfect memory.

    round(load N) random patterns are stored; ``probes`` of them (or all, if there are fewer), a fraction ``flipped`` of
    their bits turned over, are recalled by ``steps`` sweeps. Far below a load of 0.138 next to all bits are right, far
    above it memory is lost, for large N at once (Amit, Gutfreund and Sompolinsky, 1985).
    Raises ValueError for sizes below 1, a load that gives no pattern, or a fraction outside 0 to 1.
    """
    require_sizes("(neurons, probes, steps)", (neurons, probes, steps))
    require_between("flipped", flipped, 0, 1)
    counts = np.rint(np.asarray(loads, np.float64) * neurons).astype(int)
    if counts.ndim != 1 or not counts.size or counts.min() < 1:
        raise ValueError(f"loads is {loads}; each load times {neurons} neurons must give at least one pattern")

    return _remembered(key, jnp.asarray(counts), int(counts.max()), neurons, flipped, probes, steps)


@partial(jax.jit, static_argnums=(2, 3, 5, 6))
def _remembered(
    key: Key, counts: Array, most: int, neurons: int, flipped: float | Array, probes: int, steps: int
) -> Array:
    """Return the fraction of right bits for each count of stored patterns.

    For each, ``most`` patterns are drawn and the first ``count`` stored: shapes, and so programs, are the same.
    """

    def at(one: tuple[Array, Array]) -> Array:
        count, key = one
        pattern_key, flip_key = jax.random.split(key)
        patterns = drawn(jax.random.rademacher, pattern_key, (most, neurons), dtype=jnp.float32)
        used = jnp.arange(most) < count
        turn = drawn(jax.random.uniform, flip_key, patterns[:probes].shape) < flipped
        start = jnp.where(turn, -patterns[:probes], patterns[:probes])
        right = jnp.mean(recall(_weights(patterns, used), start, steps) == patterns[:probes], axis=1)
        return jnp.sum(right * used[:probes]) / jnp.sum(used[:probes])

    return jax.lax.map(at, (counts, jax.random.split(key, len(counts))))


@jax.jit
def _weights(patterns: Array, strength: Array) -> Array:
    neurons = patterns.shape[1]
    return (patterns.T * strength) @ patterns / neurons * (1 - jnp.eye(neurons))


def _require_fit(weights: Array, state: Array) -> None:
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1]:
        raise ValueError(f"weights has shape {weights.shape}; it must be (neurons, neurons)")
    require_last_axis("state", state, len(weights), "the Hopfield network")


def _require_signs(name: str, values: Array) -> None:
    if not isinstance(values, jax.core.Tracer):
        wrong = np.argwhere(np.abs(values) != 1)
        if len(wrong):
            place = ", ".join(map(str, wrong[0]))
            raise ValueError(f"{name}[{place}] is {values[tuple(wrong[0])]}; every neuron must be +1 or -1")

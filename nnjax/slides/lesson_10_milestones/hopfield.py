"""What the deck of lesson 10 measures of the Hopfield network: digits recalled, energies, crosstalk, capacity."""

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nnjax import data
from nnjax.models import hopfield

LOADS = (0.06, 0.12, 0.14, 0.16, 0.2)
CROSSTALK = (0.05, 0.138, 0.4)
SIZES = (100, 600)
ALIKE = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
SIGNS = np.array([-1, 1], np.float32)
STARTS, NEURONS, SWEEPS = 1000, 30, 10


class Recall(NamedTuple):
    """Three stored digits (3, 64), the states of the damaged ones after each update, their energies, and the depth."""

    stored: np.ndarray
    states: np.ndarray
    energies: np.ndarray
    depth: np.ndarray


def signs(digits: tuple[int, ...]) -> np.ndarray:
    """Return the first image of each of these digits as rows of +1 (ink) and -1."""
    images = data.load("digits")
    chosen = [int(np.flatnonzero(images.y == digit)[0]) for digit in digits]
    return np.where(images.x[chosen].reshape(len(digits), 64) > 0.45, 1.0, -1.0).astype(np.float32)


def _weights(patterns: np.ndarray) -> np.ndarray:
    W = patterns.T @ patterns / patterns.shape[1]
    np.fill_diagonal(W, 0)
    return W


@jax.jit
def _path(W: jax.Array, start: jax.Array, order: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return states and energies before the first and after each update."""

    def one(s: jax.Array, i: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        new = hopfield.update(W, s, i)
        return new, (new, hopfield.energy(W, new))

    states, energies = jax.lax.scan(one, start, order)[1]
    return jnp.concatenate([start[None], states]), jnp.concatenate([hopfield.energy(W, start)[None], energies])


@cache
def recall() -> Recall:
    """Store three digits, spoil a fifth of their pixels, and let neuron after neuron look, two sweeps long."""
    X = signs((3, 6, 7))
    damaged = X * np.where(np.random.default_rng(0).random(X.shape) < 0.2, -1, 1).astype(np.float32)
    W = _weights(X)
    states, energies = _path(W, damaged, np.tile(np.arange(64), 2))
    return Recall(X, np.asarray(states), np.asarray(energies), -0.5 * np.sum(X @ W * X, axis=1))


@cache
def falling() -> np.ndarray:
    """Return the energies of a network with random symmetric weights from 1000 random starts, (updates + 1, starts)."""
    rng = np.random.default_rng(0)
    W = np.triu(rng.normal(size=(NEURONS, NEURONS)), 1).astype(np.float32)
    start = rng.choice(SIGNS, (STARTS, NEURONS))
    return np.asarray(_path(W + W.T, start, np.tile(np.arange(NEURONS), SWEEPS))[1])


@cache
def crosstalk() -> dict[float, np.ndarray]:
    """Return for each load what reaches the neurons, times the sign that they should have."""
    rng, found = np.random.default_rng(1), {}
    for load in CROSSTALK:
        patterns = rng.choice(SIGNS, (round(load * 1000), 1000))
        found[load] = (patterns * (patterns @ patterns.T @ patterns / 1000 - load * patterns)).ravel()
    return found


@cache
def capacity() -> dict[int, np.ndarray]:
    """Return for networks of two sizes the share of bits that stay, (seeds, loads)."""

    def of(neurons: int) -> np.ndarray:
        def one(key: jax.Array) -> jax.Array:
            return hopfield.capacity(key, neurons, LOADS, probes=5, steps=6)

        return np.asarray(jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(0), 3)))

    return {neurons: of(neurons) for neurons in SIZES}


@cache
def flipping() -> np.ndarray:
    """Return the energies of two neurons that want to agree and always turn at the same moment."""
    W, s, energies = np.array([[0, 1], [1, 0]]), np.array([1, -1]), []
    for _ in range(9):
        energies.append([-0.5 * s @ W @ s, *s])
        s = np.sign(W @ s).astype(int)
    return np.array(energies)


@cache
def alike() -> dict[str, np.ndarray]:
    """Return the share of bits that stay, for more and more stored digits and for as many random patterns."""
    random = np.random.default_rng(1).choice(SIGNS, (10, 64))
    found = {}
    for name, some in (("random", random), ("digits", signs(tuple(range(10))))):
        ends = [np.asarray(_path(_weights(some[:count]), some, np.tile(np.arange(64), 5))[0])[-1] for count in ALIKE]
        found[name] = np.array([np.mean((end == some)[:count]) for count, end in zip(ALIKE, ends, strict=True)])
    return found


@cache
def ten_digits() -> tuple[np.ndarray, ...]:
    """Return ten digits, 100 spoiled copies of each, and what the networks of 1982 and of 2017 make of them."""
    ten = signs(tuple(range(10)))
    turned = np.random.default_rng(1).random((100, 10, 64)) < 0.2
    spoiled = ten * np.where(turned, -1, 1).astype(np.float32)
    flat = spoiled.reshape(-1, 64)
    old = np.asarray(_path(_weights(ten), flat, np.tile(np.arange(64), 10))[0])[-1].reshape(spoiled.shape)
    fit = 0.5 * spoiled @ ten.T
    weights = np.exp(fit - fit.max(axis=-1, keepdims=True))
    return ten, spoiled, old, np.sign(weights / weights.sum(axis=-1, keepdims=True) @ ten)

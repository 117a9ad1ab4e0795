"""What the deck of lesson 10 measures of its two games: a forger and a detective, and tic-tac-toe learnt by itself."""

from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nnjax import data, manual, models, optimizers, training

LOOKS = (0, 8, 40, 120)
ROUNDS = (0, 1, 2, 4, 6, 9, 18, 36)
HASTE = 12
TRAP = (1, 0, 0, 0, -1, 0, 0, 0, 1)
EARLY = 3
ANY: Any = manual.tictactoe.moves
PERFECT: Any = manual.tictactoe.best_moves
OPPONENTS = {"a random player": ANY, "perfect play": PERFECT}


class Forging(NamedTuple):
    """A GAN's history, and what its forger makes of the same 1000 rows of noise after some epochs."""

    history: dict[str, np.ndarray]
    forged: dict[int, np.ndarray]


def _digits() -> np.ndarray:
    images = data.load("digits").x
    return images.reshape(len(images), -1)


def _gan_start() -> Any:
    return jax.jit(lambda key: models.gan.init(key, noise=16, pixels=64))(jax.random.key(0))


def _made(params: Any) -> np.ndarray:
    return np.asarray(models.gan.sample(jax.random.key(7), params, 1000)).reshape(-1, 8, 8)


@cache
def forging() -> Forging:
    """Train the lesson's GAN on the digits, looking at the forgeries after 0, 8, 40 and 120 epochs."""
    start, forged, history = _gan_start(), {}, {}
    for epochs in LOOKS:
        params = start
        if epochs:
            fitted = training.fit_gan(start, _digits(), epochs=epochs, key=jax.random.key(10), progress=False)
            params, history = fitted.params, fitted.history
        forged[epochs] = _made(params)
    return Forging(history, forged)


@cache
def hasty() -> Forging:
    """Train the same GAN by the same Adam, but at a rate that is five times too large."""
    fast = optimizers.adam(1e-2, b1=0.5, b2=0.99)
    fitted = training.fit_gan(
        _gan_start(), _digits(), epochs=HASTE, key=jax.random.key(1), optimizer=fast, progress=False
    )
    return Forging(fitted.history, {HASTE: _made(fitted.params)})


def nearest(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each image the nearest digit of the training set, how far it is, and which digit that is."""
    known, flat = _digits(), images.reshape(len(images), -1)
    squared = (flat**2).sum(axis=1)[:, None] - 2 * flat @ known.T + (known**2).sum(axis=1)
    index = squared.argmin(axis=1)
    return known[index].reshape(-1, 8, 8), np.linalg.norm(flat - known[index], axis=1), data.load("digits").y[index]


def unseen() -> float:
    """Return how far a real digit that was kept apart usually is from its nearest, the median."""
    return float(np.median(nearest(data.load("digits").x_test)[1]))


def kinds(images: np.ndarray) -> np.ndarray:
    """Return how many of the images are nearest to each digit."""
    return np.bincount(nearest(images)[2], minlength=10)


@cache
def selfplay() -> tuple[Any, Any]:
    """Train the lesson's player; return the parameters and those after each round, stacked."""
    params, history = models.selfplay.train(jax.random.key(0), rounds=ROUNDS[-1], simulations=32)
    return params, history["params"]


def after(rounds: int) -> Any:
    """Return the player after so many rounds."""
    return jax.tree.map(lambda leaf: leaf[rounds], selfplay()[1])


@cache
def lost() -> dict[str, np.ndarray]:
    """Return for each opponent the exact share of games lost by the player's first thought, after ``ROUNDS``."""
    boards = jnp.array(manual.tictactoe.positions())
    thought = jax.jit(lambda params: models.selfplay.apply(params, boards)[0].argmax(axis=-1))
    players = [manual.tictactoe.player(np.asarray(thought(after(rounds)))) for rounds in ROUNDS]

    def share(me: Any, other: Any) -> float:
        as_x, as_o = manual.tictactoe.results(me, other), manual.tictactoe.results(other, me)
        return float(as_x[2] + as_o[0]) / 2

    return {name: np.array([share(me, other) for me in players]) for name, other in OPPONENTS.items()}


@cache
def mind(rounds: int) -> tuple[np.ndarray, float]:
    """Return the chances of the moves at the trap, and the expected result, as the player sees them at first sight."""
    logits, expected = models.selfplay.apply(after(rounds), jnp.array(TRAP))
    return np.asarray(jax.nn.softmax(logits)), float(expected)


@cache
def searched(rounds: int) -> np.ndarray:
    """Return how the search of 32 simulations divides its tries at the trap."""
    return np.asarray(jax.jit(models.selfplay.think, static_argnums=2)(after(rounds), jnp.array(TRAP), 32)[0])


@cache
def exact() -> dict[int, int]:
    """Return the exact value of each of O's moves at the trap, for O."""
    return {move: -manual.tictactoe.value(manual.tictactoe.after(TRAP, move)) for move in ANY(TRAP)}

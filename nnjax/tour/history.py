"""Lesson 10: networks that made history. A memory, a forger and its judge, and a player taught by itself alone."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from nnjax import data, manual, training
from nnjax.models import gan, hopfield, selfplay
from nnjax.tour.stop import CERTIFIED_EXAMPLES, Stop, worst_gradient_error

DIGITS, DAMAGE = (3, 6, 7), 0.2
ROUNDS = 48


def hopfield_digits(keys: Array) -> Stop:
    """Store three digits, turn over a fifth of their pixels, and let the network mend them; the score is right bits."""
    images = data.load("digits")
    first = [int(np.flatnonzero(images.y == digit)[0]) for digit in DIGITS]
    patterns = jnp.where(jnp.asarray(images.x[first]).reshape(len(DIGITS), -1) > 0.45, 1.0, -1.0)
    weights = hopfield.store(patterns)

    def damaged(key: Array) -> Array:
        return jnp.where(jax.random.bernoulli(key, DAMAGE, patterns.shape), -patterns, patterns)

    starts = jax.vmap(damaged)(keys)
    mended = jax.vmap(lambda start: hopfield.recall(weights, start, 5))(starts)
    scores = np.asarray(jnp.mean(mended == patterns, axis=(1, 2)))
    error = worst_gradient_error(_energy, _energy_by_hand, weights[None], np.asarray(starts[0]), np.zeros(1))

    def recall() -> Any:
        from nnjax import viz

        shape = (len(DIGITS), *images.x.shape[1:3])
        return viz.hopfield_recall(weights, patterns.reshape(shape), starts[0].reshape(shape))

    def capacity() -> Any:
        from nnjax import viz

        loads = np.round(np.linspace(0.04, 0.3, 14), 2)
        right = {n: np.asarray(hopfield.capacity(keys[0], n, loads.tolist())) for n in (100, 400)}
        return viz.capacity_curve(loads, right)

    pictures = {"hopfield_recall.png": recall, "hopfield_capacity.svg": capacity}
    return Stop("10", "Hopfield, 64 neurons", "damaged digits", "accuracy", scores, error, pictures)


def gan_digits(keys: Array) -> Stop:
    """Forge digits; the score is how sure logistic regression, taught by real ones, is of what it sees."""
    from sklearn.linear_model import LogisticRegression

    digits = data.flatten(data.load("digits"))
    judge = LogisticRegression(solver="newton-cg").fit(digits.x, digits.y)
    trained, scores = [], []
    for key in keys:
        init_key, fit_key, sample_key = jax.random.split(key, 3)
        params = training.fit_gan(gan.init(init_key, 16, 64), digits.x, epochs=200, key=fit_key, progress=False).params
        forged = np.asarray(gan.sample(sample_key, params, 500))
        scores.append(judge.predict_proba(forged).max(axis=1).mean())
        trained.append(params)
    z = np.asarray(gan.noise(keys[0], trained[0], CERTIFIED_EXAMPLES))
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *trained)
    error = worst_gradient_error(_both_losses, _both_by_hand, stacked, digits.x, z)

    def forgeries() -> Any:
        from nnjax import viz

        images = np.asarray(gan.sample(keys[0], trained[0], 20)).reshape(-1, 8, 8)
        return viz.generated_digits(images, digits.x.reshape(-1, 8, 8), unseen=digits.x_test.reshape(-1, 8, 8))

    pictures = {"gan_digits.png": forgeries}
    return Stop("10", "GAN 16-128-128-64", "digits", "accuracy", np.array(scores), error, pictures)


def tic_tac_toe(keys: Array) -> Stop:
    """Learn tic-tac-toe from its rules alone; the score is games not lost, on both sides, against an exact player."""
    boards = manual.tictactoe.positions()
    learnt = [selfplay.train(key, rounds=ROUNDS) for key in keys]
    choose = jax.jit(lambda params: jnp.argmax(selfplay.apply(params, jnp.asarray(boards))[0], axis=-1))
    scores = np.array([_not_lost(np.asarray(choose(params)), manual.tictactoe.best_moves) for params, _ in learnt])
    x = np.asarray(boards[:CERTIFIED_EXAMPLES], np.float32)
    targets = (np.full((len(x), 9), 1 / 9, np.float32), np.zeros(len(x), np.float32))
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *[params for params, _ in learnt])
    error = worst_gradient_error(selfplay.loss, manual.selfplay.loss_and_grads, stacked, x, targets)

    def curve() -> Any:
        from nnjax import viz

        path = np.asarray(jax.lax.map(choose, learnt[0][1]["params"]))
        players = {"random moves": manual.tictactoe.moves, "exact play": manual.tictactoe.best_moves}
        return viz.selfplay_curve({name: [_not_lost(row, other) for row in path] for name, other in players.items()})

    return Stop("10", "self-play 9-128-128", "tic-tac-toe", "accuracy", scores, error, {"selfplay.svg": curve})


def _not_lost(chosen: np.ndarray, other: Any) -> float:
    player = manual.tictactoe.player(chosen)
    as_x, as_o = manual.tictactoe.results(player, other), manual.tictactoe.results(other, player)
    return float(1 - (as_x[2] + as_o[0]) / 2)


def _energy(weights: Array, state: Array, _: Array) -> Array:
    return jnp.sum(hopfield.energy(weights, state))


def _energy_by_hand(weights: np.ndarray, state: np.ndarray, _: np.ndarray) -> tuple[Any, np.ndarray]:
    values, fields = manual.hopfield.energy(weights, state)
    return values.sum(), manual.hopfield.energy_backward(state, fields, np.ones_like(values))[1]


def _both_losses(params: Any, x: Array, z: Array) -> Array:
    """Return the sum of both players' losses, of which each player's gradient is that of its own."""
    fixed = jax.lax.stop_gradient(params)
    forged, forged_now = gan.generate(fixed["generator"], z), gan.generate(params["generator"], z)
    judge, judge_now = fixed["discriminator"], params["discriminator"]
    missed, _ = gan.losses(gan.discriminate(judge_now, x), gan.discriminate(judge_now, forged))
    _, caught = gan.losses(gan.discriminate(judge, x), gan.discriminate(judge, forged_now))
    return missed + caught


def _both_by_hand(params: Any, x: np.ndarray, z: np.ndarray) -> tuple[Any, Any]:
    losses, grads = manual.gan.losses_and_grads(params, x, z)
    return sum(losses), grads

"""Tic-tac-toe learnt from zero by self-play, after AlphaGo Zero (Silver et al., 2017): nothing is given but the rules.

One network looks at a board and says two things: which moves are good (the policy) and who will win (the value). A
round of learning: it plays many games against itself, looking ahead at each move by ``tree_search``; then its policy
is trained towards the moves the search tried most, and its value towards the results. The search makes the network
better than it is, and a better network makes a better search.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int, PyTree, Real

from nnjax import losses, optimizers
from nnjax.checks import require_between, require_last_axis, require_sizes
from nnjax.initializers import Key
from nnjax.layers import dense
from nnjax.models import mlp, tictactoe, tree_search

Params = dict[str, Any]
Scalar = Float[Array, ""]
IMPOSSIBLE = -1e9
"""The logit of a taken square: its probability is 0."""
OPEN_MIND = 0.25


def init(key: Key, hidden: Sequence[int] = (128, 128)) -> Params:
    """Return {"trunk": dense layers of the ``hidden`` sizes, "policy": a layer to 9 logits, "value": one neuron}.

    Raises ValueError for no hidden layer or a size below 1.
    """
    require_sizes("hidden", hidden)
    trunk, policy, value = jax.random.split(key, 3)
    return {
        "trunk": mlp.init(trunk, (9, *hidden)),
        "policy": dense.init(policy, hidden[-1], 9),
        "value": dense.init(value, hidden[-1]),
    }


def apply(params: Params, boards: Real[Array, "*batch 9"]) -> tuple[Float[Array, "*batch 9"], Float[Array, "*batch"]]:
    """Return the logits of the moves, -1e9 for taken squares, and the expected result for the player to move, -1 to 1.

    The network sees the board from the side of that player: own stones 1, the opponent's -1. Then
    h = relu(relu(x W_1 + b_1) W_2 + b_2), logits = h W_policy + b_policy, value = tanh(h . w_value + b_value).
    Raises ValueError when the last axis is not nine squares.
    """
    require_last_axis("boards", boards, 9, "a network for tic-tac-toe")
    x = (boards * tictactoe.to_move(boards)[..., None]).astype(params["value"]["W"].dtype)
    h = mlp.apply(params["trunk"], x, output_activation="relu")
    logits = jnp.where(boards == 0, dense.apply(params["policy"], h), IMPOSSIBLE)
    return logits, jnp.tanh(dense.apply(params["value"], h))


def loss(
    params: Params,
    boards: Real[Array, "batch 9"],
    targets: tuple[Float[Array, "batch 9"], Real[Array, " batch"]],
) -> Scalar:
    """Return cross_entropy(logits, shares) + squared_error(value, results), where ``targets`` = (shares, results).

    ``shares`` is how the search divided its simulations among the moves, ``results`` how the games ended for the
    player to move: 1 won, 0 drawn, -1 lost.
    """
    shares, results = targets
    logits, values = apply(params, boards)
    return losses.cross_entropy(logits, shares) + losses.squared_error(values, results)


def think(params: Params, board: Int[Array, "9"], simulations: int = 50) -> Float[Array, "9"]:
    """Return the share of the search's simulations that went to each move.

    To the search, a quarter of each probability is the same for all moves: none is ruled out by a first thought.
    Raises ValueError for a board that cannot be or that is finished, and for fewer than one simulation.
    """

    def network(board: Array) -> tuple[Array, Array]:
        logits, value = apply(params, board)
        return (1 - OPEN_MIND) * jax.nn.softmax(logits) + OPEN_MIND / 9, value

    return tree_search.search(network, board, simulations)


class Game(NamedTuple):
    """Nine moves of a game, or fewer: ``played`` says which positions are real, ``results`` is as in ``loss``."""

    boards: Int[Array, "*games 9 9"]
    shares: Float[Array, "*games 9 9"]
    results: Float[Array, "*games 9"]
    played: Bool[Array, "*games 9"]


def play_game(params: Params, key: Key, simulations: int, opening: int) -> Game:
    """Return a game of the network against itself, each move drawn from the search's shares.

    Before that come 0 to ``opening`` random moves, so that it meets positions that good players never let arise. From
    these nothing is learnt: their results come from moves that no player chose.
    """
    opening_key, *keys = jax.random.split(key, 10)
    random_moves = jax.random.randint(opening_key, (), 0, opening + 1)

    def one_move(board: Array, turn: tuple[Array, Array]) -> tuple[Array, tuple[Array, ...]]:
        number, key = turn
        shares, legal = think(params, board, simulations), tictactoe.legal(board)
        in_opening, over = number < random_moves, tictactoe.finished(board)
        move = jax.random.categorical(key, jnp.log(jnp.where(in_opening, legal, shares)))
        after = jnp.where(over, board, tictactoe.play(board, move))
        return after, (board, shares, ~over & ~in_opening)

    last, (boards, shares, played) = jax.lax.scan(one_move, tictactoe.start(), (jnp.arange(9), jnp.stack(keys)))
    results = tictactoe.winner(last) * tictactoe.to_move(boards)
    return Game(boards, shares, results.astype(shares.dtype), played)


def train(
    key: Key,
    *,
    rounds: int = 100,
    games: int = 256,
    simulations: int = 50,
    opening: int = 6,
    steps: int = 32,
    batch_size: int = 256,
    learning_rate: float = 3e-3,
    hidden: Sequence[int] = (128, 128),
    report: Callable[[int, Mapping[str, float]], None] | None = None,
) -> tuple[Params, dict[str, Any]]:
    """Return the parameters after ``rounds`` of self-play, and the history; nothing is known at first but the rules.

    A round plays ``games`` games at once and then makes ``steps`` steps of Adam, each on ``batch_size`` positions drawn
    from them, at a rate that falls from ``learning_rate`` to 0 over the rounds. After each, ``report(round, numbers)``
    is called, round = 1, 2, ...; the numbers are its "loss" and the share of "draws" among its games. The history has
    them for all rounds, and "params": those at the start and after each round, stacked. The same key gives the same.
    Raises ValueError for a count below 1, an opening outside 0 to 8 or a negative rate.
    """
    require_sizes("(rounds, games, simulations, steps, batch_size)", (rounds, games, simulations, steps, batch_size))
    require_between("opening", opening, 0, 8)
    require_between("learning_rate", learning_rate, 0, float("inf"))
    settings = Settings(rounds, games, simulations, opening, steps, batch_size, learning_rate)
    init_key, key = jax.random.split(key)
    params = init(init_key, hidden)
    state = _optimizer(settings).init(params)
    path, history = [params], []
    for number in range(1, rounds + 1):
        params, state, numbers = one_round(settings, params, state, jax.random.fold_in(key, number))
        path.append(params)
        history.append({name: float(value) for name, value in numbers.items()})
        if report is not None:
            report(number, history[-1])
    columns: dict[str, Any] = {name: np.array([row[name] for row in history]) for name in history[0]}
    return params, columns | {"params": jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)}


class Settings(NamedTuple):
    """The settings of ``train``."""

    rounds: int
    games: int
    simulations: int
    opening: int
    steps: int
    batch_size: int
    learning_rate: float


@partial(jax.jit, static_argnums=0)
def one_round(settings: Settings, params: Params, state: PyTree, key: Key) -> tuple[Params, PyTree, dict[str, Scalar]]:
    """Return the parameters and the optimizer's state after a round of games and of learning, and its numbers."""
    play_key, draw_key = jax.random.split(key)
    keys = jax.random.split(play_key, settings.games)
    games = jax.vmap(lambda key: play_game(params, key, settings.simulations, settings.opening))(keys)
    positions = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), games)
    real = positions.played / jnp.sum(positions.played)

    def step(learner: tuple[Params, PyTree], key: Array) -> tuple[tuple[Params, PyTree], Scalar]:
        params, state = learner
        rows = jax.random.choice(key, len(real), (settings.batch_size,), p=real)
        boards, shares, results, _ = jax.tree.map(lambda leaf: leaf[rows], positions)
        value, grads = jax.value_and_grad(loss)(params, boards, (shares, results))
        updates, state = _optimizer(settings).update(grads, state, params)
        return (optax.apply_updates(params, updates), state), value

    (params, state), values = jax.lax.scan(step, (params, state), jax.random.split(draw_key, settings.steps))
    # In a drawn game every result is 0.
    return params, state, {"loss": jnp.mean(values), "draws": jnp.mean(jnp.all(games.results == 0, axis=1))}


def _optimizer(settings: Settings) -> optax.GradientTransformation:
    updates = settings.rounds * settings.steps
    return optimizers.adam(lambda t: settings.learning_rate * (1 - t / updates))

"""Tic-tac-toe learnt from zero by self-play, after AlphaGo Zero (Silver et al., 2017): nothing is given but the rules.

One network looks at a board and says two things: which moves are good (the policy) and who will win (the value). A
round of learning: it plays many games against itself, looking ahead at each move by ``tree_search``; then its policy
is trained towards the moves the search tried most, and its value towards what came of them. The search makes the
network better than it is, and a better network makes a better search.

AlphaGo Zero trained the value towards the result of the game. Here half of all moves are random, so that positions
which good players avoid are met too, and a result would say little about them; what the search found is not disturbed.
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
OPEN_MIND = 0.1
"""This part of the probability is the same for all moves in the search, so that no first thought rules a move out.

AlphaGo Zero adds random noise for it. Without either, more trainings end with a mistake that is never looked into.
"""


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
    """Return cross_entropy(logits, shares) + squared_error(value, worth), where ``targets`` = (shares, worth).

    ``shares`` is how the search divided its simulations among the moves, ``worth`` what came of them for the player to
    move, on average: 1 won, 0 drawn, -1 lost.
    """
    shares, worth = targets
    logits, values = apply(params, boards)
    return losses.cross_entropy(logits, shares) + losses.squared_error(values, worth)


def think(params: Params, board: Int[Array, "9"], simulations: int = 50) -> tuple[Float[Array, "9"], Float[Array, ""]]:
    """Return (shares, worth): what ``tree_search`` with this network makes of the board.

    Raises ValueError for a board that cannot be or that is finished, and for simulations that are not a whole number
    of at least 1.
    """

    def network(board: Array) -> tuple[Array, Array]:
        logits, value = apply(params, board)
        return (1 - OPEN_MIND) * jax.nn.softmax(logits) + OPEN_MIND / 9, value

    return tree_search.search(network, board, simulations)


class Game(NamedTuple):
    """The nine positions of a game and what the search made of each; of a shorter game, only some are ``played``."""

    boards: Int[Array, "*games 9 9"]
    shares: Float[Array, "*games 9 9"]
    worth: Float[Array, "*games 9"]
    played: Bool[Array, "*games 9"]


def chance(key: Key) -> Float[Array, "9 9"]:
    """Return what draws the moves of a game: for each of nine, and each square, a number of Gumbel's distribution."""
    return jax.lax.map(lambda key: jax.random.gumbel(key, (9,)), jax.random.split(key, 9))


def play_game(params: Params, gumbel: Float[Array, "9 9"], simulations: int, random_moves: float | Scalar) -> Game:
    """Return a game of the network against itself.

    Each move is drawn from the search's shares or, with probability ``random_moves``, from all legal ones: it is the
    argmax of log p + g, with the numbers g of ``chance``, which is each move with its probability p (Gumbel, 1954).
    """

    def one_move(board: Array, g: Array) -> tuple[Array, tuple[Array, ...]]:
        (shares, worth), legal = think(params, board, simulations), tictactoe.legal(board)
        chances = (1 - random_moves) * shares + random_moves * legal / jnp.maximum(1, jnp.sum(legal))
        move = jnp.argmax(jnp.log(chances) + g)
        over = tictactoe.finished(board)
        return jnp.where(over, board, tictactoe.play(board, move)), (board, shares, worth, ~over)

    return Game(*jax.lax.scan(one_move, tictactoe.start(), gumbel)[1])


def train(
    key: Key,
    *,
    rounds: int = 120,
    games: int = 256,
    simulations: int = 50,
    random_moves: float = 0.5,
    steps: int = 32,
    batch_size: int = 256,
    learning_rate: float = 3e-3,
    hidden: Sequence[int] = (128, 128),
    report: Callable[[int, Mapping[str, float]], None] | None = None,
) -> tuple[Params, dict[str, Any]]:
    """Return the parameters after ``rounds`` of self-play, and the history; nothing is known at first but the rules.

    A round plays ``games`` games at once and then makes ``steps`` steps of Adam, each on ``batch_size`` positions drawn
    from them, at a rate that falls from ``learning_rate`` to 0 over the rounds. After each, ``report(round, numbers)``
    is called, round = 1, 2, ..., numbers = {"loss": the mean over its steps}. The history has "loss", (rounds,), and
    "params": those at the start and after each round, stacked. The same key gives the same.
    Nothing promises that the player cannot be beaten; ``manual.tictactoe.results`` tells, exactly.
    Raises ValueError for a count below 1, random_moves outside 0 to 1 or a negative rate.
    """
    require_sizes("(rounds, games, simulations, steps, batch_size)", (rounds, games, simulations, steps, batch_size))
    require_between("random_moves", random_moves, 0, 1)
    require_between("learning_rate", learning_rate, 0, float("inf"))
    settings = Settings(rounds, games, simulations, float(random_moves), steps, batch_size, float(learning_rate))
    init_key, key = jax.random.split(key)
    params = init(init_key, hidden)
    state = _optimizer(settings).init(params)
    path, history = [params], []
    for number in range(1, rounds + 1):
        params, state, value = one_round(settings, params, state, jax.random.fold_in(key, number))
        path.append(params)
        history.append(float(value))
        if report is not None:
            report(number, {"loss": history[-1]})
    return params, {"loss": np.array(history), "params": jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)}


class Settings(NamedTuple):
    """The settings of ``train``."""

    rounds: int
    games: int
    simulations: int
    random_moves: float
    steps: int
    batch_size: int
    learning_rate: float


@partial(jax.jit, static_argnums=0)
def one_round(settings: Settings, params: Params, state: PyTree, key: Key) -> tuple[Params, PyTree, Scalar]:
    """Return the parameters and the optimizer's state after a round of games and of learning, and its mean loss."""
    play_key, draw_key = jax.random.split(key)
    # One key after the other: for many at once XLA takes five times as long to compile.
    gumbel = jax.lax.map(chance, jax.random.split(play_key, settings.games))
    games = jax.vmap(lambda g: play_game(params, g, settings.simulations, settings.random_moves))(gumbel)
    positions = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), games)
    real = positions.played / jnp.sum(positions.played)

    def step(learner: tuple[Params, PyTree], key: Array) -> tuple[tuple[Params, PyTree], Scalar]:
        params, state = learner
        rows = jax.random.choice(key, len(real), (settings.batch_size,), p=real)
        boards, shares, worth, _ = jax.tree.map(lambda leaf: leaf[rows], positions)
        value, grads = jax.value_and_grad(loss)(params, boards, (shares, worth))
        updates, state = _optimizer(settings).update(grads, state, params)
        return (optax.apply_updates(params, updates), state), value

    (params, state), values = jax.lax.scan(step, (params, state), jax.random.split(draw_key, settings.steps))
    return params, state, jnp.mean(values)


def _optimizer(settings: Settings) -> optax.GradientTransformation:
    updates = settings.rounds * settings.steps
    return optimizers.adam(lambda t: settings.learning_rate * (1 - t / updates))

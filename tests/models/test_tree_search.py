"""The tree search against the same rules written as a recursion over a dictionary, and what it finds by itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import manual
from nnjax.models import tree_search

SIMULATIONS = 60
BOARDS = [
    (0,) * 9,
    (1, 0, 0, 0, 0, 0, 0, 0, 0),
    (1, 1, 0, -1, -1, 0, 0, 0, 0),
    (1, -1, 1, 1, -1, -1, -1, 1, 0),
]


def in_python(network, board, simulations, c):
    """Return the visits N of the root and the sum of its W, by a recursion without the arrays of the package."""
    nodes = {}

    def visit(board, moves):
        """Return what comes of the board, reached by these moves, for the player to move."""
        choices = manual.tictactoe.moves(board)
        if not choices:
            return manual.tictactoe.winner(board) * manual.tictactoe.to_move(board)
        if moves not in nodes:
            P, opinion = network(board)
            nodes[moves] = {"P": P, "N": [0] * 9, "W": [0.0] * 9}
            return opinion
        node = nodes[moves]

        def score(move):
            q = node["W"][move] / node["N"][move] if node["N"][move] else 0.0
            return q + c * node["P"][move] * (1 + sum(node["N"])) ** 0.5 / (1 + node["N"][move])

        move = max(choices, key=score)
        worth = -visit(manual.tictactoe.after(board, move), (*moves, move))
        node["N"][move] += 1
        node["W"][move] += worth
        return worth

    for _ in range(simulations + 1):
        visit(board, ())
    return nodes[()]["N"], sum(nodes[()]["W"])


@pytest.mark.parametrize("c", [0.5, 1.5])
def test_the_visits_are_those_of_a_plain_recursion(c):
    rng = np.random.default_rng(0)
    A, w = rng.normal(size=(9, 9)), rng.normal(size=9)

    def by_numpy(board):
        z = np.where(np.array(board) == 0, A @ np.array(board) / 3, -np.inf)
        p = np.exp(z - z.max())
        return p / p.sum(), float(np.tanh(w @ np.array(board) / 3))

    def by_jax(board):
        return jax.nn.softmax(jnp.where(board == 0, A @ board / 3, -jnp.inf)), jnp.tanh(w @ board / 3)

    with jax.enable_x64(True):
        search = jax.jit(jax.vmap(lambda board: tree_search.search(by_jax, board, SIMULATIONS, c=c)))
        shares, worth = jax.tree.map(np.asarray, search(jnp.array(BOARDS, jnp.int32)))
    expected = [in_python(by_numpy, board, SIMULATIONS, c) for board in BOARDS]
    np.testing.assert_allclose(shares * SIMULATIONS, [visits for visits, _ in expected], atol=1e-9)
    np.testing.assert_allclose(worth * SIMULATIONS, [total for _, total in expected], rtol=1e-9)


def know_nothing(board):
    return jnp.full(9, 1 / 9), jnp.zeros(())


@pytest.mark.parametrize(
    ("board", "move"),
    [
        ((1, 1, 0, -1, -1, 0, 0, 0, 0), 2),  # X wins at once
        ((1, 1, 0, -1, 0, 0, 0, 0, 0), 2),  # O must stop X
        ((1, 0, 0, 0, -1, 0, 0, 0, 1), None),  # a corner loses to a fork, an edge holds
    ],
)
def test_looking_ahead_finds_the_move_without_any_knowledge(board, move):
    shares, worth = tree_search.search(know_nothing, jnp.array(board), 300)
    assert worth.shape == ()
    assert shares.shape == (9,)
    assert float(shares.sum()) == pytest.approx(1)
    assert not np.asarray(shares)[np.array(board) != 0].any()
    best = int(jnp.argmax(shares))
    assert best in manual.tictactoe.best_moves(board)
    assert move is None or best == move


@pytest.mark.parametrize(
    ("board", "simulations", "words"),
    [
        ((0,) * 9, 0, "simulations holds 0; every size must be a whole number of at least 1"),
        ((0,) * 9, 2.5, "simulations holds 2.5; every size must be a whole number of at least 1"),
        ((1, 1, 1, -1, -1, 0, 0, 0, 0), 5, "board is a finished game: X has won"),
        ((1, 1, 0, 0, 0, 0, 0, 0, 0), 5, "board has 2 X and 0 O"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_what_cannot_be_searched_is_named(board, simulations, words):
    with pytest.raises(ValueError, match=words):
        tree_search.search(know_nothing, jnp.array(board), simulations)

"""The rules in JAX against those by hand, at every position of the game; and the errors for what cannot be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import manual
from nnjax.models import tictactoe

POSITIONS = np.array(manual.tictactoe.positions(), np.int32)


def test_every_position_is_judged_as_by_hand():
    @jax.jit
    def batched(boards):
        return [f(boards) for f in (tictactoe.to_move, tictactoe.winner, tictactoe.legal, tictactoe.finished)]

    @jax.jit
    @jax.vmap
    def one_by_one(board):
        return [f(board) for f in (tictactoe.to_move, tictactoe.winner, tictactoe.legal, tictactoe.finished)]

    players, winners, legal, finished = batched(POSITIONS)
    jax.tree.map(np.testing.assert_array_equal, [players, winners, legal, finished], one_by_one(POSITIONS))
    for i, board in enumerate(manual.tictactoe.positions()):
        assert players[i] == manual.tictactoe.to_move(board)
    by_hand = [manual.tictactoe.moves(board) for board in manual.tictactoe.positions()]
    assert [np.flatnonzero(row).tolist() for row in np.asarray(legal)] == by_hand
    assert winners.tolist() == [manual.tictactoe.winner(board) for board in manual.tictactoe.positions()]
    assert finished.tolist() == [not moves for moves in by_hand]


def test_every_move_leads_where_it_does_by_hand():
    pairs = [(board, move) for board in manual.tictactoe.positions() for move in manual.tictactoe.moves(board)]
    boards, moves = np.array([board for board, _ in pairs], np.int32), np.array([move for _, move in pairs])
    after = jax.jit(jax.vmap(tictactoe.play))(boards, moves)
    np.testing.assert_array_equal(after, [manual.tictactoe.after(*pair) for pair in pairs])


def test_a_game_is_played_move_by_move():
    board = tictactoe.start()
    for move in (4, 0, 2, 6, 3):
        board = tictactoe.play(board, move)
    assert board.tolist() == [-1, 0, 1, 1, 1, 0, -1, 0, 0]
    assert int(tictactoe.to_move(board)) == -1


@pytest.mark.usefixtures("unchecked")
def test_a_numpy_board_is_taken_too():
    assert tictactoe.play(np.array([1, 0, 0, 0, 0, 0, 0, 0, 0]), 3).tolist() == [1, 0, 0, -1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("board", "move", "words"),
    [
        ([0, 0, 1, 0, -1, 0, 0, 0, 0], 4, "move is 4; the empty squares are 0, 1, 3, 5, 6, 7, 8"),
        ([0] * 9, 9, "move is 9; the empty squares are 0, 1"),
        ([0] * 9, -1, "move is -1; "),
        ([1, 1, 1, -1, -1, 0, 0, 0, 0], 5, "board is a finished game: X has won; no move is left"),
        ([1, 1, 0, -1, -1, -1, 1, 0, 0], 2, "board is a finished game: O has won"),
        ([1, -1, 1, 1, -1, -1, -1, 1, 1], 0, "board is a finished game: a draw"),
        ([1, 1, 0, 0, 0, 0, 0, 0, 0], 2, "board has 2 X and 0 O; X begins, so it has as many as O or one more"),
        ([-1, 0, 0, 0, 0, 0, 0, 0, 0], 2, "board has 0 X and 1 O"),
        ([1, 1, 1, -1, -1, -1, 0, 0, 0], 6, "board cannot be: the game was over when X had three in a line"),
        ([1, 1, 1, -1, -1, 0, -1, 0, 0], 7, "board cannot be: the game was over when X had three"),
        ([1, 1, 0, -1, -1, -1, 1, 1, 0], 8, "board cannot be: the game was over when O had three"),
        ([2, -1, 0, 0, 0, 0, 0, 0, 0], 8, r"board is \[2, -1, .*\]; a square is 0 \(empty\), 1 \(X\) or -1 \(O\)"),
        ([0] * 8, 0, r"board has shape \(8,\); a board of tic-tac-toe has shape \(9,\)"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_what_cannot_be_is_named(board, move, words):
    with pytest.raises(ValueError, match=words):
        tictactoe.play(jnp.array(board), move)


@pytest.mark.usefixtures("unchecked")
def test_a_wrong_shape_is_named_under_jit_too():
    with pytest.raises(ValueError, match=r"board has shape \(3, 3\); "):
        jax.jit(tictactoe.play)(jnp.zeros((3, 3), jnp.int32), 0)


def test_a_full_board_that_the_last_stone_won_twice_over_can_be():
    """X's ninth stone may finish two lines at once: a finished game, not an impossible board."""
    with pytest.raises(ValueError, match="is a finished game: X has won"):
        tictactoe.play(jnp.array([1, 1, 1, 1, -1, -1, 1, -1, -1]), 0)

"""Tic-tac-toe: the rules as pure functions of a board, for one board or, in most, a batch of them.

A board is (9,) whole numbers, the squares row by row: 0 is empty, 1 the first player's (X), -1 the second's (O). It is
all that there is to know: X has one stone more than O exactly when it is O's turn.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, Real

LINES = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]], np.int32)
"""The eight lines of three squares: rows, columns, diagonals."""


def start() -> Int[Array, "9"]:
    """Return the empty board."""
    return jnp.zeros(9, jnp.int32)


def to_move(board: Real[Array, "*batch 9"]) -> Real[Array, "*batch"]:
    """Return whose turn it is, 1 or -1."""
    return 1 - 2 * jnp.sum(board, axis=-1, dtype=board.dtype)


def winner(board: Real[Array, "*batch 9"]) -> Int[Array, "*batch"]:
    """Return who has three in a line, 1 or -1, or 0 if nobody has."""
    stones = jnp.sum(board[..., LINES], axis=-1)
    return jnp.any(stones == 3, axis=-1).astype(jnp.int32) - jnp.any(stones == -3, axis=-1).astype(jnp.int32)


def legal(board: Real[Array, "*batch 9"]) -> Bool[Array, "*batch 9"]:
    """Return which squares may be taken: the empty ones, and none once somebody has won."""
    return (board == 0) & (winner(board) == 0)[..., None]


def finished(board: Real[Array, "*batch 9"]) -> Bool[Array, "*batch"]:
    """Return whether the game is over: won, or a draw with every square taken."""
    return ~jnp.any(legal(board), axis=-1)


def play(board: Int[Array, "9"], move: int | Int[Array, ""]) -> Int[Array, "9"]:
    """Return the board after the player whose turn it is has taken the square ``move``, 0 to 8.

    Raises ValueError for a board that cannot be, a game that is over, and a move that is not legal; while JAX traces,
    the values are not known yet and nothing is raised.
    """
    require_unfinished("board", board)
    if not any(isinstance(given, jax.core.Tracer) for given in (board, move)):
        empty = np.flatnonzero(np.asarray(board) == 0).tolist()
        if int(move) not in empty:
            raise ValueError(f"move is {int(move)}; the empty squares are {', '.join(map(str, empty))}")
    board = jnp.asarray(board)
    return board.at[move].set(to_move(board))


def require_unfinished(name: str, board: Any) -> None:
    """Raise ValueError unless ``board`` is a position in which there is a move to make; a traced one is not looked at.

    It must have nine squares of 0, 1 and -1, as many X as O or one more, and no finished line.
    """
    if np.shape(board) != (9,):
        raise ValueError(f"{name} has shape {np.shape(board)}; a board of tic-tac-toe has shape (9,)")
    if isinstance(board, jax.core.Tracer):
        return
    squares = np.asarray(board)
    if not np.isin(squares, (-1, 0, 1)).all():
        raise ValueError(f"{name} is {squares.tolist()}; a square is 0 (empty), 1 (X) or -1 (O)")
    crosses, noughts = int(np.sum(squares == 1)), int(np.sum(squares == -1))
    if crosses - noughts not in (0, 1):
        raise ValueError(f"{name} has {crosses} X and {noughts} O; X begins, so it has as many as O or one more")
    lines = squares[LINES].sum(axis=1)
    won = [player for player, three in (("X", 3), ("O", -3)) if three in lines]
    if len(won) == 2 or (won == ["X"] and crosses == noughts) or (won == ["O"] and crosses > noughts):
        raise ValueError(f"{name} cannot be: the game was over when {won[0]} had three in a line")
    if won or crosses + noughts == 9:
        raise ValueError(f"{name} is a finished game: {won[0] + ' has won' if won else 'a draw'}; no move is left")

"""Tic-tac-toe by hand: the exact value of every position by minimax, and the exact result of any player against any.

A board is a tuple of nine numbers: 0 empty, 1 X, -1 O; X begins. v(board), the result for the player to move when both
play perfectly (Zermelo, 1913; von Neumann, 1928), is that of the best move, seen from the other side of the table::

    v = -1 if the game is lost, 0 if the board is full, else max over moves of -v(board after the move)

There are 5,478 positions, so each is worked out once and remembered. v of the empty board is 0: perfect play is a draw.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray

Board = tuple[int, ...]
Player = Callable[[Board], Sequence[int]]
"""A player tells the moves that it would make on a board; of several it takes each equally often."""

EMPTY: Board = (0,) * 9
LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))


def to_move(board: Board) -> int:
    """Return whose turn it is, 1 or -1."""
    return 1 - 2 * sum(board)


def winner(board: Board) -> int:
    """Return who has three in a line, 1 or -1, or 0 if nobody has."""
    return next((board[i] for i, j, k in LINES if board[i] == board[j] == board[k] != 0), 0)


def moves(board: Board) -> list[int]:
    """Return the legal moves, none when the game is over. As a ``Player`` this is the one who plays at random."""
    return [] if winner(board) else [square for square in range(9) if board[square] == 0]


def after(board: Board, move: int) -> Board:
    """Return the board after ``move``."""
    return (*board[:move], to_move(board), *board[move + 1 :])


@cache
def value(board: Board) -> int:
    """Return v: 1 if the player to move can force a win, 0 a draw, -1 if the opponent can force a win."""
    if winner(board):
        return -1
    return max((-value(after(board, move)) for move in moves(board)), default=0)


def best_moves(board: Board) -> list[int]:
    """Return the moves that keep v. As a ``Player`` this is the exact one, who can never be beaten."""
    return [move for move in moves(board) if -value(after(board, move)) == value(board)]


@cache
def positions() -> tuple[Board, ...]:
    """Return all 5,478 positions that can be reached, finished games too, those with fewer stones first."""
    found = layer = {EMPTY: None}
    while layer:
        layer = {after(board, move): None for board in layer for move in moves(board)}
        found = found | layer
    return tuple(found)


def player(chosen: Integer[ndarray, " positions"]) -> Player:
    """Return the player who takes the square ``chosen[i]`` at the position ``positions()[i]``."""
    table = dict(zip(positions(), np.asarray(chosen).tolist(), strict=True))
    return lambda board: [table[board]]


def results(x: Player, o: Player) -> Float[ndarray, "3"]:
    """Return the probabilities that X wins, that it is a draw and that O wins, when ``x`` plays against ``o``.

    They are exact: every move that a player may make is followed. So when one plays at random, the probability of the
    other's defeat is 0 only if no moves whatever can beat it.
    """

    @cache
    def of(board: Board) -> ndarray:
        if not moves(board):
            return np.array([winner(board) == result for result in (1, 0, -1)], np.float64)
        made = (x if to_move(board) == 1 else o)(board)
        return np.mean([of(after(board, move)) for move in made], axis=0)

    return of(EMPTY)

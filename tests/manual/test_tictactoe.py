"""Tic-tac-toe by hand against the counts that are known of it, and exact results against games counted one by one."""

from fractions import Fraction

import numpy as np

from nnjax.manual import tictactoe


def test_the_game_has_the_known_numbers_of_positions():
    found = tictactoe.positions()
    assert len(found) == len(set(found)) == 5478
    over = [board for board in found if not tictactoe.moves(board)]
    assert len(over) == 958
    assert [sum(tictactoe.winner(board) == result for board in over) for result in (1, -1, 0)] == [626, 316, 16]


def ends(weight_of_move):
    """Return the weights of X winning, a draw and O winning, carried forward from the empty board move by move."""
    totals, layer = {1: 0, 0: 0, -1: 0}, {tictactoe.EMPTY: Fraction(1)}
    while layer:
        following = {}
        for board, weight in layer.items():
            moves = tictactoe.moves(board)
            if not moves:
                totals[tictactoe.winner(board)] += weight
            for move in moves:
                after = tictactoe.after(board, move)
                following[after] = following.get(after, 0) + weight * weight_of_move(len(moves))
        layer = following
    return list(totals.values())


def test_the_game_has_the_known_numbers_of_games():
    assert ends(lambda choices: 1) == [131_184, 46_080, 77_904]


def test_perfect_play_is_a_draw_and_a_fork_wins():
    assert tictactoe.value(tictactoe.EMPTY) == 0
    assert tictactoe.best_moves(tictactoe.EMPTY) == list(range(9))
    # Against a corner only the centre holds; O at an edge instead lets X fork.
    assert tictactoe.best_moves((1, 0, 0, 0, 0, 0, 0, 0, 0)) == [4]
    assert tictactoe.value((1, -1, 0, 0, 0, 0, 0, 0, 0)) == 1
    assert tictactoe.best_moves((1, 1, 0, -1, -1, 0, 0, 0, 0)) == [2]


def test_results_of_random_play_are_the_exact_fractions():
    exact = [Fraction(737, 1260), Fraction(8, 63), Fraction(121, 420)]
    assert ends(lambda choices: Fraction(1, choices)) == exact
    found = tictactoe.results(tictactoe.moves, tictactoe.moves)
    np.testing.assert_allclose(found, np.array(exact, float), rtol=1e-12)


def test_the_exact_player_is_never_beaten_and_draws_with_itself():
    exact, anyone = tictactoe.best_moves, tictactoe.moves
    assert tictactoe.results(exact, anyone)[2] == 0
    assert tictactoe.results(anyone, exact)[0] == 0
    assert tictactoe.results(exact, exact).tolist() == [0, 1, 0]


def test_a_player_of_chosen_moves_takes_them_and_one_that_can_be_beaten_is_found():
    first_empty = [board.index(0) if 0 in board else 0 for board in tictactoe.positions()]
    beatable = tictactoe.player(np.array(first_empty))
    assert beatable((1, -1, 0, 0, 0, 0, 0, 0, 0)) == [2]
    assert tictactoe.results(beatable, tictactoe.moves)[2] > 0
    assert tictactoe.results(tictactoe.moves, beatable)[0] > 0

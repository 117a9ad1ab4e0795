"""Self-play in pictures: the lines are the shares given, the squares hold the probabilities given."""

import numpy as np
import pytest

from nnjax import viz

NOT_LOST = {"random play": [0.6, 0.9, 1.0, 1.0], "exact play": [0.2, 0.7, 0.9, 1.0]}
BOARD = [1, 1, 0, -1, -1, 0, 0, 0, 0]
P = [0, 0, 0.9, 0, 0, 0.06, 0.02, 0.02, 0]


def test_the_curves_are_those_given_and_the_headline_says_from_when_nothing_is_lost(well_made):
    figure = viz.selfplay_curve(NOT_LOST)
    for line, values in zip(figure.axes[0].lines, NOT_LOST.values(), strict=True):
        assert line.get_ydata().tolist() == values
        assert line.get_xdata().tolist() == [0, 1, 2, 3]
    assert figure.get_suptitle() == "No game is lost from round 3 of self-play on"
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["against random play: 100.0 %", "against exact play: 100.0 %"]
    well_made(figure)


def test_a_player_that_still_loses_is_not_praised(well_made):
    figure = viz.selfplay_curve({"random play": [0.6, 0.9], "exact play": [0.2, 0.75]})
    message = figure.get_suptitle().replace("\n", " ")
    assert message == "After 1 round 25.0 % of the games against exact play are lost"
    well_made(figure)


@pytest.mark.parametrize(
    ("board", "p", "value", "words"),
    [
        (BOARD, P, 0.97, "X to move: 90.0 % on the top right"),
        ([1, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0, 0, 0, 0], -0.1, "O to move: 100.0 % on the centre"),
    ],
)
def test_each_empty_square_holds_its_probability(well_made, board, p, value, words):
    figure = viz.board_policy(board, p, value)
    squares, bar = figure.axes
    written = [float(text.get_text().removesuffix(" %")) for text in squares.texts]
    np.testing.assert_allclose(written, [100 * q for q, stone in zip(p, board, strict=True) if stone == 0])
    assert bar.patches[0].get_height() == value
    assert figure.get_suptitle() == words
    well_made(figure)


@pytest.mark.parametrize(
    ("not_lost", "words"),
    [
        ({}, "not_lost has 0 series"),
        ({"a": [0.5, 1.5]}, r"not_lost\['a'\] lies in \[0.5, 1.5\]; give fractions between 0 and 1"),
        ({"a": [[0.5]]}, r"not_lost\['a'\] has shape \(1, 1\)"),
        ({"a": [0.5, np.nan]}, r"not_lost\['a'\]\[1\] is nan"),
    ],
)
def test_curves_that_cannot_be_are_named(not_lost, words):
    with pytest.raises(ValueError, match=words):
        viz.selfplay_curve(not_lost)


@pytest.mark.parametrize(
    ("board", "p", "value", "words"),
    [
        (BOARD[:8], P, 0, r"board has shape \(8,\)"),
        ([1, 1, 0, 0, 0, 0, 0, 0, 0], P, 0, "board has 2 X and 0 O"),
        ([1, 1, 1, -1, -1, 0, 0, 0, 0], P, 0, "board is a finished game: X has won"),
        (BOARD, P[:8], 0, "probabilities must be nine numbers that sum to 1"),
        (BOARD, [1.0, *[0.0] * 8], 0, "0 on taken squares; softmax the logits"),
        (BOARD, P, 1.5, r"value is 1.5; the expected result lies between -1 \(lost\) and 1 \(won\)"),
    ],
)
def test_boards_that_cannot_be_are_named(board, p, value, words):
    with pytest.raises(ValueError, match=words):
        viz.board_policy(board, p, value)

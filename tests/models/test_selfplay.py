"""Self-play: the network, the loss, the games, and the claim: after training no opponent whatever can beat it."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import manual
from nnjax.models import selfplay, tictactoe

KEY = jax.random.key(0)
POSITIONS = jnp.array(manual.tictactoe.positions(), jnp.int32)
ROUNDS = 60
ANYONE, EXACT = manual.tictactoe.moves, manual.tictactoe.best_moves


@jax.jit
def first_thought(params):
    """Return the move of highest probability at every position, without any search."""
    return jnp.argmax(selfplay.apply(params, POSITIONS)[0], axis=-1)


@jax.jit
def second_thought(params):
    """Return the move most tried by the search at every position."""
    return jnp.argmax(jax.vmap(partial(selfplay.think, params))(POSITIONS)[0], axis=-1)


def beaten(player, opponent):
    """Return the probability that the player loses, as X and as O: exact, over all moves of the opponent."""
    return manual.tictactoe.results(player, opponent)[2], manual.tictactoe.results(opponent, player)[0]


def lost_games(player, side):
    """Return how many games the player loses if the opponent tries everything: walked one by one, none remembered."""

    def walk(board):
        moves = manual.tictactoe.moves(board)
        if not moves:
            return int(manual.tictactoe.winner(board) == -side)
        made = player(board) if manual.tictactoe.to_move(board) == side else moves
        return sum(walk(manual.tictactoe.after(board, move)) for move in made)

    return walk(manual.tictactoe.EMPTY)


@pytest.fixture(scope="module")
def trained():
    """A training shorter than the usual one."""
    return selfplay.train(KEY, rounds=ROUNDS)


@pytest.mark.slow
def test_the_trained_player_is_beaten_by_nobody_in_any_way(trained):
    player = manual.tictactoe.player(np.asarray(first_thought(trained[0])))
    assert beaten(player, ANYONE) == (0, 0)
    assert [lost_games(player, side) for side in (1, -1)] == [0, 0]
    assert manual.tictactoe.results(player, player).tolist() == [0, 1, 0]
    assert manual.tictactoe.results(player, EXACT).tolist() == [0, 1, 0]
    assert manual.tictactoe.results(player, ANYONE)[0] > 0.9


@pytest.mark.slow
def test_the_untrained_player_is_beaten(trained):
    start = jax.tree.map(lambda leaf: leaf[0], trained[1]["params"])
    player = manual.tictactoe.player(np.asarray(first_thought(start)))
    assert sum(beaten(player, ANYONE)) > 0.2
    assert all(lost_games(player, side) for side in (1, -1))


@pytest.mark.slow
def test_its_value_is_near_the_exact_one(trained):
    unfinished = [board for board in manual.tictactoe.positions() if manual.tictactoe.moves(board)]
    values = jax.jit(selfplay.apply)(trained[0], jnp.array(unfinished, jnp.int32))[1]
    exact = [manual.tictactoe.value(board) for board in unfinished]
    assert np.corrcoef(values, exact)[0, 1] > 0.8


@pytest.mark.slow
def test_the_history_tells_of_every_round(trained):
    params, history = trained
    assert history["loss"].shape == (ROUNDS,)
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    jax.tree.map(lambda path, last: np.testing.assert_array_equal(path[-1], last), history["params"], params)
    assert {len(leaf) for leaf in jax.tree.leaves(history["params"])} == {ROUNDS + 1}


@pytest.mark.slow
def test_eight_seeds_are_beaten_by_nobody_with_or_without_search():
    for seed in range(8):
        params, _ = selfplay.train(jax.random.key(seed))
        for choose in (first_thought, second_thought):
            player = manual.tictactoe.player(np.asarray(choose(params)))
            assert beaten(player, ANYONE) == (0, 0), (seed, choose)
            assert manual.tictactoe.results(player, player).tolist() == [0, 1, 0]


SMALL = {"games": 4, "simulations": 3, "steps": 2, "batch_size": 8, "hidden": (6,)}


def test_the_same_key_trains_the_same_and_every_round_is_reported():
    told = []
    runs = [selfplay.train(key, rounds=3, report=lambda *row: told.append(row), **SMALL) for key in (KEY, KEY)]
    jax.tree.map(np.testing.assert_array_equal, *runs)
    assert [number for number, _ in told] == [1, 2, 3] * 2
    assert [row["loss"] for _, row in told[:3]] == runs[0][1]["loss"].tolist()
    other, _ = selfplay.train(jax.random.key(1), rounds=3, **SMALL)
    assert not np.array_equal(other["policy"]["W"], runs[0][0]["policy"]["W"])


def test_a_game_is_played_by_the_rules_to_its_end():
    params = selfplay.init(KEY, (6,))
    play = jax.jit(jax.vmap(lambda key: selfplay.play_game(params, selfplay.chance(key), 5, 0.5)))
    games = jax.tree.map(np.asarray, play(jax.random.split(KEY, 32)))
    assert set(games.played.sum(axis=1)) <= {5, 6, 7, 8, 9}
    assert len(np.unique(games.boards[:, 2], axis=0)) > 10
    for boards, shares, worth, played in zip(*games, strict=True):
        game = [tuple(board) for board in boards[played].tolist()]
        assert game[0] == manual.tictactoe.EMPTY
        assert all(manual.tictactoe.moves(board) for board in game)
        for board, following in itertools.pairwise(game):
            assert following in [manual.tictactoe.after(board, move) for move in manual.tictactoe.moves(board)]
        if len(game) < 9:
            assert manual.tictactoe.winner(tuple(boards[len(game)].tolist())) == manual.tictactoe.to_move(game[-1])
        np.testing.assert_allclose(shares[played].sum(axis=1), 1, rtol=1e-6)
        assert not shares[played][boards[played] != 0].any()
        assert (np.abs(worth[played]) <= 1).all()


def test_taken_squares_have_no_probability_and_colours_do_not_matter():
    params = selfplay.init(KEY, (6, 5))
    X = jnp.array([[0, 0, 1, 0, -1, 0, 0, 0, 0], [1, -1, 1, 0, -1, 0, 0, 0, 0]])
    logits, values = selfplay.apply(params, X)
    assert logits.shape == (2, 9)
    assert values.shape == (2,)
    assert not np.asarray(jax.nn.softmax(logits))[np.asarray(X) != 0].any()
    assert (np.abs(values) < 1).all()
    # O to move on a board sees what X would see with the colours exchanged.
    board = jnp.array([1, 0, 0, -1, 1, 0, 0, 0, 0])
    h = -board.astype(jnp.float32)
    for layer in params["trunk"]:
        h = jax.nn.relu(h @ layer["W"] + layer["b"])
    expected = h @ params["policy"]["W"] + params["policy"]["b"], jnp.tanh(h @ params["value"]["W"])
    logits, value = selfplay.apply(params, board)
    np.testing.assert_allclose(logits[board == 0], expected[0][board == 0], rtol=1e-5)
    np.testing.assert_allclose(value, expected[1], rtol=1e-5)


def test_the_loss_by_numpy():
    params = selfplay.init(KEY, (6,))
    boards = np.array([[0, 0, 1, 0, -1, 0, 0, 0, 0], [1, -1, 1, 0, -1, 0, 0, 0, 0]])
    shares = np.array([[0.5, 0.5, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0.75, 0.25]], np.float32)
    worth = np.array([0.5, -1.0], np.float32)
    logits, values = (np.asarray(leaf, np.float64) for leaf in selfplay.apply(params, jnp.asarray(boards)))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    chosen = shares > 0
    expected = -np.sum(shares[chosen] * np.log(p[chosen])) / 2 + np.mean((values - worth) ** 2) / 2
    value = selfplay.loss(params, jnp.asarray(boards), (jnp.asarray(shares), jnp.asarray(worth)))
    assert float(value) == pytest.approx(expected, rel=1e-5)


def test_float64_is_kept():
    with jax.enable_x64(True):
        outputs = jax.eval_shape(
            lambda key: (params := selfplay.init(key, (6,)), selfplay.apply(params, tictactoe.start())), KEY
        )
    assert {leaf.dtype for leaf in jax.tree.leaves(outputs)} == {np.dtype(np.float64)}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rounds": 0}, r"\(rounds, games, simulations, steps, batch_size\) holds 0"),
        ({"simulations": 2.5}, "holds 2.5; every size must be a whole number of at least 1"),
        ({"random_moves": 1.5}, "random_moves is 1.5; it must be at least 0 and at most 1"),
        ({"learning_rate": -1.0}, "learning_rate is -1; it must be at least 0"),
        ({"hidden": ()}, r"hidden is \[\]; it must have at least 1 entries"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_train_names_what_is_wrong(wrong, words):
    with pytest.raises(ValueError, match=words):
        selfplay.train(KEY, **wrong)


@pytest.mark.usefixtures("unchecked")
def test_a_board_that_is_none_is_named():
    params = selfplay.init(KEY, (6,))
    with pytest.raises(ValueError, match=r"boards has shape \(2, 3, 3\); a network for tic-tac-toe wants 9 features"):
        selfplay.apply(params, jnp.zeros((2, 3, 3)))
    with pytest.raises(ValueError, match="board has 0 X and 1 O"):
        selfplay.think(params, jnp.array([-1, 0, 0, 0, 0, 0, 0, 0, 0]))
    with pytest.raises(ValueError, match="board is a finished game: O has won"):
        selfplay.think(params, jnp.array([1, 1, 0, -1, -1, -1, 1, 0, 0]))

"""Monte-Carlo tree search guided by a network (Coulom, 2006; Silver et al., 2016, 2017): look ahead where it pays.

The tree has a node for each position that was looked at. At node s it keeps for each move a: N(s, a), how often the
move was tried; W(s, a), the sum of what came of it for the player to move; P(s, a), the network's probability. One
simulation walks down from the root, always by the move of largest

    Q(s, a) + c P(s, a) sqrt(1 + sum_b N(s, b)) / (1 + N(s, a))          Q = W / N, and 0 where N = 0

(what was good so far, plus a bonus for what is promising and little tried), until a move leads to no node yet. The
position after it is worth the result if the game is over, else what the network thinks, and gets a node of its own.
Then that worth is added to W of all moves walked, its sign turned from each to the one before: good for one player is
bad for the other. The moves tried most often are better than the network's own first thought.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from nnjax.checks import require_sizes
from nnjax.models import tictactoe

Network = Callable[[Int[Array, "9"]], tuple[Float[Array, "9"], Float[Array, ""]]]
"""A function of a board: the probability of each move, and the result expected by the player to move, -1 to 1."""

NONE = -1


class Tree(NamedTuple):
    """The tree as arrays, one row a node, the root first: N, W and P, and which node each move leads to, or NONE."""

    board: Int[Array, "nodes 9"]
    N: Float[Array, "nodes 9"]
    W: Float[Array, "nodes 9"]
    P: Float[Array, "nodes 9"]
    child: Int[Array, "nodes 9"]


class Walk(NamedTuple):
    """The moves of one walk from the root: ``length`` pairs of a node and the move made there; the rest is 0."""

    node: Int[Array, "9"]
    move: Int[Array, "9"]
    length: Int[Array, ""]


def search(
    network: Network, board: Int[Array, "9"], simulations: int, *, c: float = 1.5
) -> tuple[Float[Array, "9"], Float[Array, ""]]:
    """Return (shares, worth) of ``board``, an unfinished game.

    ``shares`` is how the simulations were divided among the moves, ``worth`` the mean of what came of them for the
    player to move. Raises ValueError for simulations that are not a whole number of at least 1, and for a board
    without a move to make, unless it is traced.
    """
    tictactoe.require_unfinished("board", board)
    require_sizes("simulations", [simulations])
    nodes = simulations + 1
    zeros = jnp.zeros((nodes, 9))
    tree = Tree(jnp.tile(board, (nodes, 1)), zeros, zeros, zeros, jnp.full((nodes, 9), NONE, jnp.int32))
    tree = tree._replace(P=tree.P.at[0].set(network(board)[0]))
    tree = jax.lax.fori_loop(1, nodes, lambda node, tree: simulate(network, tree, node, c), tree)
    return tree.N[0] / simulations, jnp.sum(tree.W[0]) / simulations


def simulate(network: Network, tree: Tree, new: int | Int[Array, ""], c: float | Float[Array, ""]) -> Tree:
    """Return the tree after one simulation, whose last position becomes the node ``new``."""
    walk = descend(tree, c)
    node, move = walk.node[walk.length - 1], walk.move[walk.length - 1]
    board = tictactoe.play(tree.board[node], move)
    over = tictactoe.finished(board)
    P, opinion = network(board)
    # Both are for the player to move at the new position; the last mover, one step back, sees the opposite.
    worth = jnp.where(over, tictactoe.winner(board) * tictactoe.to_move(board), opinion)
    steps_back = walk.length - jnp.arange(9)
    walked = steps_back > 0
    gain = jnp.where(steps_back % 2 == 1, -worth, worth)
    return Tree(
        board=tree.board.at[new].set(board),
        N=tree.N.at[walk.node, walk.move].add(walked),
        W=tree.W.at[walk.node, walk.move].add(jnp.where(walked, gain, 0)),
        P=tree.P.at[new].set(P),
        child=tree.child.at[node, move].set(jnp.where(over, NONE, jnp.int32(new))),
    )


def descend(tree: Tree, c: float | Float[Array, ""]) -> Walk:
    """Return the walk from the root to a move that leads to no node yet."""

    def step(state: tuple[Walk, Array]) -> tuple[Walk, Array]:
        walk, node = state
        move = choose(tree, node, c)
        node_list, move_list = walk.node.at[walk.length].set(node), walk.move.at[walk.length].set(move)
        return Walk(node_list, move_list, walk.length + 1), tree.child[node, move]

    nothing = jnp.zeros(9, jnp.int32)
    begin = (Walk(nothing, nothing, jnp.int32(0)), jnp.int32(0))
    return jax.lax.while_loop(lambda state: state[1] != NONE, step, begin)[0]


def choose(tree: Tree, node: Int[Array, ""], c: float | Float[Array, ""]) -> Int[Array, ""]:
    """Return the legal move of largest Q + c P sqrt(1 + sum N) / (1 + N) at a node."""
    N, W, P = tree.N[node], tree.W[node], tree.P[node]
    score = W / jnp.maximum(N, 1) + c * P * jnp.sqrt(1 + jnp.sum(N)) / (1 + N)
    return jnp.argmax(jnp.where(tree.board[node] == 0, score, -jnp.inf)).astype(jnp.int32)

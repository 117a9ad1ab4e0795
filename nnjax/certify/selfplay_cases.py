"""Cases of the network of self-play: boards of every stage of the game, the search's shares and what came of them."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from nnjax import manual, models
from nnjax.certify.engine import Case

Cases = Callable[[np.random.Generator], Iterator[Case]]


def _selfplay(rng: np.random.Generator) -> Iterator[Case]:
    positions = np.array([board for board in manual.tictactoe.positions() if manual.tictactoe.moves(board)])
    for batch, hidden in ((6, (4, 5)), (1, (3,)), (4, (2, 3, 4))):
        # Only the shapes come from init: its biases are zero, where a wrong gradient could hide.
        shapes = jax.eval_shape(lambda key, hidden=hidden: models.selfplay.init(key, hidden), jax.random.key(0))
        params = jax.tree.map(lambda leaf: rng.normal(0, 0.7, leaf.shape), shapes)
        boards = rng.choice(positions, batch)
        shares = np.where(boards == 0, rng.uniform(size=boards.shape), 0)
        targets = (shares / shares.sum(axis=1, keepdims=True), rng.uniform(-1, 1, batch))

        def apply(params: Any, boards: np.ndarray = boards, targets: Any = targets) -> Any:
            return models.selfplay.loss(params, *jax.tree.map(jax.numpy.asarray, (boards, targets)))

        def by_hand(params: Any, dy: Any, boards: np.ndarray = boards, targets: Any = targets) -> Any:
            return manual.selfplay.loss_and_grads(params, boards, targets)

        yield Case(params, apply, by_hand)


CASES: dict[str, Cases] = {"models.selfplay": _selfplay}

"""Cases of the layers and models of sequences: several lengths, one time step, one sequence, a given first state."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nnjax import layers, manual
from nnjax.certify.engine import Case

Cases = Callable[[np.random.Generator], Iterator[Case]]


def _embedding(rng: np.random.Generator) -> Iterator[Case]:
    for shape, rows, width in (((2, 5), 4, 3), ((1, 1), 3, 2), ((6,), 2, 1), ((), 3, 4)):
        tokens = np.asarray(rng.integers(0, rows, shape))

        def by_hand(params: Any, dy: Any, tokens: np.ndarray = tokens) -> tuple[Any, Any]:
            y, cache = manual.embedding.forward(params, tokens)
            return y, None if dy is None else manual.embedding.backward(params, cache, dy)

        params = {"W": rng.normal(size=(rows, width))}
        yield Case(params, lambda params, tokens=tokens: layers.embedding.apply(params, tokens), by_hand)


CASES: dict[str, Cases] = {
    "layers.embedding": _embedding,
}

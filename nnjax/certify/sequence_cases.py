"""Cases of the layers and models of sequences: several lengths, one time step, one sequence, a given first state."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import jax.numpy as jnp
import numpy as np

from nnjax import layers, manual, models
from nnjax.certify.engine import Case
from nnjax.certify.layer_cases import of_layer
from nnjax.certify.model_cases import of_model

Cases = Callable[[np.random.Generator], Iterator[Case]]


def _embedding(rng: np.random.Generator) -> Iterator[Case]:
    for shape, rows, width in (((2, 5), 4, 3), ((1, 1), 3, 2), ((6,), 2, 1), ((), 3, 4)):
        tokens = np.asarray(rng.integers(0, rows, shape))

        def by_hand(params: Any, dy: Any, tokens: np.ndarray = tokens) -> tuple[Any, Any]:
            y, cache = manual.embedding.forward(params, tokens)
            return y, None if dy is None else manual.embedding.backward(params, cache, dy)

        def apply(params: Any, tokens: Any = tokens) -> Any:
            return layers.embedding.apply(params, jnp.asarray(tokens))

        yield Case({"W": rng.normal(size=(rows, width))}, apply, by_hand)


Shape = tuple[int, int, int, int]
LENGTHS: tuple[Shape, ...] = ((3, 4, 2, 3), (1, 5, 3, 2), (2, 1, 2, 4), (1, 1, 1, 1))
"""Batch, time, inputs, hidden."""


def _recurrent(layer: str, gates: int, states: int, rng: np.random.Generator) -> Iterator[Case]:
    """The outputs and the last state, differentiated by parameters, inputs and the first state; one step by itself."""
    jax_layer, by_hand_layer = getattr(layers, layer), getattr(manual, layer)
    for batch, time, inputs, hidden in LENGTHS:
        everything = {
            "params": _recurrent_params(rng, inputs, hidden, gates),
            "xs": rng.normal(size=(batch, time, inputs)),
            "state": _as_given([rng.normal(size=(batch, hidden)) for _ in range(states)]),
        }

        def apply(given: Any) -> Any:
            return _joined(jnp, *jax_layer.apply(given["params"], given["xs"], given["state"]))

        def by_hand(given: Any, dy: Any, time: int = time) -> tuple[Any, Any]:
            output, caches = by_hand_layer.forward(given["params"], given["xs"], given["state"])
            if dy is None:
                return _joined(np, *output), None
            dstate = _as_given([dy[:, time + k] for k in range(states)])
            dxs, dstate, grads = by_hand_layer.backward(given["params"], caches, dy[:, :time], dstate)
            return _joined(np, *output), {"params": grads, "xs": dxs, "state": dstate}

        yield Case(everything, apply, by_hand)

        def one_step(given: Any) -> Any:
            state = jax_layer.step(given["params"], given["state"], given["xs"][:, 0])
            return _joined(jnp, _first(state)[:, None], state)

        if time == 1:
            yield Case(everything, one_step, by_hand)
        yield _from_nothing(jax_layer, by_hand_layer, everything["params"], everything["xs"])


def _from_nothing(jax_layer: Any, by_hand_layer: Any, params: Any, xs: np.ndarray) -> Case:
    """Without a first state, and with no use made of the last one."""

    def forward(params: Any, xs: Any) -> Any:
        (outputs, _), caches = by_hand_layer.forward(params, xs)
        return outputs, caches

    def backward(params: Any, caches: Any, dy: Any) -> Any:
        dxs, _, grads = by_hand_layer.backward(params, caches, dy)
        return dxs, grads

    return of_layer(params, xs, lambda params, xs: jax_layer.apply(params, xs)[0], forward, backward)


def _recurrent_params(rng: np.random.Generator, inputs: int, hidden: int, gates: int) -> dict[str, np.ndarray]:
    shapes = {"Wx": (inputs, gates * hidden), "Wh": (hidden, gates * hidden), "b": (gates * hidden,)}
    return {name: rng.normal(0, 0.7, shape) for name, shape in shapes.items()}


def _as_given(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else tuple(parts)


def _first(state: Any) -> Any:
    return state[0] if isinstance(state, tuple) else state


def _joined(numpy: Any, outputs: Any, state: Any) -> Any:
    """Return outputs and state as one array, the parts of the state behind the last time step."""
    parts = state if isinstance(state, tuple) else (state,)
    return numpy.concatenate([outputs, *(part[:, None] for part in parts)], axis=1)


def _rnn(rng: np.random.Generator) -> Iterator[Case]:
    for cell, gates in models.rnn.GATES.items():
        for sizes, batch, time in (((2, 3, 4), 3, 4), ((1, 2, 3, 2), 2, 3), ((3, 2, 2), 1, 1)):
            params = {"recurrent": _stack(rng, sizes[:-1], gates), "output": _dense(rng, *sizes[-2:])}
            yield of_model(
                params, rng.normal(size=(batch, time, sizes[0])), rng.integers(0, sizes[-1], batch),
                partial(models.rnn.loss, cell=cell), partial(manual.rnn.loss_and_grads, cell=cell),
            )  # fmt: skip


def _rnn_language(rng: np.random.Generator) -> Iterator[Case]:
    for cell, gates in models.rnn.GATES.items():
        for tokens, sizes, batch, time in ((4, (2, 3), 3, 4), (3, (2, 3, 2), 2, 3), (2, (1, 2), 1, 1)):
            params = {
                "embedding": {"W": rng.normal(size=(tokens, sizes[0]))},
                "recurrent": _stack(rng, sizes, gates),
                "output": _dense(rng, sizes[-1], tokens),
            }
            text = rng.integers(0, tokens, (batch, time + 1))
            yield of_model(
                params, text[:, :-1], text[:, 1:],
                partial(models.rnn_language.loss, cell=cell), partial(manual.rnn_language.loss_and_grads, cell=cell),
            )  # fmt: skip


def _stack(rng: np.random.Generator, sizes: tuple[int, ...], gates: int) -> list[dict[str, np.ndarray]]:
    return [_recurrent_params(rng, inputs, hidden, gates) for inputs, hidden in pairwise(sizes)]


def _dense(rng: np.random.Generator, inputs: int, outputs: int) -> dict[str, np.ndarray]:
    return {"W": rng.normal(size=(inputs, outputs)), "b": rng.normal(size=outputs)}


CASES: dict[str, Cases] = {
    "layers.embedding": _embedding,
    "layers.elman": partial(_recurrent, "elman", 1, 1),
    "layers.lstm": partial(_recurrent, "lstm", 4, 2),
    "layers.gru": partial(_recurrent, "gru", 3, 1),
    "models.rnn": _rnn,
    "models.rnn_language": _rnn_language,
}

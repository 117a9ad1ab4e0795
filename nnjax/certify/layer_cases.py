"""Cases of the layers: parameters and input are both differentiated, at several shapes and settings."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import numpy as np

from nnjax import layers
from nnjax.certify.engine import Case
from nnjax.manual import dense, dropout, maxout, normalization

Cases = Callable[[np.random.Generator], Iterator[Case]]


def of_layer(params: Any, x: np.ndarray, apply: Callable[..., Any], forward: Any, backward: Any) -> Case:
    """Return the case of ``apply(params, x)`` against ``forward(params, x)`` and ``backward(params, cache, dy)``."""

    def by_hand(inputs: Any, dy: Any) -> tuple[Any, Any]:
        y, cache = forward(inputs["params"], inputs["x"])
        if dy is None:
            return y, None
        dx, grads = backward(inputs["params"], cache, dy)
        return y, {"params": grads, "x": dx}

    return Case({"params": params, "x": x}, lambda inputs: apply(inputs["params"], inputs["x"]), by_hand)


def _dense(rng: np.random.Generator) -> Iterator[Case]:
    for batch, inputs, outputs in ((4, 3, 2), (1, 5, 1), (6, 1, 4), (3, 4, None)):
        shape = (inputs,) if outputs is None else (inputs, outputs)
        params = {"W": rng.normal(size=shape), "b": np.asarray(rng.normal(size=shape[1:]))}
        yield of_layer(params, rng.normal(size=(batch, inputs)), layers.dense.apply, dense.forward, dense.backward)


def _maxout(rng: np.random.Generator) -> Iterator[Case]:
    for batch, inputs, outputs, pieces in ((4, 3, 2, 2), (2, 1, 3, 4), (3, 2, 1, 3)):
        params = {"W": rng.normal(size=(pieces, inputs, outputs)), "b": rng.normal(size=(pieces, outputs))}
        yield of_layer(params, rng.normal(size=(batch, inputs)), layers.maxout.apply, maxout.forward, maxout.backward)


def _dropout(rng: np.random.Generator) -> Iterator[Case]:
    for shape, rate in (((4, 3), 0.5), ((2, 10), 0.1), ((7,), 0.9)):
        key = jax.random.key(int(rng.integers(1 << 30)))
        mask = np.asarray(layers.dropout.mask(key, shape, rate), np.float64)

        def by_hand(x: Any, dy: Any, mask: np.ndarray = mask, rate: float = rate) -> tuple[Any, Any]:
            y, cache = dropout.forward(x, mask, rate)
            return y, None if dy is None else dropout.backward(cache, dy)

        apply = partial(layers.dropout.apply, rate=rate, key=key)
        yield Case(rng.normal(size=shape), apply, by_hand)


def _scale_and_bias(rng: np.random.Generator, features: int) -> dict[str, np.ndarray]:
    return {"scale": rng.normal(size=features), "bias": rng.normal(size=features)}


def _layer_norm(rng: np.random.Generator) -> Iterator[Case]:
    for batch, features, eps in ((4, 3, 1e-5), (1, 6, 1e-5), (3, 5, 1e-2)):
        yield of_layer(
            _scale_and_bias(rng, features),
            rng.normal(2.0, 3.0, (batch, features)),
            lambda params, x, eps=eps: layers.normalization.layer_norm_apply(params, x, eps=eps),
            lambda params, x, eps=eps: normalization.layer_norm_forward(params, x, eps=eps),
            normalization.layer_norm_backward,
        )


def _batch_norm(rng: np.random.Generator) -> Iterator[Case]:
    for batch, features, eps in ((4, 3, 1e-5), (6, 1, 1e-5), (3, 5, 1e-2)):
        params, x = _scale_and_bias(rng, features), rng.normal(2.0, 3.0, (batch, features))
        state = {"mean": rng.normal(size=features), "var": rng.uniform(0.5, 2, features)}

        def apply(params: Any, x: Any, train: bool, state: Any = state, eps: float = eps) -> Any:
            state = jax.tree.map(jax.numpy.asarray, state)
            return layers.normalization.batch_norm_apply(params, state, x, train=train, eps=eps)[0]

        yield of_layer(
            params,
            x,
            lambda params, x, apply=apply: apply(params, x, True),
            lambda params, x, eps=eps: normalization.batch_norm_forward(params, x, eps=eps),
            normalization.batch_norm_backward,
        )
        yield of_layer(
            params,
            x,
            lambda params, x, apply=apply: apply(params, x, False),
            lambda params, x, state=state, eps=eps: normalization.batch_norm_evaluate(params, state, x, eps=eps),
            normalization.batch_norm_evaluate_backward,
        )


CASES: dict[str, Cases] = {
    "layers.dense": _dense,
    "layers.maxout": _maxout,
    "layers.dropout": _dropout,
    "layers.layer_norm": _layer_norm,
    "layers.batch_norm": _batch_norm,
}

"""Cases of attention, the transformer block and the transformers: masks, heads, one place, one sequence, dropout."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import numpy as np

from nnjax import layers, manual, models
from nnjax.certify.engine import Case
from nnjax.certify.layer_cases import of_layer
from nnjax.certify.model_cases import of_model

Cases = Callable[[np.random.Generator], Iterator[Case]]


def _lower(time: int) -> np.ndarray:
    return np.tril(np.ones((time, time), bool))


def _some(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """A random mask; some of its rows may be wholly masked."""
    return rng.integers(0, 2, shape).astype(bool)


def _dot_product_attention(rng: np.random.Generator) -> Iterator[Case]:
    for batch, queries, keys, width, values, mask in (
        ((), 3, 3, 2, 2, None),
        ((2,), 4, 4, 3, 3, _lower(4)),
        ((2, 2), 3, 2, 1, 4, _some(rng, 2, 1, 3, 2)),
        ((1,), 1, 1, 2, 1, None),
        ((2,), 3, 3, 2, 2, np.arange(3)[:, None] > np.zeros(3)),  # the first query may look at nothing
    ):
        q, k = rng.normal(size=(*batch, queries, width)), rng.normal(size=(*batch, keys, width))
        v = rng.normal(size=(*batch, keys, values))

        def by_hand(inputs: Any, dy: Any, mask: Any = mask) -> tuple[Any, Any]:
            y, cache = manual.attention.forward(**inputs, mask=mask)
            grads = None if dy is None else manual.attention.backward(cache, dy)
            return y, grads and dict(zip("qkv", grads, strict=True))

        def apply(inputs: Any, mask: Any = mask) -> Any:
            return layers.attention.dot_product_attention(**inputs, mask=mask)

        yield Case({"q": q, "k": k, "v": v}, apply, by_hand)


def _multi_head(rng: np.random.Generator) -> Iterator[Case]:
    for batch, time, width, heads, mask in (
        ((2,), 3, 4, 2, None),
        ((2,), 4, 3, 1, _lower(4)),
        ((3,), 2, 4, 4, _some(rng, 3, 1, 2, 2)),
        ((), 3, 4, 2, _some(rng, 2, 3, 3)),
        ((1,), 1, 2, 2, _lower(1)),
    ):
        params = {name: rng.normal(size=(width, width)) for name in ("Wq", "Wk", "Wv", "Wo")}
        yield of_layer(
            params,
            rng.normal(size=(*batch, time, width)),
            partial(layers.attention.multi_head_apply, heads=heads, mask=mask),
            partial(manual.attention.multi_head_forward, heads=heads, mask=mask),
            manual.attention.multi_head_backward,
        )


def _learned(rng: np.random.Generator) -> Iterator[Case]:
    for shape, length in (((2, 3, 2), 3), ((1, 1, 4), 2), ((3, 2), 5), ((2, 2, 2, 1), 2)):
        yield of_layer(
            {"W": rng.normal(size=(length, shape[-1]))},
            rng.normal(size=shape),
            layers.positions.learned_apply,
            manual.positions.learned_forward,
            manual.positions.learned_backward,
        )


def _transformer_block(rng: np.random.Generator) -> Iterator[Case]:
    for batch, time, width, heads, hidden, mask in (
        ((2,), 3, 4, 2, 5, None),
        ((1,), 3, 2, 1, None, _lower(3)),
        ((), 1, 4, 4, 3, None),
    ):
        params = _drawn(rng, partial(layers.transformer_block.init, width=width, hidden=hidden))
        x = rng.normal(size=(*batch, time, width))
        yield _block(params, x, {"heads": heads, "mask": mask}, {"heads": heads, "mask": mask})
    key, rate = jax.random.key(int(rng.integers(1 << 30))), 0.3
    params, x = _drawn(rng, partial(layers.transformer_block.init, width=4, hidden=3)), rng.normal(size=(2, 3, 4))
    masks = [_dropped(k, x.shape, rate) for k in jax.random.split(key)]
    yield _block(params, x, {"heads": 2, "dropout": rate, "key": key}, {"heads": 2, "masks": masks, "rate": rate})


def _block(params: Any, x: np.ndarray, settings: dict[str, Any], by_hand: dict[str, Any]) -> Case:
    block, reference = layers.transformer_block, manual.transformer_block
    return of_layer(
        params, x, partial(block.apply, **settings), partial(reference.forward, **by_hand), reference.backward
    )


def _transformer(rng: np.random.Generator) -> Iterator[Case]:
    for batch, time, tokens, width, depth, heads, length, rate in (
        (2, 3, 3, 4, 1, 2, 3, 0.0),
        (1, 1, 2, 2, 2, 1, 2, 0.0),
        (2, 2, 3, 2, 2, 2, 3, 0.3),
    ):
        make = partial(
            models.transformer.init, tokens=tokens, width=width, layers=depth, heads=heads, length=length, hidden=3
        )
        settings, by_hand = _dropout(rng, (batch, time, width), depth, rate)
        x, targets = rng.integers(0, tokens, (2, batch, time))
        loss = partial(models.transformer.loss, heads=heads, **settings)
        reference = partial(manual.transformer.loss_and_grads, heads=heads, **by_hand)
        yield of_model(_drawn(rng, make), x, targets, loss, reference)


def _vision_transformer(rng: np.random.Generator) -> Iterator[Case]:
    for batch, shape, patch, width, depth, heads, rate in (
        (2, (4, 2, 1), 2, 4, 1, 2, 0.0),
        (1, (2, 2), 1, 2, 2, 1, 0.0),
        (2, (3, 3, 2), 3, 2, 1, 2, 0.0),
        (2, (2, 4), 2, 2, 2, 1, 0.3),
    ):
        make = partial(
            models.vision_transformer.init,
            shape=shape, classes=3, patch=patch, width=width, layers=depth, heads=heads, hidden=3,
        )  # fmt: skip
        places = (shape[0] // patch) * (shape[1] // patch)
        settings, by_hand = _dropout(rng, (batch, places, width), depth, rate)
        loss = partial(models.vision_transformer.loss, heads=heads, patch=patch, **settings)
        reference = partial(manual.vision_transformer.loss_and_grads, heads=heads, patch=patch, **by_hand)
        images, labels = rng.normal(size=(batch, *shape)), rng.integers(0, 3, batch)
        yield of_model(_drawn(rng, make), images, labels, loss, reference)


def _drawn(rng: np.random.Generator, make: Callable[..., Any]) -> Any:
    # Only the shapes come from init: zero biases and small tables could hide a wrong gradient.
    return jax.tree.map(lambda leaf: rng.normal(0, 0.7, leaf.shape), jax.eval_shape(make, jax.random.key(0)))


def _dropped(key: Any, shape: tuple[int, ...], rate: float) -> np.ndarray:
    return np.asarray(layers.dropout.mask(key, shape, rate), np.float64)


def _dropout(
    rng: np.random.Generator, shape: tuple[int, ...], depth: int, rate: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of a model, a rate and a key, and those by hand: the masks drawn from that key."""
    if rate == 0:
        return {}, {}
    key = jax.random.key(int(rng.integers(1 << 30)))
    first, *blocks = jax.random.split(key, depth + 1)
    keys = [first, *(k for block in blocks for k in jax.random.split(block))]
    return {"dropout": rate, "key": key}, {"masks": [_dropped(k, shape, rate) for k in keys], "rate": rate}


CASES: dict[str, Cases] = {
    "layers.dot_product_attention": _dot_product_attention,
    "layers.multi_head": _multi_head,
    "layers.learned": _learned,
    "layers.transformer_block": _transformer_block,
    "models.transformer": _transformer,
    "models.vision_transformer": _vision_transformer,
}

"""What the figures of lesson 9 measure: a small transformer trained on the names of characters, and what it does."""

from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nnjax import data, layers, models, optimizers, training

HEADS = 4
LENGTH = 32


class Writer(NamedTuple):
    """The trained network: its parameters, its alphabet, its share of right guesses after each pass."""

    params: Any
    letters: Any
    right: np.ndarray
    texts: dict[float, str]


@cache
def writer() -> Writer:
    """Train the lesson's transformer for three passes over the names, and let it write."""
    names = data.load("unicode_names")
    letters: Any = names.classes
    pieces = data.windows(names, LENGTH)
    pieces = pieces._replace(x_test=pieces.x_test[:500], y_test=pieces.y_test[:500])
    key = jax.random.key(0)
    shape: dict[str, Any] = {"width": 32, "layers": 2, "heads": HEADS, "length": LENGTH, "hidden": 64}
    start = models.transformer.init(key, len(letters), **shape)
    start["output"] = layers.dense.init(jax.random.split(key, 5)[2], 32, len(letters))
    fitted = training.fit(
        partial(models.transformer.apply, heads=HEADS), start, pieces, epochs=3, batch_size=32,
        optimizer=optimizers.adam(1e-2), key=jax.random.key(1), progress=False,
    )  # fmt: skip
    prompt = jnp.asarray(data.encode("\nLATIN ", letters))[None]
    texts = {}
    for temperature in (0.3, 0.8):
        drawn = models.transformer.generate(
            jax.random.key(4), fitted.params, prompt, 100, heads=HEADS, temperature=temperature
        )
        texts[temperature] = "LATIN " + data.decode(np.asarray(drawn[0]), letters)
    return Writer(fitted.params, letters, np.asarray(fitted.history["val_accuracy"]), texts)


def tokens(text: str) -> Any:
    """Return the text as a batch of one sequence of tokens."""
    return jnp.asarray(data.encode(text, writer().letters))[None]


def maps(text: str) -> np.ndarray:
    """Return where the heads look in the text: (layers, heads, time, time)."""
    return np.asarray(_through(tokens(text))[0])[:, :, : len(text), : len(text)]


def stream(text: str) -> np.ndarray:
    """Return the rows that leave the last block, before the last norm: (time, width)."""
    return np.asarray(_through(tokens(text))[1])[: len(text)]


def outputs(text: Any, *, causal: bool) -> np.ndarray:
    """Return the logits at each place, (time, letters), with the causal mask or with none."""
    return np.asarray(_through(text, causal=causal)[2])[: text.shape[1]]


def scores(text: str, head: int) -> np.ndarray:
    """Return the scores of a head of the first layer before mask and softmax, (time, time)."""
    return np.asarray(_through(tokens(text))[3])[head, : len(text), : len(text)]


def _through(text: Any, *, causal: bool = True) -> Any:
    """Return maps, rows, logits and first scores; texts of all lengths are filled up to one, and compiled once."""
    time = text.shape[1]
    mask = np.tril(np.ones((LENGTH, LENGTH), bool)) if causal else np.arange(LENGTH)[None, :] < time
    filled = jnp.pad(text[0], (0, LENGTH - time))
    return _layer_by_layer(writer().params, filled, jnp.broadcast_to(jnp.asarray(mask), (LENGTH, LENGTH)))


@jax.jit
def _layer_by_layer(params: Any, text: Any, mask: Any) -> Any:
    x = params["tokens"]["W"][text] + params["positions"]["W"]
    normed = layers.normalization.layer_norm_apply(params["blocks"][0]["norm1"], x)
    q, k = (
        (normed @ params["blocks"][0]["attention"][name]).reshape(LENGTH, HEADS, -1).swapaxes(0, 1)
        for name in ("Wq", "Wk")
    )
    first = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
    looks = []
    for block in params["blocks"]:
        normed = layers.normalization.layer_norm_apply(block["norm1"], x)
        looks.append(layers.attention.multi_head_weights(block["attention"], normed, heads=HEADS, mask=mask))
        x = layers.transformer_block.apply(block, x, heads=HEADS, mask=mask)
    rows = layers.normalization.layer_norm_apply(params["norm"], x)
    return jnp.stack(looks), x, rows @ params["output"]["W"] + params["output"]["b"], first


@cache
def digits() -> np.ndarray:
    """Return the accuracy on the test digits of a transformer that reads patches, (2 seeds, epochs)."""
    look: dict[str, Any] = {"heads": 4, "patch": 2}
    shape: dict[str, Any] = {"width": 32, "layers": 1, "hidden": 64}
    fitted = training.fit_many(
        partial(models.vision_transformer.apply, **look),
        lambda key: models.vision_transformer.init(key, (8, 8, 1), 10, **look, **shape),
        data.load("digits"), epochs=8, keys=jax.random.split(jax.random.key(0), 2),
        optimizer=optimizers.adam(5e-3), progress=False,
    )  # fmt: skip
    return np.asarray(fitted.history["val_accuracy"])


@partial(jax.jit, static_argnums=(0, 1))
def errors_through(depth: int, width: int, shortcut: Any) -> Any:
    """Return the size of the error at each of ``depth`` layers of ReLU, with shortcut and norm (1) or without (0)."""
    matrices = jax.random.normal(jax.random.key(2), (depth, width, width)) / np.sqrt(width)
    norm = layers.normalization.layer_norm_init(width)

    def stack(x: Any, marks: Any) -> Any:
        def layer(x: Any, W_and_mark: Any) -> tuple[Any, None]:
            W, mark = W_and_mark
            x = x + mark  # zeros; the gradient by them is the error at this layer
            normed = jnp.where(shortcut > 0, layers.normalization.layer_norm_apply(norm, x), x)
            return shortcut * x + jax.nn.relu(normed @ W), None

        return jnp.sum(jax.lax.scan(layer, x, (matrices, marks))[0][:, 0])

    x, marks = jax.random.normal(jax.random.key(3), (4, width)), jnp.zeros((depth, 4, width))
    return jnp.linalg.norm(jax.grad(stack, 1)(x, marks), axis=(1, 2))

"""Lessons 08 and 09: recurrent networks and transformers, on digits and on the names of Unicode's characters."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from nnjax import data, layers, manual, optimizers
from nnjax.data import Dataset
from nnjax.models import rnn, rnn_language, transformer, vision_transformer
from nnjax.tour.stop import Stop, trained

WINDOW = 32


def digits_rows(keys: Array, cell: str) -> Stop:
    """Read the digits row by row, from top to bottom."""
    digits = data.load("digits")
    dataset = digits._replace(x=digits.x[..., 0], x_test=digits.x_test[..., 0])
    name = {"elman": "Elman", "lstm": "LSTM", "gru": "GRU"}[cell]
    stop, _ = trained(
        keys, "08", f"{name} 8-32-10", dataset,
        init=partial(rnn.init, sizes=(8, 32, 10), cell=cell),
        apply=partial(rnn.apply, cell=cell), loss=partial(rnn.loss, cell=cell),
        by_hand=partial(manual.rnn.loss_and_grads, cell=cell),
        optimizer=optimizers.adam(0.005), epochs=20, batch_size=32, data_name="digits by rows",
    )  # fmt: skip
    return stop._replace(pictures={"gradients_over_time.svg": partial(_gradients, keys[0])} if cell == "elman" else {})


def names_lstm(keys: Array) -> Stop:
    """Learn to write the names of characters, letter by letter."""
    dataset = _names()
    return trained(
        keys, "08", "LSTM 32-64", dataset,
        init=partial(rnn_language.init, tokens=len(dataset.classes), sizes=(32, 64)),
        apply=rnn_language.apply, loss=rnn_language.loss,
        by_hand=partial(manual.rnn_language.loss_and_grads, cell="lstm"),
        optimizer=optimizers.adam(0.005), epochs=1, batch_size=64, data_name="character names",
    )[0]  # fmt: skip


def names_transformer(keys: Array) -> Stop:
    """Learn the same by attention, and show where each head looks."""
    dataset = _names()
    heads = 4
    stop, result = trained(
        keys, "09", "transformer 2 x 32", dataset,
        init=partial(
            transformer.init, tokens=len(dataset.classes), width=32, layers=2, heads=heads, length=WINDOW
        ),
        apply=partial(transformer.apply, heads=heads), loss=partial(transformer.loss, heads=heads),
        by_hand=partial(manual.transformer.loss_and_grads, heads=heads),
        optimizer=optimizers.adam(0.005), epochs=1, batch_size=64, data_name="character names",
    )  # fmt: skip

    def maps() -> Any:
        from nnjax import viz

        text = "GREEK SMALL LETTER ETA"
        params = jax.tree.map(lambda p: p[0], result.params)
        tokens = jnp.asarray(data.encode(text, dataset.classes))[None]
        weights = transformer.attention_weights(params, tokens, heads=heads)
        return viz.attention_maps(np.asarray(weights)[-1, 0], list(text))

    return stop._replace(pictures={"attention.png": maps})


def digits_patches(keys: Array) -> Stop:
    """Read the digits as sixteen patches of 2 x 2 pixels."""
    heads, patch = 4, 2
    settings: dict[str, Any] = {"heads": heads, "patch": patch}
    return trained(
        keys, "09", "ViT 2 x 32", data.load("digits"),
        init=partial(vision_transformer.init, shape=(8, 8, 1), classes=10, width=32, layers=2, **settings),
        apply=partial(vision_transformer.apply, **settings), loss=partial(vision_transformer.loss, **settings),
        by_hand=partial(manual.vision_transformer.loss_and_grads, **settings),
        optimizer=optimizers.adam(0.003), epochs=20, batch_size=32,
    )[0]  # fmt: skip


def _names() -> Dataset:
    return data.windows(data.load("unicode_names"), WINDOW)


def _gradients(key: Array) -> Any:
    """Draw how far back the gradient reaches in Elman networks of three spectral radii, and in an LSTM."""
    from nnjax import viz

    batch, time, inputs, hidden = 4, 40, 4, 32
    xs, state = jnp.zeros((batch, time, inputs)), jnp.zeros((batch, hidden))
    norms = {}
    for radius in (0.5, 0.9, 1.5):
        params = layers.elman.init(key, inputs, hidden)
        params |= {"Wh": layers.memory.with_spectral_radius(jax.random.normal(key, (hidden, hidden)), radius)}
        norms[f"Elman, spectral radius {radius}"] = layers.memory.gradient_norms(layers.elman.step, params, xs, state)
    lstm = layers.lstm.init(key, inputs, hidden)
    lstm |= {"b": lstm["b"].at[hidden : 2 * hidden].set(4.0)}
    norms["LSTM, forget gates open"] = layers.memory.gradient_norms(layers.lstm.step, lstm, xs, (state, state))
    return viz.gradients_over_time({label: np.asarray(norm) for label, norm in norms.items()})

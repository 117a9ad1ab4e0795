"""``fit`` on tokens: a network that sees one character learns what counting pairs of characters tells."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nnjax import data, training


def conditional_entropy(x, y, symbols):
    """The mean surprise -log p(y | x), in nats, of the probabilities that counting the pairs (x, y) gives."""
    counts = np.zeros((symbols, symbols))
    np.add.at(counts, (x.ravel(), y.ravel()), 1)
    p = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return -np.sum(counts[counts > 0] * np.log(p[counts > 0])) / counts.sum()


def apply(params, tokens):
    return params["E"][tokens] @ params["W"] + params["b"]


def test_a_bigram_model_reaches_the_entropy_of_pairs_of_characters():
    names = data.windows(data.load("unicode_names"), 64)
    symbols = len(names.classes)
    keys = jax.random.split(jax.random.key(0))
    params = {
        "E": jax.random.normal(keys[0], (symbols, symbols)),
        "W": 0.1 * jax.random.normal(keys[1], (symbols, symbols)),
        "b": jnp.zeros(symbols),
    }
    settings = {"epochs": 4, "batch_size": 64, "optimizer": optax.adam(optax.cosine_decay_schedule(0.03, 4 * 68))}
    trained, history = training.fit(apply, params, names, key=jax.random.key(1), progress=False, **settings)
    least = conditional_entropy(names.x, names.y, symbols)
    reached = training.evaluate(apply, trained, names.x, names.y)["loss"]
    assert least <= reached <= least + 0.004
    assert history["val_loss"][-1] == pytest.approx(least, abs=0.01)
    assert history["val_accuracy"][-1] > 0.23

"""What the figures of lesson 8 measure: tables of letters, a reader of digits, gradients through time, a writer."""

from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nnjax import data, layers, models, optimizers, training

Params = dict[str, Any]


def table_guesses(context: int) -> tuple[float, int]:
    """Return the share of the next letters that a table for the last ``context`` letters guesses, and its rows."""
    names = data.load("unicode_names")
    count = len(names.classes or ())

    def coded(text: Any, length: int) -> np.ndarray:
        text = np.asarray(text, np.int64)
        code = np.zeros(len(text) - length + 1, np.int64)
        for i in range(length):
            code = code * count + text[i : len(code) + i]
        return code

    pairs, first, times = np.unique(coded(names.x, context + 1), return_index=True, return_counts=True)
    # The commonest letter of each row comes first, of equally common ones that which was seen first.
    order = np.lexsort((first, -times, pairs // count))
    rows, best = np.unique(pairs[order] // count, return_index=True)
    letters = pairs[order][best] % count
    known, wanted = coded(names.x_test[:-1], context), np.asarray(names.x_test[context:])
    at = np.minimum(np.searchsorted(rows, known), len(rows) - 1)
    return float(np.mean((rows[at] == known) & (letters[at] == wanted))), len(rows)


def one_neuron(u: float, w: float, x: np.ndarray) -> np.ndarray:
    """Return the states of a single neuron with the weight w for its own last output."""
    h, states = 0.0, []
    for x_t in x:
        h = float(np.tanh(u * x_t + w * h))
        states.append(h)
    return np.array(states)


@cache
def digits() -> Any:
    """Return the test digits as rows, and what three trained readers would answer after each row (seed 0)."""
    loaded = data.load("digits")
    rows = loaded._replace(x=loaded.x[..., 0], x_test=loaded.x_test[..., 0])
    fitted = training.fit_many(
        reader_apply, lambda key: _reader_init(key, 8, 32, 10), rows, epochs=8,
        optimizer=optimizers.adam(5e-3), keys=jax.random.split(jax.random.key(0), 3), progress=False,
    )  # fmt: skip
    params = jax.tree.map(lambda p: p[0], fitted.params)
    chances = jax.nn.softmax(layers.dense.apply(params["output"], read(params, jnp.asarray(rows.x_test))))
    return rows, np.asarray(chances), params


def _reader_init(key: Any, inputs: int, hidden: int, classes: int) -> Params:
    k1, k2, k3 = jax.random.split(key, 3)
    return {
        "Wx": jax.random.normal(k1, (inputs, hidden)) / np.sqrt(inputs),
        "Wh": jax.random.normal(k2, (hidden, hidden)) / np.sqrt(hidden),
        "b": jnp.zeros(hidden),
        "output": layers.dense.init(k3, hidden, classes),
    }


def read(params: Params, xs: Any, *, exchanged: bool = False) -> Any:
    """Return all states, (batch, time, hidden); ``exchanged`` takes the batch for the time."""

    def step(h: Any, x: Any) -> tuple[Any, Any]:
        h = jnp.tanh(x @ params["Wx"] + h @ params["Wh"] + params["b"])
        return h, h

    xs = xs if exchanged else xs.swapaxes(0, 1)
    states = jax.lax.scan(step, jnp.zeros((xs.shape[1], len(params["Wh"]))), xs)[1]
    return states if exchanged else states.swapaxes(0, 1)


def reader_apply(params: Params, xs: Any) -> Any:
    """Return the logits after the last row."""
    return layers.dense.apply(params["output"], read(params, xs)[:, -1])


def moved(*, exchanged: bool) -> np.ndarray:
    """Return how far the states of three sequences move when only the first is changed."""
    rows, _, params = digits()
    three = jnp.asarray(rows.x_test[:3])
    changed = read(params, three.at[0].add(1.0), exchanged=exchanged)
    return np.asarray(jnp.abs(changed - read(params, three, exchanged=exchanged)).max(axis=(1, 2)))


@cache
def gradient_norms() -> dict[str, np.ndarray]:
    """Return how strongly the last state depends on the earlier ones: three Elman layers and an LSTM that keeps."""
    hidden, steps, key = 24, 40, jax.random.key(0)
    zeros, still = jnp.zeros((2, steps, 4)), jnp.zeros((2, hidden))
    norms = {}
    for radius in (0.5, 0.9, 1.5):
        elman = layers.elman.init(key, 4, hidden)
        elman["Wh"] = layers.memory.with_spectral_radius(jax.random.normal(key, (hidden, hidden)), radius)
        norms[f"radius {radius}"] = layers.memory.gradient_norms(layers.elman.step, elman, zeros, still)
    lstm = layers.lstm.init(key, 4, hidden)
    lstm["b"] = lstm["b"].at[: 2 * hidden].set(jnp.repeat(jnp.array([-4.0, 4.0]), hidden))
    norms["LSTM that keeps"] = layers.memory.gradient_norms(layers.lstm.step, lstm, zeros, (still, still))
    return {label: np.asarray(norm) for label, norm in norms.items()}


def end_loss(b: Any) -> Any:
    """Return the loss of one neuron with w = 1.3 after twenty steps without input: it should end at -0.9."""
    h = np.zeros_like(b)
    for _ in range(20):
        h = np.tanh(1.3 * h + b)
    return 0.5 * (h + 0.9) ** 2


def end_slope(b: float) -> float:
    """Return the slope of that loss, by hand: backpropagation through time."""
    states = [0.0]
    for _ in range(20):
        states.append(float(np.tanh(1.3 * states[-1] + b)))
    slope, d = 0.0, states[-1] + 0.9
    for h in reversed(states[1:]):
        delta = d * (1 - h**2)
        slope, d = slope + delta, 1.3 * delta
    return slope


def descend(limit: float) -> np.ndarray:
    """Return the biases of twelve steps of descent with the gradient clipped at ``limit``."""
    path = [0.001]
    for _ in range(12):
        g = end_slope(path[-1])
        path.append(path[-1] - 0.5 * g * min(1.0, limit / max(abs(g), 1e-30)))
    return np.array(path)


class Writer(NamedTuple):
    """The trained network: its share of right guesses, its logits after a text, what it writes, and that from zeros."""

    right: float
    logits: np.ndarray
    texts: dict[float, str]
    forgetful: str
    letters: Any


@cache
def writer() -> Writer:
    """Train the lesson's LSTM for one pass over the names, and let it write."""
    names = data.load("unicode_names")
    letters: Any = names.classes
    pieces = data.windows(names, 32)
    pieces = pieces._replace(x_test=pieces.x_test[:500], y_test=pieces.y_test[:500])
    k1, k2, k3 = jax.random.split(jax.random.key(0), 3)
    start = {
        "embedding": layers.embedding.init(k1, len(letters), 16),
        "recurrent": [layers.lstm.init(k2, 16, 48)],
        "output": layers.dense.init(k3, 48, len(letters)),
    }
    fitted = training.fit(
        _writer_apply, start, pieces, epochs=1, batch_size=64, optimizer=optimizers.adam(1e-2),
        key=jax.random.key(1), progress=False,
    )  # fmt: skip
    line = jnp.asarray(data.encode("\n", letters))[None]
    texts = {}
    for temperature in (0.3, 0.7, 1.0, 2.0):
        drawn = models.rnn_language.generate(jax.random.key(2), fitted.params, line, 110, temperature=temperature)
        texts[temperature] = data.decode(np.asarray(drawn[0]), letters)
    text = jnp.asarray(data.encode("\nLATIN SMALL LETTER ", letters))[None]
    logits = np.asarray(_writer_apply(fitted.params, text)[0, -1])
    apply, token, forgetful = jax.jit(_writer_apply), line, ""
    for t in range(60):
        token = jax.random.categorical(jax.random.key(t), apply(fitted.params, token)[0, -1]).reshape(1, 1)
        forgetful += letters[int(token[0, 0])]
    return Writer(float(fitted.history["val_accuracy"][0]), logits, texts, forgetful, letters)


def _writer_apply(params: Params, tokens: Any) -> Any:
    h, _ = layers.lstm.apply(params["recurrent"][0], params["embedding"]["W"][tokens])
    return layers.dense.apply(params["output"], h)

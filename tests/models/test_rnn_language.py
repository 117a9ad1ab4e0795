"""The recurrent language model: its parts put together, the text it writes, training and errors."""

from functools import partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

from nnjax import optimizers, training
from nnjax.models import rnn, rnn_language

KEY = jax.random.key(0)
TOKENS, SIZES = 6, (3, 5, 4)


def drawn(cell, sizes=SIZES):
    """Return parameters without a zero: only the shapes come from init."""
    shapes = jax.eval_shape(partial(rnn_language.init, tokens=TOKENS, sizes=sizes, cell=cell), KEY)
    rng = np.random.default_rng(1)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(0, 0.7, leaf.shape), jnp.float32), shapes)


class Flax(linen.Module):
    @linen.compact
    def __call__(self, tokens):
        x = linen.Embed(TOKENS, SIZES[0], name="embedding")(tokens)
        for n, hidden in enumerate(SIZES[1:]):
            x = linen.RNN(linen.OptimizedLSTMCell(hidden, name=f"layer{n}"))(x)
        return linen.Dense(TOKENS, name="output")(x)


def in_flax(layer):
    blocks = {name: jnp.split(leaf, 4, axis=-1) for name, leaf in layer.items()}
    named = {f"i{gate}": {"kernel": Wx} for gate, Wx in zip("ifgo", blocks["Wx"], strict=True)}
    biased = zip("ifgo", blocks["Wh"], blocks["b"], strict=True)
    return named | {f"h{gate}": {"kernel": Wh, "bias": b} for gate, Wh, b in biased}


def test_loss_and_gradients_are_those_of_flax():
    text = np.random.default_rng(0).integers(0, TOKENS, (2, 5))

    def theirs(params, tokens, targets):
        named = {f"layer{n}": in_flax(layer) for n, layer in enumerate(params["recurrent"])}
        named["embedding"] = {"embedding": params["embedding"]["W"]}
        named["output"] = {"kernel": params["output"]["W"], "bias": params["output"]["b"]}
        logits = Flax().apply({"params": named}, tokens)
        return -jnp.mean(jnp.take_along_axis(linen.log_softmax(logits), targets[..., None], -1))

    @jax.jit
    def both(*arguments):
        return [jax.value_and_grad(f)(*arguments) for f in (rnn_language.loss, theirs)]

    ours, expected = both(drawn("lstm"), text[:, :-1], text[:, 1:])
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6), ours, expected)


def test_a_token_changes_nothing_before_it():
    params, tokens = drawn("gru"), jnp.array([[0, 1, 2, 3, 4]])
    before = rnn_language.apply(params, tokens, cell="gru")
    after = rnn_language.apply(params, tokens.at[0, 3].set(5), cell="gru")
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert (np.abs(before[:, 3:] - after[:, 3:]).max(axis=-1) > 0).all()


@pytest.mark.parametrize("cell", rnn.CELLS)
def test_the_coldest_text_is_the_likeliest_token_after_all_that_came_before(cell):
    params, prompt = drawn(cell), jnp.array([[0, 3], [5, 1]])
    text = rnn_language.generate(KEY, params, prompt, 4, cell=cell, temperature=0.0)
    assert text.shape == (2, 4)
    whole = jnp.concatenate([prompt, text], axis=1)
    logits = rnn_language.apply(params, whole, cell=cell)
    np.testing.assert_array_equal(text, jnp.argmax(logits, axis=-1)[:, 1:-1])


def test_the_key_decides_the_text_a_longer_one_begins_like_a_shorter_and_rows_are_drawn_apart():
    params, prompt = drawn("lstm"), jnp.zeros((50, 1), int)
    text = rnn_language.generate(KEY, params, prompt, 8)
    np.testing.assert_array_equal(text[:, :5], rnn_language.generate(KEY, params, prompt, 5))
    assert not np.array_equal(text, rnn_language.generate(jax.random.key(1), params, prompt, 8))
    assert len(np.unique(text, axis=0)) > 25


def test_the_first_tokens_are_as_frequent_as_their_probabilities_at_each_temperature():
    params, prompt = drawn("elman"), jnp.zeros((20_000, 1), int)
    logits = np.asarray(rnn_language.apply(params, prompt[:1], cell="elman"))[0, 0]
    for temperature in (0.5, 2.0):
        first = rnn_language.generate(KEY, params, prompt, 1, cell="elman", temperature=temperature)
        p = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
        np.testing.assert_allclose(np.bincount(first[:, 0], minlength=TOKENS) / 20_000, p, atol=0.015)


@pytest.mark.slow
def test_it_learns_a_text_by_heart_and_says_it():
    period = np.array([0, 1, 0, 2, 3, 3])  # What follows 0 or 3 depends on what came before it.
    text = np.tile(period, 60)
    x = np.stack([text[i : i + 12] for i in range(100)])
    y = np.stack([text[i + 1 : i + 13] for i in range(100)])
    params = rnn_language.init(KEY, TOKENS, (8, 16))
    dataset = SimpleNamespace(x=x, y=y)
    adam = optimizers.adam(0.02)
    trained = training.fit(
        rnn_language.apply, params, dataset, epochs=20, key=KEY, batch_size=20, optimizer=adam, progress=False
    )
    # Only the first token is a guess: nothing was read yet that tells where in the period it stands.
    assert trained.history["accuracy"][-1] > 0.9
    said = rnn_language.generate(KEY, trained.params, jnp.asarray(text[None, :6]), 30, temperature=0.0)
    assert said[0].tolist() == text[6:36].tolist()


@pytest.mark.parametrize(
    ("tokens", "sizes", "cell", "words"),
    [
        (0, (3, 2), "lstm", "tokens holds 0"),
        (6, (3,), "lstm", r"sizes is \[3\]; it must have at least 2 entries"),
        (6, (3, 4), "gpu", "unknown cell 'gpu'; did you mean 'gru'"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_init_names_what_is_wrong(tokens, sizes, cell, words):
    with pytest.raises(ValueError, match=words):
        rnn_language.init(KEY, tokens, sizes, cell=cell)


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ([[0, 1], [2, 6]], r"\[1, 1\] is 6; tokens of a table of 6 rows run from 0 to 5"),
        ([[], []], r" is empty: shape \(2, 0\)"),
        ([0, 1], r" has shape \(2,\); it must be \(batch, time\)"),
        ([[0.5, 1.0]], " has dtype float32; tokens are integers"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_tokens_are_named(tokens, words):
    tokens = jnp.zeros((2, 0), int) if tokens == [[], []] else jnp.asarray(tokens)
    with pytest.raises(ValueError, match="^tokens" + words):
        rnn_language.apply(drawn("lstm"), tokens)
    with pytest.raises(ValueError, match="^prompt" + words):
        rnn_language.generate(KEY, drawn("lstm"), tokens, 3)


@pytest.mark.parametrize(
    ("length", "settings", "words"),
    [
        (0, {}, "length holds 0"),
        (3, {"temperature": -1.0}, "temperature is -1; it must be at least 0"),
        (3, {"cell": "elman"}, "cell is 'elman'; the layer was made for 'lstm'"),
        (3, {"cell": "x"}, "unknown cell 'x'"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_generate_names_what_is_wrong(length, settings, words):
    with pytest.raises(ValueError, match=words):
        rnn_language.generate(KEY, drawn("lstm"), jnp.zeros((1, 2), int), length, **settings)

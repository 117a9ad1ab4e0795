"""The transformer language model: causality, loss, text that it writes, what it learns by ``fit``, and its errors."""

from functools import partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

from nnjax import training
from nnjax.models import transformer

KEY = jax.random.key(0)
HEADS = 2
INIT = partial(transformer.init, tokens=5, width=8, layers=1, heads=HEADS, length=6)
TOKENS = jnp.asarray(np.random.default_rng(0).integers(0, 5, (3, 6)))
apply = jax.jit(partial(transformer.apply, heads=HEADS))


def drawn(**sizes):
    """Return parameters without a zero or a one: only the shapes come from init."""
    rng = np.random.default_rng(1)
    shapes = jax.eval_shape(partial(INIT, **sizes), KEY)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(0, 0.5, leaf.shape), jnp.float32), shapes)


class Flax(linen.Module):
    @linen.compact
    def __call__(self, tokens):
        x = linen.Embed(5, 8)(tokens) + self.param("places", linen.initializers.zeros, (6, 8))
        for _ in range(2):
            mask = linen.make_causal_mask(tokens)
            normed = linen.LayerNorm(epsilon=1e-5)(x)
            x = x + linen.MultiHeadDotProductAttention(HEADS, use_bias=False)(normed, mask=mask)
            hidden = linen.relu(linen.Dense(32)(linen.LayerNorm(epsilon=1e-5)(x)))
            x = x + linen.Dense(8)(hidden)
        return linen.Dense(5)(linen.LayerNorm(epsilon=1e-5)(x))


def in_flax(params):
    named = {"Embed_0": {"embedding": params["tokens"]["W"]}, "places": params["positions"]["W"]}
    layers = [layer for block in params["blocks"] for layer in block["mlp"]] + [params["output"]]
    norms = [block[name] for block in params["blocks"] for name in ("norm1", "norm2")] + [params["norm"]]
    named |= {f"Dense_{n}": {"kernel": layer["W"], "bias": layer["b"]} for n, layer in enumerate(layers)}
    named |= {f"LayerNorm_{n}": norm for n, norm in enumerate(norms)}
    for n, block in enumerate(params["blocks"]):
        W = block["attention"]
        heads = {
            name: {"kernel": W[w].reshape(8, HEADS, 4)} for name, w in (("query", "Wq"), ("key", "Wk"), ("value", "Wv"))
        }
        named[f"MultiHeadDotProductAttention_{n}"] = heads | {"out": {"kernel": W["Wo"].reshape(HEADS, 4, 8)}}
    return named


def test_loss_and_gradients_are_those_of_flax():
    targets = jnp.roll(TOKENS, -1, axis=1)

    def theirs(params, tokens, targets):
        logits = Flax().apply({"params": in_flax(params)}, tokens)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), targets[..., None], -1))

    @jax.jit
    def both(params):
        return [
            jax.value_and_grad(f)(params, TOKENS, targets) for f in (partial(transformer.loss, heads=HEADS), theirs)
        ]

    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5), *both(drawn(layers=2)))


def test_no_place_sees_the_future_not_even_in_its_last_bit():
    params = drawn()
    logits = apply(params, TOKENS)
    for place in range(1, 6):
        changed = apply(params, TOKENS.at[:, place:].set((TOKENS[:, place:] + 1) % 5))
        np.testing.assert_array_equal(changed[:, :place], logits[:, :place])
        assert (changed[:, place] != logits[:, place]).any()


def test_it_begins_with_nearly_even_predictions():
    params = jax.jit(INIT)(KEY)
    assert float(jax.jit(partial(transformer.loss, heads=HEADS))(params, TOKENS, TOKENS)) == pytest.approx(
        np.log(5), abs=0.05
    )
    shapes = jax.tree.map(jnp.shape, params)
    assert set(shapes) == {"tokens", "positions", "blocks", "norm", "output"}
    assert (shapes["tokens"], shapes["positions"], shapes["output"]) == (
        {"W": (5, 8)}, {"W": (6, 8)}, {"W": (8, 5), "b": (5,)},
    )  # fmt: skip
    assert len(params["blocks"]) == 1


def test_attention_weights_are_causal_rows_that_sum_to_1_and_change_what_comes_out():
    params = drawn()
    maps = jax.jit(partial(transformer.attention_weights, heads=HEADS))(params, TOKENS)
    assert maps.shape == (1, 3, HEADS, 6, 6)
    np.testing.assert_allclose(maps.sum(axis=-1), 1, rtol=1e-5)
    assert not np.triu(maps, 1).any()
    # The first layer's, from the definition.
    x = params["tokens"]["W"][TOKENS] + params["positions"]["W"]
    normed = (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)
    normed = params["blocks"][0]["norm1"]["scale"] * normed + params["blocks"][0]["norm1"]["bias"]
    W = params["blocks"][0]["attention"]
    for head, block in enumerate((slice(0, 4), slice(4, 8))):
        scores = (normed @ W["Wq"][:, block]) @ jnp.swapaxes(normed @ W["Wk"][:, block], 1, 2) / 2
        expected = jax.nn.softmax(jnp.where(np.tril(np.ones((6, 6), bool)), scores, -jnp.inf))
        np.testing.assert_allclose(maps[0, :, head], expected, rtol=1e-4, atol=1e-5)


def test_the_likeliest_text_is_that_of_a_plain_loop_over_a_sliding_window():
    params, prompt = drawn(), TOKENS[:, :2]
    text = np.asarray(prompt)
    for _ in range(9):
        window = text[:, -6:]
        padded = np.pad(window, ((0, 0), (0, 6 - window.shape[1])))
        logits = np.asarray(apply(params, jnp.asarray(padded)))[:, window.shape[1] - 1]
        text = np.concatenate([text, logits.argmax(axis=-1)[:, None]], axis=1)
    written = transformer.generate(KEY, params, prompt, 9, heads=HEADS, temperature=0.0)
    np.testing.assert_array_equal(written, text[:, 2:])
    longer = transformer.generate(KEY, params, jnp.asarray(text), 1, heads=HEADS, temperature=0.0)
    assert longer.shape == (3, 1)


def test_text_is_drawn_by_key_and_as_the_model_predicts():
    params = drawn()
    prompts = jnp.tile(TOKENS[:1, :3], (4000, 1))
    first = np.asarray(transformer.generate(KEY, params, prompts, 1, heads=HEADS))[:, 0]
    expected = jax.nn.softmax(apply(params, jnp.pad(TOKENS[:1, :3], ((0, 0), (0, 3))))[0, 2])
    np.testing.assert_allclose(np.bincount(first, minlength=5) / 4000, expected, atol=0.03)
    np.testing.assert_array_equal(first, transformer.generate(KEY, params, prompts, 1, heads=HEADS)[:, 0])


def test_dropout_needs_a_key():
    params = drawn()
    train = jax.jit(partial(transformer.apply, heads=HEADS, dropout=0.5))
    np.testing.assert_allclose(train(params, TOKENS), apply(params, TOKENS), rtol=1e-4, atol=1e-5)
    assert (train(params, TOKENS, key=KEY) != train(params, TOKENS, key=jax.random.key(1))).any()


@pytest.mark.slow
def test_fit_teaches_it_to_repeat_what_came_three_places_before():
    rng = np.random.default_rng(0)
    text = np.tile(rng.integers(0, 5, (256, 3)), (1, 3))[:, :7].astype(np.int32)
    data = SimpleNamespace(x=text[:, :-1], y=text[:, 1:])
    params = jax.jit(partial(INIT, width=16))(KEY)
    trained = training.fit(partial(transformer.apply, heads=HEADS), params, data, epochs=40, key=KEY, progress=False)
    logits = np.asarray(jax.jit(partial(transformer.apply, heads=HEADS))(trained.params, data.x))
    assert np.mean(logits[:, 2:].argmax(-1) == data.y[:, 2:]) > 0.95


def test_float64_is_kept():
    with jax.enable_x64(True):
        logits = jax.eval_shape(lambda: transformer.apply(INIT(KEY), jnp.zeros((2, 3), int), heads=HEADS))
    assert logits.dtype == np.float64


@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_named():
    params = drawn()
    call = partial(transformer.apply, params, heads=HEADS)
    with pytest.raises(ValueError, match=r"tokens\[1, 2\] is 5; tokens of a table of 5 rows run from 0 to 4"):
        call(jnp.zeros((2, 3), int).at[1, 2].set(5))
    with pytest.raises(ValueError, match=r"tokens has sequences of 7, shape \(2, 7\); the longest is 6"):
        call(jnp.zeros((2, 7), int))
    with pytest.raises(ValueError, match=r"tokens is empty: shape \(2, 0\)"):
        jax.jit(call)(jnp.zeros((2, 0), int))
    with pytest.raises(ValueError, match=r"tokens has shape \(3,\); it must be \(batch, time\)"):
        call(jnp.zeros(3, int))
    with pytest.raises(ValueError, match="tokens has dtype float32; tokens are integers"):
        call(jnp.zeros((2, 3)))
    with pytest.raises(ValueError, match="heads is 3, which does not divide the width 8"):
        transformer.apply(params, TOKENS, heads=3)
    with pytest.raises(ValueError, match="heads is 3, which does not divide the width 8"):
        INIT(KEY, heads=3)
    with pytest.raises(ValueError, match=r"\(tokens, width, layers, length\) holds 0"):
        INIT(KEY, layers=0)


@pytest.mark.usefixtures("unchecked")
def test_bad_wishes_for_text_are_named():
    params, prompt = drawn(), jnp.zeros((1, 2), int)
    write = partial(transformer.generate, KEY, params, heads=HEADS)
    with pytest.raises(ValueError, match=r"prompt is empty: shape \(1, 0\)"):
        write(jnp.zeros((1, 0), int), 3)
    with pytest.raises(ValueError, match=r"prompt\[0, 0\] is -1; tokens of a table of 5 rows"):
        write(jnp.full((1, 2), -1), 3)
    with pytest.raises(ValueError, match="length holds 0"):
        write(prompt, 0)
    with pytest.raises(ValueError, match="temperature is -1; it must be at least 0 and finite"):
        write(prompt, 3, temperature=-1.0)
    with pytest.raises(ValueError, match="heads is 3, which does not divide the width 8"):
        transformer.generate(KEY, params, prompt, 3, heads=3)

"""The network of text against Flax; places that do not matter, texts of any length; a pattern learnt; its errors."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

from nnjax import manual, optimizers, training
from nnjax.certify.engine import gradient_error
from nnjax.data.dataset import Dataset
from nnjax.models import text_cnn

KEY = jax.random.key(0)
INIT = partial(text_cnn.init, tokens=7, classes=3, width=4, filters=5, kernels=(2, 3))


def drawn(init, seed=0):
    """Return parameters without a zero: only the shapes come from init."""
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: rng.normal(0, 0.5, leaf.shape).astype(np.float32), jax.eval_shape(init, KEY))


class Flax(linen.Module):
    @linen.compact
    def __call__(self, tokens):
        rows = linen.Embed(7, 4)(tokens)
        found = [linen.relu(linen.Conv(5, (kernel,))(rows)).max(axis=1) for kernel in (2, 3)]
        return linen.Dense(3)(jnp.concatenate(found, axis=-1))


@pytest.mark.parametrize("time", [1, 6])
def test_loss_and_gradients_are_those_of_flax(time):
    rng = np.random.default_rng(1)
    tokens, labels = rng.integers(0, 7, (4, time)), rng.integers(0, 3, 4)

    def theirs(params, tokens, labels):
        named = {f"Conv_{n}": {"kernel": layer["W"], "bias": layer["b"]} for n, layer in enumerate(params["conv"])}
        named |= {"Embed_0": {"embedding": params["embedding"]["W"]}}
        named |= {"Dense_0": {"kernel": params["dense"]["W"], "bias": params["dense"]["b"]}}
        logits = Flax().apply({"params": named}, tokens)
        return -jnp.mean(jnp.take_along_axis(linen.log_softmax(logits), labels[:, None], 1))

    @jax.jit
    def both(*arguments):
        return [jax.value_and_grad(f)(*arguments) for f in (text_cnn.loss, theirs)]

    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=5e-5, atol=1e-6), *both(drawn(INIT), tokens, labels)
    )


def test_dropout_takes_place_where_there_is_a_key():
    params, tokens = jax.tree.map(jnp.asarray, drawn(INIT)), jnp.array([[1, 2, 3], [4, 5, 6]])
    plain = text_cnn.apply(params, tokens)
    np.testing.assert_array_equal(text_cnn.apply(params, tokens, dropout=0.5), plain)
    assert not np.array_equal(text_cnn.apply(params, tokens, dropout=0.5, key=KEY), plain)


def with_pattern(seed, n=600, time=12):
    """Return texts of six letters, and whether "01" stands somewhere in each: the order decides, not the letters."""
    tokens = np.random.default_rng(seed).integers(0, 6, (n, time)).astype(np.int32)
    return tokens, ((tokens[:, :-1] == 0) & (tokens[:, 1:] == 1)).any(axis=1).astype(np.int32)


@pytest.mark.slow
def test_a_pattern_is_learnt_wherever_it_stands_and_the_gradient_is_right_after_training():
    (x, y), (x_test, y_test) = with_pattern(0), with_pattern(1, 200)
    texts = Dataset("pattern", x, y, x_test, y_test, ("without", "with"), "made")
    params = text_cnn.init(KEY, 6, 2, width=8, filters=8, kernels=(2, 3))
    params, history = training.fit(
        text_cnn.apply, params, texts, epochs=15, key=jax.random.key(1), optimizer=optimizers.adam(1e-2), progress=False
    )
    assert history["val_accuracy"][-1] > 0.97
    assert gradient_error(text_cnn.loss, manual.text_cnn.loss_and_grads, params, x[:5], y[:5]) < 1e-10
    longer, labels = with_pattern(2, 100, 30)
    assert np.mean(np.argmax(text_cnn.apply(params, jnp.asarray(longer)), axis=-1) == labels) > 0.9


@pytest.mark.usefixtures("unchecked")
def test_what_is_wrong_is_named():
    params = jax.tree.map(jnp.asarray, drawn(INIT))
    with pytest.raises(ValueError, match=r"tokens is empty: shape \(2, 0\)"):
        text_cnn.apply(params, jnp.zeros((2, 0), jnp.int32))
    with pytest.raises(ValueError, match=r"tokens\[0, 1\] is 7; tokens of a table of 7 rows run from 0 to 6"):
        text_cnn.apply(params, jnp.array([[1, 7]]))
    with pytest.raises(ValueError, match=r"kernels is \[\]; it must have at least 1 entries"):
        text_cnn.init(KEY, 5, 2, kernels=())
    with pytest.raises(ValueError, match="holds 0"):
        text_cnn.init(KEY, 5, 2, kernels=(2, 0))

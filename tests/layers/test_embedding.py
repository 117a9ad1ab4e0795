"""The embedding against Flax, forward and backward, and its errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

from nnjax import initializers
from nnjax.layers import embedding

KEY = jax.random.key(0)


@pytest.mark.parametrize("batch", [(2, 7), (3,), ()])
def test_forward_and_gradients_are_those_of_flax(batch):
    rng = np.random.default_rng(0)
    params = {"W": rng.normal(size=(5, 4)).astype(np.float32)}
    tokens = np.asarray(rng.integers(0, 5, batch))

    @jax.jit
    def both(params, tokens):
        def theirs(params, tokens):
            return linen.Embed(5, 4).apply({"params": {"embedding": params["W"]}}, tokens)

        return [
            (f(params, tokens), jax.grad(lambda params, f=f: jnp.sum(jnp.cos(f(params, tokens))))(params))
            for f in (embedding.apply, theirs)
        ]

    ours, theirs = both(params, tokens)
    assert ours[0].shape == (*batch, 4)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6), ours, theirs)


def test_it_is_a_dense_layer_of_one_hot_rows_and_equal_tokens_add_up():
    params, tokens = embedding.init(KEY, 4, 3), jnp.array([1, 3, 1, 1])
    np.testing.assert_array_equal(embedding.apply(params, tokens), np.eye(4, dtype=np.float32)[tokens] @ params["W"])
    grads = jax.grad(lambda params: jnp.sum(embedding.apply(params, tokens)))(params)
    assert grads["W"].tolist() == [[0] * 3, [3] * 3, [0] * 3, [1] * 3]


def test_init_draws_numbers_of_variance_one_or_those_of_the_initializer():
    W = embedding.init(KEY, 200, 100)["W"]
    assert W.shape == (200, 100)
    assert 0.98 < float(jnp.std(W)) < 1.02
    given = embedding.init(KEY, 6, 4, initializer=initializers.glorot_uniform)
    np.testing.assert_array_equal(given["W"], initializers.glorot_uniform(KEY, (6, 4)))


@pytest.mark.parametrize("sizes", [(0, 4), (3, 0), (3, 2.5)])
@pytest.mark.usefixtures("unchecked")
def test_an_impossible_size_is_named(sizes):
    with pytest.raises(ValueError, match=r"\(tokens, width\) holds"):
        embedding.init(KEY, *sizes)


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ([[0, 1], [2, 4]], r"tokens\[1, 1\] is 4; tokens of a table of 4 rows run from 0 to 3"),
        ([0, -1], r"tokens\[1\] is -1; tokens of a table of 4 rows run from 0 to 3"),
        (4, "tokens is 4; tokens of a table of 4 rows run from 0 to 3"),
        ([0.0, 1.0], "tokens has dtype float32; tokens are integers"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_a_token_that_is_in_no_row_is_named_with_its_place(tokens, words):
    with pytest.raises(ValueError, match=words):
        embedding.apply({"W": jnp.zeros((4, 2))}, jnp.asarray(tokens))


def test_a_traced_token_that_is_in_no_row_gets_nan_and_moves_nothing():
    def total(params, tokens):
        rows = embedding.apply(params, tokens)
        return jnp.sum(rows, where=~jnp.isnan(rows)), rows

    tokens = jnp.array([2, -1, -3, 4, 7])
    (_, rows), grads = jax.jit(jax.value_and_grad(total, has_aux=True))({"W": jnp.ones((4, 1))}, tokens)
    np.testing.assert_array_equal(rows[:, 0], [1] + 4 * [np.nan])
    assert grads["W"].ravel().tolist() == [0, 0, 1, 0]


@pytest.mark.usefixtures("unchecked")
def test_plain_numbers_and_short_integers_are_tokens_too():
    params = {"W": np.arange(200, dtype=np.float32)[:, None]}
    assert embedding.apply(params, 2).tolist() == [2]
    for tokens in ([1, 127], np.array([1, 127]), jnp.array([1, 127], jnp.int8)):
        assert embedding.apply(params, tokens).tolist() == [[1], [127]]
    with pytest.raises(ValueError, match=r"tokens\[1\] is 200; tokens of a table of 200 rows"):
        embedding.apply(params, [1, 200])


@pytest.mark.usefixtures("unchecked")
def test_tokens_that_are_no_integers_are_named_under_jit():
    with pytest.raises(ValueError, match="tokens has dtype float32"):
        jax.jit(embedding.apply)({"W": jnp.zeros((4, 2))}, jnp.zeros(3))


def test_float64_is_kept():
    with jax.enable_x64(True):
        out = jax.eval_shape(lambda key: embedding.apply(embedding.init(key, 3, 2), jnp.arange(3)), KEY)
    assert out.dtype == np.float64

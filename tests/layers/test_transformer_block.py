"""The transformer block against one made of Flax's layers, forward and backward; shortcuts, dropout and errors."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

from nnjax.layers import transformer_block
from nnjax.layers.attention import causal_mask

KEY = jax.random.key(0)
HEADS = 2


def drawn(width=8, hidden=None):
    """Return parameters without a zero or a one: only the shapes come from init."""
    rng = np.random.default_rng(1)
    shapes = jax.eval_shape(partial(transformer_block.init, width=width, hidden=hidden), KEY)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(0, 0.5, leaf.shape), jnp.float32), shapes)


class Flax(linen.Module):
    @linen.compact
    def __call__(self, x, mask):
        normed = linen.LayerNorm(epsilon=1e-5)(x)
        x = x + linen.MultiHeadDotProductAttention(HEADS, use_bias=False)(normed, mask=mask)
        hidden = linen.relu(linen.Dense(32)(linen.LayerNorm(epsilon=1e-5)(x)))
        return x + linen.Dense(8)(hidden)


def in_flax(params):
    heads = {name: {"kernel": params["attention"][w].reshape(8, HEADS, 4)}
             for name, w in (("query", "Wq"), ("key", "Wk"), ("value", "Wv"))}  # fmt: skip
    dense = {f"Dense_{n}": {"kernel": layer["W"], "bias": layer["b"]} for n, layer in enumerate(params["mlp"])}
    return dense | {
        "LayerNorm_0": params["norm1"],
        "LayerNorm_1": params["norm2"],
        "MultiHeadDotProductAttention_0": heads | {"out": {"kernel": params["attention"]["Wo"].reshape(HEADS, 4, 8)}},
    }


@pytest.mark.parametrize("mask", [None, causal_mask(5)], ids=["all", "causal"])
def test_outputs_and_gradients_are_those_of_flax(mask):
    params, x = drawn(), jnp.asarray(np.random.default_rng(0).normal(size=(3, 5, 8)), jnp.float32)

    def ours(params, x):
        return transformer_block.apply(params, x, heads=HEADS, mask=mask)

    def theirs(params, x):
        return Flax().apply({"params": in_flax(params)}, x, mask)

    @jax.jit
    def both(params, x):
        return [
            (f(params, x), jax.grad(lambda params, x, f=f: jnp.sum(jnp.cos(f(params, x))), (0, 1))(params, x))
            for f in (ours, theirs)
        ]

    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=5e-5), *both(params, x))


def test_when_both_branches_end_in_zeros_the_block_is_the_identity():
    params, x = drawn(), jnp.ones((2, 3, 8))
    silent = params | {
        "attention": params["attention"] | {"Wo": jnp.zeros((8, 8))},
        "mlp": [params["mlp"][0], jax.tree.map(jnp.zeros_like, params["mlp"][1])],
    }
    np.testing.assert_array_equal(transformer_block.apply(silent, x, heads=HEADS), x)


def test_dropout_falls_on_the_branches_and_only_with_a_key():
    params, x = drawn(), jnp.asarray(np.random.default_rng(0).normal(size=(2, 3, 8)), jnp.float32)
    apply = jax.jit(partial(transformer_block.apply, heads=HEADS, dropout=0.5))
    np.testing.assert_allclose(apply(params, x), transformer_block.apply(params, x, heads=HEADS), rtol=1e-5, atol=1e-5)
    y, again, other = apply(params, x, key=KEY), apply(params, x, key=KEY), apply(params, x, key=jax.random.key(1))
    np.testing.assert_array_equal(y, again)
    assert (y != other).any()
    untouched = np.mean(np.asarray(y == x))
    assert 0.05 < untouched < 0.6  # dropped by both branches: a quarter of the entries


@pytest.mark.parametrize("of_params", [np.float32, jnp.bfloat16])
def test_the_gradient_by_x_has_the_dtype_of_x(of_params):
    params = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, of_params), drawn())
    x = jax.ShapeDtypeStruct((2, 3, 8), jnp.bfloat16)
    gradient = jax.grad(lambda params, x: transformer_block.apply(params, x, heads=HEADS).sum(), 1)
    assert jax.eval_shape(gradient, params, x).dtype == jnp.bfloat16


def test_init():
    params = transformer_block.init(KEY, 6)
    assert jax.tree.map(jnp.shape, params) == {
        "norm1": {"scale": (6,), "bias": (6,)},
        "attention": dict.fromkeys(("Wq", "Wk", "Wv", "Wo"), (6, 6)),
        "norm2": {"scale": (6,), "bias": (6,)},
        "mlp": [{"W": (6, 24), "b": (24,)}, {"W": (24, 6), "b": (6,)}],
    }
    assert transformer_block.init(KEY, 6, hidden=5)["mlp"][0]["W"].shape == (6, 5)


@pytest.mark.usefixtures("unchecked")
def test_errors():
    params = drawn()
    with pytest.raises(ValueError, match="heads is 3, which does not divide the width 8"):
        transformer_block.apply(params, jnp.zeros((2, 3, 8)), heads=3)
    with pytest.raises(ValueError, match="wants 8 features"):
        transformer_block.apply(params, jnp.zeros((2, 3, 7)), heads=2)
    with pytest.raises(ValueError, match="x is empty"):
        transformer_block.apply(params, jnp.zeros((2, 0, 8)), heads=2)
    with pytest.raises(ValueError, match="holds 0"):
        transformer_block.init(KEY, 8, hidden=0)

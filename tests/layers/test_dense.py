"""The dense layer against Flax, forward and backward, and its errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

from nnjax import initializers
from nnjax.layers import dense

KEY = jax.random.key(0)


@pytest.mark.parametrize("batch", [(5,), (2, 4), ()])
def test_forward_and_gradients_are_those_of_flax(batch):
    rng = np.random.default_rng(0)
    params = {"W": rng.normal(size=(3, 4)).astype(np.float32), "b": rng.normal(size=4).astype(np.float32)}
    x = rng.normal(size=(*batch, 3)).astype(np.float32)

    @jax.jit
    def both(params, x):
        def theirs(params, x):
            return linen.Dense(4).apply({"params": {"kernel": params["W"], "bias": params["b"]}}, x)

        return [
            (f(params, x), jax.grad(lambda params, x, f=f: jnp.sum(jnp.cos(f(params, x))), (0, 1))(params, x))
            for f in (dense.apply, theirs)
        ]

    ours, theirs = both(params, x)
    assert ours[0].shape == (*batch, 4)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), ours, theirs)


def test_a_single_neuron_has_one_number_for_each_example():
    params = {"W": jnp.array([1.0, -2.0, 0.5]), "b": jnp.array(3.0)}
    assert dense.apply(params, jnp.array([[1.0, 1.0, 2.0], [0.0, 1.0, 0.0]])).tolist() == [3.0, 1.0]
    assert dense.apply(params, jnp.array([1.0, 1.0, 2.0])).shape == ()


def test_init_has_random_weights_of_the_initializer_and_zero_biases():
    layer, neuron = dense.init(KEY, 3, 4), dense.init(KEY, 3)
    assert jax.tree.map(jnp.shape, layer) == {"W": (3, 4), "b": (4,)}
    assert jax.tree.map(jnp.shape, neuron) == {"W": (3,), "b": ()}
    np.testing.assert_array_equal(layer["W"], initializers.he_normal(KEY, (3, 4)))
    assert not layer["b"].any()
    uniform = dense.init(KEY, 3, 4, initializer=initializers.glorot_uniform)
    np.testing.assert_array_equal(uniform["W"], initializers.glorot_uniform(KEY, (3, 4)))


@pytest.mark.parametrize("sizes", [(0, 4), (3, 0), (3, -1), (-2, None), (3, 2.5)])
@pytest.mark.usefixtures("unchecked")
def test_an_impossible_size_is_named(sizes):
    with pytest.raises(ValueError, match=r"\(inputs, outputs\) holds"):
        dense.init(KEY, *sizes)


@pytest.mark.usefixtures("unchecked")
def test_a_wrong_number_of_features_is_named_also_under_jit():
    params = {"W": jnp.zeros((64, 2)), "b": jnp.zeros(2)}
    for apply in (dense.apply, jax.jit(dense.apply)):
        with pytest.raises(
            ValueError, match=r"x has shape \(5, 3\); the dense layer wants 64 features on the last axis"
        ):
            apply(params, jnp.zeros((5, 3)))
        with pytest.raises(ValueError, match=r"x has shape \(5, 8, 8, 1\); .*; flatten each example first"):
            apply(params, jnp.zeros((5, 8, 8, 1)))
        with pytest.raises(ValueError, match=r"x has shape \(\); "):
            apply(params, jnp.zeros(()))


def test_float64_is_kept():
    with jax.enable_x64(True):
        out = jax.eval_shape(lambda key, x: dense.apply(dense.init(key, 3, 2), x), KEY, np.zeros((4, 3)))
    assert out.dtype == np.float64

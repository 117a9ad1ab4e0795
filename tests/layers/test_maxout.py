"""The maxout layer against loops of plain Python and against the ReLU it contains."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax.layers import maxout

KEY = jax.random.key(0)


def drawn(pieces, inputs, outputs):
    rng = np.random.default_rng(0)
    shapes = {"W": (pieces, inputs, outputs), "b": (pieces, outputs)}
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def test_forward_is_the_largest_of_the_pieces():
    params, x = drawn(3, 2, 4), np.random.default_rng(1).normal(size=(5, 2)).astype(np.float32)
    expected = np.empty((5, 4))
    for n in range(5):
        for j in range(4):
            expected[n, j] = max(
                sum(x[n, i] * params["W"][p, i, j] for i in range(2)) + params["b"][p, j] for p in range(3)
            )
    np.testing.assert_allclose(maxout.apply(jax.tree.map(jnp.asarray, params), jnp.asarray(x)), expected, rtol=1e-5)


def test_only_the_winners_get_a_gradient():
    params, x = drawn(3, 2, 4), np.random.default_rng(1).normal(size=(1, 2)).astype(np.float32)
    grads = jax.jit(jax.grad(lambda params, x: jnp.sum(maxout.apply(params, x))))(params, x)
    winners = np.argmax(np.einsum("ni,pio->npo", x, params["W"]) + params["b"], axis=1)[0]
    expected = np.zeros((3, 4))
    expected[winners, range(4)] = 1
    np.testing.assert_array_equal(grads["b"], expected)
    np.testing.assert_allclose(grads["W"], expected[:, None, :] * x[0][:, None], rtol=1e-6)


def test_a_second_piece_of_zero_makes_a_relu():
    params = drawn(2, 3, 4)
    params["W"][1], params["b"][1] = 0, 0
    x = np.random.default_rng(2).normal(size=(2, 6, 3)).astype(np.float32)
    h = jax.jit(maxout.apply)(params, x)
    assert h.shape == (2, 6, 4)
    np.testing.assert_allclose(h, np.maximum(x @ params["W"][0] + params["b"][0], 0), rtol=1e-5, atol=1e-6)


def test_init_gives_each_piece_a_key_of_its_own():
    params = maxout.init(KEY, 4, 3, pieces=3)
    assert jax.tree.map(jnp.shape, params) == {"W": (3, 4, 3), "b": (3, 3)}
    assert not params["b"].any()
    pieces = np.asarray(params["W"]).reshape(3, -1)
    assert len(np.unique(pieces)) == pieces.size
    assert maxout.init(KEY, 4, 3)["W"].shape == (2, 4, 3)


@pytest.mark.usefixtures("unchecked")
def test_errors():
    with pytest.raises(ValueError, match=r"\(pieces, inputs, outputs\) holds 0"):
        maxout.init(KEY, 4, 3, pieces=0)
    with pytest.raises(ValueError, match=r"x has shape \(2, 3\); the maxout layer wants 4 features"):
        maxout.apply({"W": jnp.zeros((2, 4, 3)), "b": jnp.zeros((2, 3))}, jnp.zeros((2, 3)))

"""The transformer for images: patches, what order means to it, the digits by ``fit``, and its errors."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import data, training
from nnjax.models import vision_transformer

KEY = jax.random.key(0)
INIT = partial(vision_transformer.init, shape=(4, 6, 1), classes=3, patch=2, width=8, layers=1, heads=2)
IMAGES = jnp.asarray(np.random.default_rng(0).normal(size=(5, 4, 6, 1)), jnp.float32)
apply = jax.jit(partial(vision_transformer.apply, heads=2, patch=2))


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_patches_are_cut_from_left_to_right_and_top_to_bottom(channels):
    images = np.random.default_rng(0).normal(size=(2, 4, 6, *channels)).astype(np.float32)
    pieces = np.asarray(vision_transformer.patches(jnp.asarray(images), 2))
    assert pieces.shape == (2, 6, 4 * int(np.prod(channels)))
    for row in range(2):
        for column in range(3):
            piece = images[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            np.testing.assert_array_equal(pieces[:, 3 * row + column], piece.reshape(2, -1))


def test_without_positions_the_order_of_the_patches_means_nothing():
    params = jax.jit(INIT)(KEY)
    mirrored = IMAGES.reshape(5, 2, 2, 3, 2, 1)[:, ::-1, :, ::-1].reshape(5, 4, 6, 1)
    assert np.abs(apply(params, IMAGES) - apply(params, mirrored)).max() > 1e-6
    blind = params | {"positions": {"W": jnp.zeros((6, 8))}}
    np.testing.assert_allclose(apply(blind, IMAGES), apply(blind, mirrored), rtol=1e-4, atol=1e-6)


def test_init():
    shapes = jax.tree.map(jnp.shape, jax.eval_shape(INIT, KEY))
    assert set(shapes) == {"patches", "positions", "blocks", "norm", "output"}
    assert (shapes["patches"], shapes["positions"]) == ({"W": (4, 8), "b": (8,)}, {"W": (6, 8)})
    grey = jax.eval_shape(partial(INIT, shape=(4, 6)), KEY)
    assert jax.tree.map(jnp.shape, grey) == shapes


def test_dropout_needs_a_key():
    params = jax.jit(INIT)(KEY)
    train = jax.jit(partial(vision_transformer.apply, heads=2, patch=2, dropout=0.5))
    np.testing.assert_allclose(train(params, IMAGES), apply(params, IMAGES), rtol=1e-4, atol=1e-6)
    assert (train(params, IMAGES, key=KEY) != train(params, IMAGES, key=jax.random.key(1))).any()


@pytest.mark.slow
def test_it_learns_the_digits():
    digits = data.load("digits")
    params = vision_transformer.init(KEY, (8, 8, 1), 10, patch=2)
    trained = training.fit(
        partial(vision_transformer.apply, heads=4, patch=2), params, digits, epochs=15, key=KEY, progress=False
    )
    assert trained.history["val_accuracy"][-5:].mean() > 0.91


@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_named():
    params = jax.jit(INIT)(KEY)
    call = jax.jit(partial(vision_transformer.apply, params, heads=2, patch=2))
    with pytest.raises(ValueError, match="patch is 2, which does not divide the images, 5 high and 6 wide"):
        call(jnp.zeros((1, 5, 6, 1)))
    with pytest.raises(ValueError, match=r"images of shape \(1, 4, 4, 1\) make 4 patches of 4 numbers; .* for 6 of 4"):
        call(jnp.zeros((1, 4, 4, 1)))
    with pytest.raises(ValueError, match=r"images has 2 axes, shape \(1, 24\); it must have at least 3"):
        call(jnp.zeros((1, 24)))
    with pytest.raises(ValueError, match="images has 5 axes"):
        call(jnp.zeros((1, 4, 6, 1, 1)))
    with pytest.raises(ValueError, match="images is empty"):
        call(jnp.zeros((0, 4, 6, 1)))
    with pytest.raises(ValueError, match="patch is 4, which does not divide the images, 4 high and 6 wide"):
        INIT(KEY, patch=4)
    with pytest.raises(ValueError, match="patch holds 0"):
        vision_transformer.patches(IMAGES, 0)
    with pytest.raises(ValueError, match="heads is 3, which does not divide the width 8"):
        INIT(KEY, heads=3)
    with pytest.raises(ValueError, match=r"holds 0; every size"):
        INIT(KEY, classes=0)

"""The small AlexNet against Flax; its layout, dropout and errors; digits learnt in a few epochs."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

from nnjax import data, manual, optimizers, training
from nnjax.certify.engine import gradient_error
from nnjax.models import alexnet

KEY = jax.random.key(0)
FILTERS = (4, 6, 6, 4, 4)


def drawn(init, seed=0):
    """Return parameters without a zero: only the shapes come from init."""
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: rng.normal(0, 0.3, leaf.shape).astype(np.float32), jax.eval_shape(init, KEY))


def normalised(x):
    padded = jnp.pad(x**2, ((0, 0), (0, 0), (0, 0), (2, 2)))
    return x / (2 + 1e-4 * sum(padded[..., i : i + x.shape[-1]] for i in range(5))) ** 0.75


class Flax(linen.Module):
    @linen.compact
    def __call__(self, x):
        for n, filters in enumerate(FILTERS):
            kernel, groups = (5 if n < 2 else 3), (2 if n in (1, 3, 4) else 1)
            x = linen.relu(linen.Conv(filters, (kernel, kernel), feature_group_count=groups)(x))
            x = normalised(x) if n < 2 else x
            x = linen.max_pool(x, (3, 3), (2, 2), "SAME") if n in (0, 1, 4) else x
        x = x.reshape(len(x), -1)
        for size in (7, 5):
            x = linen.relu(linen.Dense(size)(x))
        return linen.Dense(3)(x)


def test_logits_and_gradients_are_those_of_flax():
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=(2, 9, 8, 1)).astype(np.float32), np.array([2, 0])
    params = drawn(partial(alexnet.init, shape=(9, 8, 1), filters=FILTERS, hidden=(7, 5), classes=3))

    def theirs(params, x, labels):
        named = {
            f"{name}_{n}": {"kernel": layer["W"], "bias": layer["b"]}
            for name, part in (("Conv", "conv"), ("Dense", "dense"))
            for n, layer in enumerate(params[part])
        }
        logits = Flax().apply({"params": named}, x)
        return -jnp.mean(jnp.take_along_axis(linen.log_softmax(logits), labels[:, None], 1))

    @jax.jit
    def both(*arguments):
        return [jax.value_and_grad(f)(*arguments) for f in (alexnet.loss, theirs)]

    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=5e-5, atol=5e-6), *both(params, x, labels))


def test_the_layout():
    params = jax.eval_shape(alexnet.init, KEY)
    assert [layer["W"].shape for layer in params["conv"]] == [
        (5, 5, 1, 32), (5, 5, 16, 64), (3, 3, 64, 96), (3, 3, 48, 96), (3, 3, 48, 64),
    ]  # fmt: skip
    assert [layer["W"].shape for layer in params["dense"]] == [(4 * 4 * 64, 256), (256, 256), (256, 10)]
    assert jax.eval_shape(partial(alexnet.init, shape=(32, 32, 3)), KEY)["dense"][0]["W"].shape == (1024, 256)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"filters": (4, 4)}, "filters has 2 entries; AlexNet has 5 convolutions"),
        ({"filters": (4, 5, 6, 7, 8)}, "groups is 2; it must divide both inputs, 4, and outputs, 5"),
        ({"shape": (28, 28)}, r"shape is \(28, 28\); it must be \(height, width, channels\)"),
        ({"shape": (28, 28, 1, 1)}, r"shape is \(28, 28, 1, 1\); it must be \(height, width, channels\)"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_init_names_what_is_wrong(setting, words):
    with pytest.raises(ValueError, match=words):
        alexnet.init(KEY, **setting)


def test_images_of_another_size_go_through_if_as_many_features_are_left():
    params = jax.eval_shape(partial(alexnet.init, filters=FILTERS, hidden=(5,)), KEY)
    for side in (25, 32):
        assert jax.eval_shape(alexnet.apply, params, jnp.zeros((2, side, side, 1))).shape == (2, 10)
    for side, left in ((24, 36), (40, 100)):
        words = rf"x has shape \(1, {side}, {side}, 1\), of which {left} features reach the dense layers, made for 64"
        with pytest.raises(ValueError, match=words):
            jax.eval_shape(alexnet.apply, params, jnp.zeros((1, side, side, 1)))


@pytest.mark.slow
def test_digits_are_learnt_and_the_gradient_is_right_after_training():
    digits = data.load("digits")
    params = alexnet.init(KEY, (8, 8, 1), (16, 32, 32, 32, 32), (64, 64))
    apply = partial(alexnet.apply, dropout=0.1)
    params, history = training.fit(
        apply, params, digits, epochs=6, key=jax.random.key(1), optimizer=optimizers.adam(2e-3), progress=False
    )
    assert history["val_accuracy"][-1] > 0.9
    assert gradient_error(alexnet.loss, manual.alexnet.loss_and_grads, params, digits.x[:4], digits.y[:4]) < 1e-10


def test_dropout_is_one_half_where_there_is_a_key():
    params = jax.tree.map(jnp.asarray, drawn(partial(alexnet.init, shape=(4, 4, 1), filters=(2,) * 5, hidden=(8,))))
    x = jnp.ones((1, 4, 4, 1))

    @jax.jit
    def both(params, x):
        return [alexnet.apply(params, x), *(alexnet.apply(params, x, dropout=d, key=KEY) for d in (0.0, 0.5)),
                alexnet.apply(params, x, key=KEY)]  # fmt: skip

    plain, kept, half, default = both(params, x)
    np.testing.assert_allclose(kept, plain, rtol=1e-5)
    np.testing.assert_allclose(default, half, rtol=1e-5)
    assert not np.allclose(half, plain)

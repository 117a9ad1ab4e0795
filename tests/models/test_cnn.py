"""The plain convolutional network against Flax; its sizes, dropout and errors; digits learnt in a few epochs."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

from nnjax import data, manual, optimizers, training
from nnjax.certify.engine import gradient_error
from nnjax.models import cnn

KEY = jax.random.key(0)


def drawn(init, seed=0):
    """Return parameters without a zero: only the shapes come from init."""
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: rng.normal(0, 0.3, leaf.shape).astype(np.float32), jax.eval_shape(init, KEY))


class Flax(linen.Module):
    padding: str
    pool: tuple

    @linen.compact
    def __call__(self, x):
        for filters, pool in zip((3, 4), self.pool, strict=True):
            x = linen.relu(linen.Conv(filters, (3, 3), padding=self.padding)(x))
            x = linen.max_pool(x, (pool, pool), (pool, pool))
        x = linen.relu(linen.Dense(6)(x.reshape(len(x), -1)))
        return linen.Dense(5)(x)


@pytest.mark.parametrize(("padding", "pool"), [("SAME", (2, 2)), ("VALID", (1, 3))])
def test_loss_logits_and_gradients_are_those_of_flax(padding, pool):
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=(4, 9, 8, 2)).astype(np.float32), rng.integers(0, 5, 4)
    setting = {"padding": padding, "pool": pool}
    params = drawn(partial(cnn.init, shape=(9, 8, 2), filters=(3, 4), hidden=(6,), classes=5, kernel=3, **setting))

    def ours(params, x, labels):
        return cnn.loss(params, x, labels, **setting), cnn.apply(params, x, **setting)

    def theirs(params, x, labels):
        named = {
            f"{name}_{n}": {"kernel": layer["W"], "bias": layer["b"]}
            for name, part in (("Conv", "conv"), ("Dense", "dense"))
            for n, layer in enumerate(params[part])
        }
        logits = Flax(padding, pool).apply({"params": named}, x)
        return -jnp.mean(jnp.take_along_axis(linen.log_softmax(logits), labels[:, None], 1)), logits

    @jax.jit
    def both(*arguments):
        return [jax.value_and_grad(f, has_aux=True)(*arguments) for f in (ours, theirs)]

    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=5e-5, atol=5e-6), *both(params, x, labels))


def test_init_makes_the_layers_that_are_asked_for():
    params = jax.eval_shape(partial(cnn.init, shape=(28, 28, 1)), KEY)
    shapes = {part: [layer["W"].shape for layer in layers] for part, layers in params.items()}
    assert shapes == {"conv": [(5, 5, 1, 32), (5, 5, 32, 64)], "dense": [(3136, 256), (256, 10)]}
    small = partial(cnn.init, shape=(28, 28, 1), filters=(16, 16, 32), hidden=(), kernel=(5, 3, 3), pool=(2, 1, 4))
    shapes = [leaf.shape for leaf in jax.tree.leaves(jax.eval_shape(small, KEY)) if len(leaf.shape) > 1]
    assert shapes == [(5, 5, 1, 16), (3, 3, 16, 16), (3, 3, 16, 32), (3 * 3 * 32, 10)]
    valid = jax.eval_shape(partial(cnn.init, shape=(32, 20, 3), filters=(4,), padding="VALID"), KEY)
    assert valid["dense"][0]["W"].shape == (14 * 8 * 4, 256)


def test_each_axis_has_its_own_padding():
    padding = ((1, 2), (0, 1))
    params = cnn.init(KEY, (8, 8, 1), (4,), (), kernel=3, padding=padding)
    assert params["dense"][0]["W"].shape == (4 * 3 * 4, 10)
    assert cnn.apply(params, jnp.zeros((2, 8, 8, 1)), padding=padding).shape == (2, 10)


def test_every_layer_has_a_key_of_its_own():
    params = cnn.init(KEY, (4, 4, 3), (3, 3), (12,), 12, kernel=3, pool=1)
    weights = [np.ravel(leaf) for leaf in jax.tree.leaves(params) if leaf.ndim > 1]
    scaled = np.concatenate([w / w.std() for w in weights])
    assert len(np.unique(np.concatenate(weights))) == scaled.size
    assert not any(layer["b"].any() for layer in params["conv"] + params["dense"])


def test_feature_maps():
    params = jax.tree.map(jnp.asarray, drawn(partial(cnn.init, shape=(8, 8, 1), filters=(3, 4))))
    maps = cnn.features(params["conv"], jnp.ones((2, 8, 8, 1)))
    assert [m.shape for m in maps] == [(2, 4, 4, 3), (2, 2, 2, 4)]
    assert all((m >= 0).all() for m in maps)


def test_dropout_needs_a_key_and_drops_what_enters_the_dense_layers():
    params = jax.tree.map(jnp.asarray, drawn(partial(cnn.init, shape=(4, 4, 1), filters=(3,), hidden=(5,))))
    x = jnp.asarray(np.random.default_rng(0).normal(size=(3, 4, 4, 1)), jnp.float32)
    dropped = jax.jit(partial(cnn.apply, dropout=0.5))
    plain = dropped(params, x)
    np.testing.assert_allclose(plain, jax.jit(cnn.apply)(params, x, key=KEY), rtol=1e-5, atol=1e-6)
    first = dropped(params, x, key=KEY)
    np.testing.assert_array_equal(first, dropped(params, x, key=KEY))
    assert not np.allclose(first, dropped(params, x, key=jax.random.key(1)))
    assert not np.allclose(first, plain)
    one = {"conv": params["conv"], "dense": params["dense"][1:]}
    one["dense"] = [{"W": jnp.eye(12), "b": jnp.zeros(12)}]  # no hidden layer: the flattened maps come out
    flat, kept = cnn.apply(one, x), cnn.apply(one, x, dropout=0.5, key=KEY)
    assert ((kept == 0) | (abs(kept - 2 * flat) < 1e-5)).all()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"shape": (28, 28)}, r"shape is \(28, 28\); it must be \(height, width, channels\)"),
        ({"shape": (0, 28, 1)}, "shape holds 0"),
        ({"shape": (3, 3, 1)}, "kernel of 2 places does not fit into an axis of 1 places"),
        ({"shape": (8, 8, 1), "filters": ()}, r"filters is \[\]; it must have at least 1 entries"),
        ({"shape": (8, 8, 1), "hidden": (4, 0)}, "hidden holds 0"),
        ({"shape": (8, 8, 1), "pool": (2, 2, 2)}, r"pool is \(2, 2, 2\); it must be one whole number or 2"),
        ({"shape": (4, 4, 1), "padding": "VALID"}, "kernel of 5 places does not fit into an axis of 4 places"),
        ({"shape": (8, 8, 1), "padding": (1, 2)}, r"padding is \(1, 2\); it must be .*, or 2 pairs"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_init_names_what_is_wrong(setting, words):
    with pytest.raises(ValueError, match=words):
        cnn.init(KEY, **setting)


@pytest.mark.usefixtures("unchecked")
def test_apply_names_what_is_wrong_also_under_jit():
    params = jax.tree.map(jnp.asarray, drawn(partial(cnn.init, shape=(8, 8, 1), filters=(3, 4))))
    for f in (cnn.apply, jax.jit(cnn.apply)):
        with pytest.raises(
            ValueError, match=r"x has shape \(2, 12, 8, 1\), of which 24 features reach the dense layers"
        ):
            f(params, jnp.zeros((2, 12, 8, 1)))
        with pytest.raises(
            ValueError, match=r"x has shape \(2, 8, 8\); conv2d wants \(batch, height, width, channels\)"
        ):
            f(params, jnp.zeros((2, 8, 8)))
        with pytest.raises(ValueError, match="conv2d wants 1 features"):
            f(params, jnp.zeros((2, 8, 8, 3)))


def test_of_an_empty_batch_there_are_no_logits():
    params = cnn.init(KEY, (8, 8, 1), (4,), (5,), 3, kernel=3)
    assert cnn.apply(params, jnp.zeros((0, 8, 8, 1))).shape == (0, 3)


def test_float64_is_kept():
    def run(key, x):
        return cnn.apply(cnn.init(key, (8, 8, 1), (2, 2)), x, dropout=0.5, key=key)

    with jax.enable_x64(True):
        assert jax.eval_shape(run, KEY, jax.ShapeDtypeStruct((2, 8, 8, 1), np.float64)).dtype == np.float64


@pytest.mark.slow
def test_digits_are_learnt_and_the_gradient_is_right_after_training():
    digits = data.load("digits")
    params = cnn.init(KEY, (8, 8, 1), (8, 16), (32,), kernel=3)
    params, history = training.fit(
        cnn.apply, params, digits, epochs=4, key=jax.random.key(1), optimizer=optimizers.adam(5e-3), progress=False
    )
    assert history["val_accuracy"][-1] > 0.93
    assert gradient_error(cnn.loss, manual.cnn.loss_and_grads, params, digits.x[:8], digits.y[:8]) < 1e-10

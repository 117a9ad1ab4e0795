"""The convolutional networks: against Flax, in their published sizes, learning digits, and their errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

from nnjax import data, optimizers, training
from nnjax.models import alexnet, cnn, lenet, text_cnn

KEY = jax.random.key(0)


class Twin(linen.Module):
    """The same network as Flax's documentation would have it: ReLU, then pooling."""

    @linen.compact
    def __call__(self, x):
        for place, filters in enumerate((4, 6)):
            x = linen.relu(linen.Conv(filters, (3, 3), name=f"conv{place}")(x))
            x = linen.max_pool(x, (2, 2), (2, 2))
        x = linen.relu(linen.Dense(10, name="dense0")(x.reshape(len(x), -1)))
        return linen.Dense(3, name="dense1")(x)


def test_outputs_and_gradients_are_those_of_flax():
    params = cnn.init(KEY, (9, 8, 2), filters=(4, 6), hidden=(10,), classes=3, kernel=3)
    x = jax.random.normal(jax.random.key(1), (5, 9, 8, 2))

    def theirs(params, x):
        named = {f"conv{i}": layer for i, layer in enumerate(params["conv"])}
        named |= {f"dense{i}": layer for i, layer in enumerate(params["dense"])}
        return Twin().apply({"params": {n: {"kernel": p["W"], "bias": p["b"]} for n, p in named.items()}}, x)

    @jax.jit
    def both(params, x):
        return [
            (f(params, x), jax.grad(lambda params, x, f=f: jnp.sum(jnp.sin(f(params, x))), (0, 1))(params, x))
            for f in (cnn.apply, theirs)
        ]

    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), *both(params, x))


def test_shapes_from_init_are_those_that_apply_meets():
    for setting in ({}, {"pooled": (1,)}, {"size": 3, "stride": 2}):
        params = cnn.init(KEY, (12, 10, 1), filters=(2, 3), hidden=(), classes=4, kernel=(5, 3), **setting)
        x = jnp.zeros((2, 12, 10, 1))
        assert cnn.apply(params, x, **setting).shape == (2, 4)
        maps = cnn.feature_maps(params, x, **setting)
        assert maps[-1][0].size == params["dense"][0]["W"].shape[0]
    assert [layer["W"].shape for layer in params["conv"]] == [(5, 5, 1, 2), (3, 3, 2, 3)]


def test_lenet_has_the_sizes_that_were_published():
    params = lenet.init(KEY)
    counts = {name: sum(leaf.size for leaf in jax.tree.leaves(layer)) for name, layer in params.items()}
    counts["C3"] = int(25 * lenet.TABLE.sum() + 16)  # entries that the table switches off are not weights
    assert counts == {"C1": 156, "S2": 12, "C3": 1516, "S4": 32, "C5": 48120, "F6": 10164}
    assert sum(counts.values()) == 60_000
    assert lenet.TABLE.sum(axis=0).tolist() == [3] * 6 + [4] * 9 + [6]
    assert np.all((params["C3"]["W"] == 0) | lenet.TABLE)
    differences = (lenet.CODES[:, None] != lenet.CODES).sum(axis=-1)
    assert np.all(differences[~np.eye(10, dtype=bool)] >= 40)
    assert lenet.squash(jnp.array([-1.0, 0.0, 1.0])) == pytest.approx([-1, 0, 1], abs=1e-4)


def test_lenet_gives_small_images_a_margin_and_keeps_unconnected_weights_at_zero():
    params, x = lenet.init(KEY), jax.random.uniform(KEY, (2, 28, 28, 1))
    wide = jnp.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
    np.testing.assert_array_equal(lenet.apply(params, x), lenet.apply(params, wide))
    grads = jax.grad(lenet.loss)(params, x, jnp.array([1, 2]))
    assert np.all((grads["C3"]["W"] == 0) | lenet.TABLE)
    with pytest.raises(ValueError, match=r"x has shape \(2, 8, 8, 1\); LeNet-5 reads"):
        lenet.apply(params, jnp.zeros((2, 8, 8, 1)))


def test_alexnet_has_the_layout_of_five_and_three_and_drops_only_with_a_key():
    params = alexnet.init(KEY)
    assert [layer["W"].shape[-1] for layer in params["conv"]] == [24, 64, 96, 96, 64]
    assert [layer["W"].shape for layer in params["dense"]] == [(2 * 2 * 64, 256), (256, 256), (256, 10)]
    x = jax.random.normal(KEY, (3, 28, 28, 1))
    maps = cnn.feature_maps(params, x, **alexnet.LAYOUT)
    assert [m.shape[1] for m in maps] == [13, 6, 6, 6, 2]
    np.testing.assert_array_equal(alexnet.apply(params, x), alexnet.apply(params, x))
    assert not np.allclose(alexnet.apply(params, x), alexnet.apply(params, x, key=KEY))
    with pytest.raises(ValueError, match="kernel of 3 places does not fit into an axis of 2 places"):
        alexnet.init(KEY, (14, 14, 1))


def test_training_learns_digits():
    digits = data.load("digits")
    params = cnn.init(KEY, (8, 8, 1), filters=(16, 32), hidden=(64,), kernel=3)
    _, history = training.fit(
        cnn.apply, params, digits, epochs=12, key=KEY, optimizer=optimizers.adam(2e-3), progress=False
    )
    assert history["val_accuracy"][-1] >= 0.96


def test_text_is_read_wherever_it_stands():
    params = text_cnn.init(KEY, 7, 3, grams=(2, 3))
    text = jax.random.randint(KEY, (4, 9), 1, 7)
    at_start, at_end = (jnp.pad(text, ((0, 0), margins)) for margins in ((3, 6), (6, 3)))
    np.testing.assert_allclose(text_cnn.apply(params, at_start), text_cnn.apply(params, at_end), rtol=1e-5, atol=1e-6)


def test_text_training_learns_which_n_gram_is_there():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 5, (600, 12))
    y = np.array([any((row[i], row[i + 1]) == (3, 1) for i in range(11)) for row in x]).astype(np.int32)
    dataset = data.Dataset("bigrams", x[:500], y[:500], x[500:], y[500:], ("no", "yes"), "made")
    _, history = training.fit(
        text_cnn.apply, text_cnn.init(KEY, 5, 2, grams=(2,), filters=8), dataset, epochs=25, key=KEY,
        optimizer=optimizers.adam(0.01), progress=False,
    )  # fmt: skip
    assert history["val_accuracy"][-1] >= 0.97


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cnn.init(KEY, (8, 8)), r"shape is \[8, 8\]; it must have at least 3 entries"),
        (lambda: cnn.init(KEY, (8, 8, 1), filters=(4, 4, 4, 4)), "kernel of 2 places does not fit into an axis of 1"),
        (lambda: cnn.init(KEY, (8, 8, 1), kernel=(3,)), r"kernel is \[3\]; it must have at least 2 entries"),
        (lambda: cnn.apply(cnn.init(KEY, (8, 8, 1)), jnp.zeros((2, 8, 8, 3))), "conv2d wants 1 features"),
        (lambda: cnn.apply(cnn.init(KEY, (8, 8, 1)), jnp.zeros((2, 28, 28, 1))), "the dense layer wants 256 features"),
        (lambda: text_cnn.init(KEY, 5, 0), r"\(tokens, classes, width, filters\) holds 0"),
        (lambda: text_cnn.apply(text_cnn.init(KEY, 5, 2), jnp.zeros((2, 3), int)), "kernel of 4 places does not fit"),
        (lambda: text_cnn.apply(text_cnn.init(KEY, 5, 2), jnp.full((2, 9), 5)), r"tokens\[0, 0\] is 5"),
        (lambda: text_cnn.apply(text_cnn.init(KEY, 5, 2), jnp.zeros(9, int)), r"tokens has shape \(9,\)"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.slow
@pytest.mark.parametrize(("model", "epochs"), [(lenet, 12), (alexnet, 3)])
def test_the_historic_networks_learn_a_part_of_mnist(model, epochs, shared):
    mnist = data.load("mnist", originals=shared)
    part = mnist._replace(x=mnist.x[:6000], y=mnist.y[:6000], x_test=mnist.x_test[:1000], y_test=mnist.y_test[:1000])
    _, history = training.fit(
        model.apply, model.init(KEY), part, epochs=epochs, key=KEY, optimizer=optimizers.adam(1e-3), progress=False
    )
    assert history["val_accuracy"][-1] >= 0.94

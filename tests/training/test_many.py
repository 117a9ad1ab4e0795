"""``fit_many`` against ``fit``, one run at a time."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from nnjax import optimizers
from nnjax.training import fit, fit_many

KEYS = jax.random.split(jax.random.key(5), 3)


def close(a, b):
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-5), a, b)


def alone(apply, init, data, key, **settings):
    init_key, fit_key = jax.random.split(key)
    return fit(apply, init(init_key), data, key=fit_key, progress=False, **settings)


def test_each_seed_is_a_fit(blobs, init, apply):
    def noisy(params, x, *, key=None):
        return apply(params, x if key is None else x + 0.1 * jax.random.normal(key, x.shape))

    data = blobs(50, 20)

    def penalty(params):
        return 1e-3 * sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(params))

    common = {"epochs": 3, "batch_size": 8, "optimizer": optax.sgd(0.1), "regularizer": penalty}  # fmt: skip
    params, history, mean, std = fit_many(noisy, init, data, keys=KEYS, progress=False, **common)
    assert {name: values.shape for name, values in history.items()} == dict.fromkeys(
        ("loss", "accuracy", "val_loss", "val_accuracy"), (3, 3)
    )
    for i, key in enumerate(KEYS):
        wanted = alone(noisy, init, data, key, **common)
        close(jax.tree.map(lambda leaf, i=i: leaf[i], params), wanted.params)
        close({name: values[i] for name, values in history.items()}, wanted.history)
    close(mean, {name: values.mean(axis=0) for name, values in history.items()})
    close(std, {name: values.std(axis=0) for name, values in history.items()})


def test_each_setting_is_a_fit(blobs, init, apply):
    data, optimizer = blobs(40, 11), optimizers.sgd
    settings = {"learning_rate": np.array([0.3, 0.01], np.float32), "momentum": np.array([0.1, 0.9], np.float32)}
    params, history, mean, std = fit_many(
        apply, init, data, epochs=2, keys=KEYS, optimizer=optimizer, settings=settings, batch_size=8, progress=False
    )
    assert params[0]["W"].shape == (2, 3, 4, 8)
    assert history["val_accuracy"].shape == (2, 3, 2)
    assert mean["loss"].shape == std["loss"].shape == (2, 2)
    for r in range(2):
        chosen = optimizer(**{name: float(values[r]) for name, values in settings.items()})
        for i, key in enumerate(KEYS):
            wanted = alone(apply, init, data, key, epochs=2, batch_size=8, optimizer=chosen)
            close(jax.tree.map(lambda leaf, r=r, i=i: leaf[r, i], params), wanted.params)
            close({name: values[r, i] for name, values in history.items()}, wanted.history)


def test_a_run_that_diverges_does_not_stop_the_others(blobs, init, apply):
    def fragile(params, x):
        return jnp.exp(apply(params, x) ** 2)

    data = blobs(40, 11)
    settings = {"learning_rate": np.array([1e-3, 1e4])}
    _, history, mean, _ = fit_many(
        fragile,
        init,
        data,
        epochs=3,
        keys=KEYS[:2],
        optimizer=optax.sgd,
        settings=settings,
        batch_size=8,
        progress=False,
    )
    assert np.isfinite(history["loss"][0]).all()
    assert not np.isfinite(history["loss"][1, :, -1]).any()
    assert not np.isfinite(mean["loss"][1, -1])


def test_an_optimizer_that_asks_for_the_loss(blobs, init, apply):
    settings = {"max_learning_rate": np.array([0.1, 0.5], np.float32)}
    run = partial(fit_many, apply, init, blobs(40), epochs=2, keys=KEYS[:1], batch_size=8, progress=False)
    _, history, *_ = run(optimizer=optax.polyak_sgd, settings=settings)
    wanted = alone(apply, init, blobs(40), KEYS[0], epochs=2, batch_size=8, optimizer=optax.polyak_sgd(0.5))
    close(history["loss"][1, 0], wanted.history["loss"])


def test_same_keys_same_numbers(blobs, init, apply, same):
    run = partial(fit_many, apply, init, blobs(40), epochs=2, keys=KEYS, batch_size=8, optimizer=optax.sgd(0.1))
    first, again = run(progress=False), run(progress=False)
    assert same(tuple(first), tuple(again))
    assert list(first.history) == ["loss", "accuracy"]

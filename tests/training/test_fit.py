"""``fit`` against the same training written out step by step, in NumPy or without the compiled loop."""

from functools import partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nnjax import losses, models, optimizers
from nnjax.training import epoch as epochs_module
from nnjax.training import evaluate, fit

KEY = jax.random.key(7)
SGD = optax.sgd(0.1)  # where the optimizer does not matter: it compiles fast


def minibatches(key, epoch, n, batch_size):
    """What the docstring of fit says about the order of the examples."""
    order_key, step_key = jax.random.split(jax.random.fold_in(key, epoch))
    low, high = (int(number) for number in jax.random.key_data(order_key))
    order = np.argsort(np.random.Philox(key=low + (high << 32)).random_raw(n))
    steps = n // batch_size
    return order[: steps * batch_size].reshape(steps, batch_size), step_key


def softmax_rows(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def numpy_sgd(params, data, key, epochs, batch_size, rate):
    """Backpropagation by hand through one tanh layer, plain mini-batch descent, in float64."""
    (W1, b1), (W2, b2) = ((np.array(p["W"], np.float64), np.array(p["b"], np.float64)) for p in params)
    history = {"loss": [], "accuracy": []}
    for epoch in range(epochs):
        batches, _ = minibatches(key, epoch, len(data.x), batch_size)
        costs, right = [], []
        for rows in batches:
            x, labels = data.x[rows].astype(np.float64), data.y[rows]
            h = np.tanh(x @ W1 + b1)
            p = softmax_rows(h @ W2 + b2)
            costs.append(-np.log(p[np.arange(batch_size), labels]).mean())
            right.append((p.argmax(axis=1) == labels).mean())
            dz = p.copy()
            dz[np.arange(batch_size), labels] -= 1
            dh = (dz @ W2.T) * (1 - h**2)
            W2 -= rate / batch_size * h.T @ dz
            b2 -= rate / batch_size * dz.sum(axis=0)
            W1 -= rate / batch_size * x.T @ dh
            b1 -= rate / batch_size * dh.sum(axis=0)
        history["loss"].append(np.mean(costs))
        history["accuracy"].append(np.mean(right))
    return [{"W": W1, "b": b1}, {"W": W2, "b": b2}], history


def close(a, b, **tolerance):
    jax.tree.map(partial(np.testing.assert_allclose, **tolerance), a, b)


@pytest.mark.parametrize("batch_size", [7, 50])
def test_equals_a_numpy_loop_in_float64(blobs, init, apply, batch_size):
    with jax.enable_x64(True):
        data = blobs(50, 20, dtype=np.float64)
        params = init(jax.random.key(1), dtype=jnp.float64)
        trained, history = fit(
            apply, params, data, epochs=3, key=KEY, batch_size=batch_size, optimizer=optax.sgd(0.1), progress=False
        )
        wanted, wanted_history = numpy_sgd(params, data, KEY, 3, batch_size, 0.1)
        assert {leaf.dtype for leaf in jax.tree.leaves(trained)} == {np.dtype(np.float64)}
        close(trained, wanted, rtol=1e-12, atol=1e-13)
    close(history["loss"], wanted_history["loss"], rtol=1e-12)
    close(history["accuracy"], wanted_history["accuracy"], rtol=1e-6)


def test_float32_and_the_validation(blobs, init, apply):
    data = blobs(64, 33)
    params = init(jax.random.key(1))
    trained, history = fit(
        apply, params, data, epochs=4, key=KEY, batch_size=16, optimizer=optimizers.sgd(0.1), progress=False
    )
    wanted, wanted_history = numpy_sgd(params, data, KEY, 4, 16, 0.1)
    close(trained, wanted, rtol=1e-4, atol=1e-6)
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert {(values.shape, values.dtype) for values in history.values()} == {((4,), np.dtype(np.float64))}
    close(history["loss"], wanted_history["loss"], rtol=1e-5)
    p = softmax_rows(np.tanh(data.x_test @ wanted[0]["W"] + wanted[0]["b"]) @ wanted[1]["W"] + wanted[1]["b"])
    assert history["val_loss"][-1] == pytest.approx(-np.log(p[np.arange(33), data.y_test]).mean(), rel=1e-4)
    assert history["val_accuracy"][-1] == pytest.approx((p.argmax(axis=1) == data.y_test).mean(), abs=1e-6)


def plain_loop(objective, optimizer, params, data, epochs, batch_size):
    """Training without the compiled loop: one jitted step at a time. Returns (params, loss of each epoch)."""

    @jax.jit
    def step(params, state, x, y, key):
        cost, grads = jax.value_and_grad(objective)(params, x, y, key)
        updates, state = optimizer.update(grads, state, params)
        return optax.apply_updates(params, updates), state, cost

    state, costs = optimizer.init(params), []
    for epoch in range(epochs):
        batches, step_key = minibatches(KEY, epoch, len(data.x), batch_size)
        for i, rows in enumerate(batches):
            params, state, cost = step(params, state, data.x[rows], data.y[rows], jax.random.fold_in(step_key, i))
            costs.append(cost)
    return params, np.reshape(costs, (epochs, -1)).mean(axis=1)


OPTIMIZERS = {
    "lion": lambda: optax.lion(1e-2),
    "adamw": lambda: optax.adamw(1e-2, weight_decay=0.1),
    "clipped, with a schedule and momentum": lambda: optax.chain(
        optax.clip_by_global_norm(0.5), optax.sgd(optax.exponential_decay(0.5, 5, 0.5), momentum=0.9)
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_any_optimizer(blobs, init, apply, name):
    data, params, optimizer = blobs(40), init(jax.random.key(2)), OPTIMIZERS[name]()

    def objective(params, x, y, key):
        return optax.softmax_cross_entropy_with_integer_labels(apply(params, x), y).mean()

    wanted, costs = plain_loop(objective, optimizer, params, data, 2, 8)
    trained, history = fit(apply, params, data, epochs=2, key=KEY, batch_size=8, optimizer=optimizer, progress=False)
    close(trained, wanted, rtol=1e-4, atol=1e-6)
    close(history["loss"], costs, rtol=1e-5)


def test_an_optimizer_that_asks_for_the_loss_and_for_its_function(blobs, init, apply):
    """One step on the whole batch, with a penalty, which belongs to the loss that the optimizer is told."""
    data, params = blobs(40), init(jax.random.key(2))
    search = optax.scale_by_backtracking_linesearch(max_backtracking_steps=5)
    optimizer = optax.chain(optax.sgd(9.0), optax.contrib.reduce_on_plateau(), search)

    def penalty(params):
        return losses.l2(params, 0.01)

    @jax.jit
    def stepped(params):
        def objective(params):
            return losses.cross_entropy(apply(params, jnp.asarray(data.x)), jnp.asarray(data.y)) + penalty(params)

        value, grad = jax.value_and_grad(objective)(params)
        updates, _ = optimizer.update(grad, optimizer.init(params), params, value=value, grad=grad, value_fn=objective)
        return optax.apply_updates(params, updates)

    run = partial(fit, apply, params, data, epochs=1, key=KEY, batch_size=40, regularizer=penalty, progress=False)
    close(run(optimizer=optimizer).params, stepped(params), rtol=1e-4, atol=1e-5)


def test_fresh_keys_in_training_none_in_evaluation_and_a_penalty(blobs, init, apply):
    def noisy(params, x, *, key):
        return apply(params, x if key is None else x + 0.1 * jax.random.normal(key, x.shape))

    def penalty(params):
        return 0.01 * sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(params))

    def objective(params, x, y, key):
        return losses.cross_entropy(noisy(params, x, key=key), y) + penalty(params)

    data, params = blobs(40, 9), init(jax.random.key(2))
    wanted, costs = plain_loop(objective, SGD, params, data, 2, 8)
    trained, history = fit(
        noisy, params, data, epochs=2, key=KEY, batch_size=8, optimizer=SGD, regularizer=penalty, progress=False
    )
    close(trained, wanted, rtol=1e-4, atol=1e-6)
    close(history["loss"], costs, rtol=1e-5)
    plain = losses.cross_entropy(apply(trained, data.x_test), jnp.asarray(data.y_test))
    assert history["val_loss"][-1] == pytest.approx(float(plain), rel=1e-5)


@pytest.mark.parametrize("option", ["key", "train"])
def test_running_statistics_are_handed_on(blobs, option):
    """A network that counts its batches and keeps their mean, and says in evaluation what it has kept."""

    def forward(params, state, x, training):
        mean = jnp.mean(x, axis=0) if training else state["mean"]
        if training:
            state = {"mean": 0.9 * state["mean"] + 0.1 * mean, "batches": state["batches"] + 1}
        return (x - mean) @ params["W"], state

    if option == "key":

        def apply(params, state, x, *, key):
            return forward(params, state, x, key is not None)
    else:

        def apply(params, state, x, *, train):
            return forward(params, state, x, train)

    data = blobs(24, 10)
    params, state = {"W": jnp.ones((4, 3))}, {"mean": jnp.zeros(4), "batches": jnp.zeros((), jnp.int32)}
    (trained, kept), history = fit(
        apply, params, data, epochs=3, key=KEY, batch_size=5, state=state, progress=False, optimizer=SGD
    )
    mean = np.zeros(4)
    for epoch in range(3):
        for rows in minibatches(KEY, epoch, 24, 5)[0]:
            mean = 0.9 * mean + 0.1 * data.x[rows].mean(axis=0)
    assert kept["batches"] == 12
    close(kept["mean"], mean, rtol=1e-4, atol=1e-6)
    result = evaluate(apply, trained, data.x_test, data.y_test, state=kept)
    logits = (data.x_test - np.asarray(kept["mean"])) @ np.asarray(trained["W"])
    wanted = -np.log(softmax_rows(logits)[np.arange(10), data.y_test]).mean()
    assert result["loss"] == pytest.approx(wanted, rel=1e-5)
    assert history["val_loss"][-1] == pytest.approx(wanted, rel=1e-5)


def test_same_key_same_numbers_other_key_others(blobs, init, apply, same):
    data, params = blobs(60, 10), init(jax.random.key(3))
    before = jax.tree.map(np.array, params)
    run = partial(fit, apply, params, data, epochs=3, batch_size=8, progress=False)
    first, again, other = run(key=KEY), run(key=KEY), run(key=jax.random.key(8))
    assert same(first.params, again.params)
    assert same(first.history, again.history)
    assert not same(first.params, other.params)
    assert same(params, before)  # the caller's arrays are still there, and the same


def test_old_style_keys(blobs, init, apply, same):
    run = partial(fit, apply, init(jax.random.key(3)), blobs(40), epochs=1, batch_size=8, optimizer=SGD, progress=False)
    assert same(run(key=jax.random.PRNGKey(7)).params, run(key=jax.random.key(7)).params)


@pytest.mark.parametrize(("batch_bytes", "short", "long"), [(1, 9.0, 9.0), (2**24, 0.0, 1e-9)])
def test_where_the_loop_stops_to_report_changes_nothing(
    monkeypatch, blobs, init, apply, same, batch_bytes, short, long
):
    run = partial(fit, apply, init(jax.random.key(3)), blobs(203, 9), epochs=2, key=KEY, batch_size=3, optimizer=SGD)
    run = partial(run, progress=False)
    whole = run()
    monkeypatch.setattr(epochs_module, "BATCH_BYTES", batch_bytes)
    monkeypatch.setattr(epochs_module, "SHORT", short)
    monkeypatch.setattr(epochs_module, "LONG", long)
    cut = run()
    assert same(whole.params, cut.params)
    assert same(whole.history, cut.history)


def test_a_second_run_compiles_nothing(blobs, init, apply):
    traced = []

    def watched(params, x):
        traced.append(x.shape)
        return apply(params, x)

    run = partial(fit, watched, init(jax.random.key(3)), blobs(50, 10), key=KEY, batch_size=8, optimizer=SGD)
    run(epochs=3, progress=False)
    before = len(traced)
    run(epochs=5, progress=False)
    assert traced[before:] == [(8, 4)]  # the check of the shapes, which does not compile


def test_regression_has_no_accuracy_and_no_test_data_no_validation():
    x = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
    data = SimpleNamespace(x=x, y=3 * x[:, 0] + 1)
    params, history = fit(
        lambda params, x: x @ params["W"] + params["b"],
        {"W": jnp.zeros(1), "b": jnp.zeros(())},
        data,
        epochs=60,
        key=KEY,
        loss=losses.squared_error,
        optimizer=optimizers.sgd(0.3),
        batch_size=16,
        progress=False,
    )
    assert list(history) == ["loss"]
    close(params, {"W": [3.0], "b": 1.0}, atol=1e-4)


@pytest.mark.parametrize("shape", ["(n,)", "(n, 1)", "one-hot"])
def test_accuracy_of_two_classes(blobs, shape):
    data = blobs(60, 30, classes=2)
    if shape == "one-hot":
        data.y, data.y_test = (np.eye(2, dtype=np.float32)[labels] for labels in (data.y, data.y_test))
    params = {"W": jnp.zeros((4, 2) if shape == "one-hot" else (4, 1) if shape == "(n, 1)" else 4)}
    loss = {
        "one-hot": losses.cross_entropy,
        "(n, 1)": lambda outputs, y: losses.binary_cross_entropy(outputs[:, 0], y),
        "(n,)": losses.binary_cross_entropy,
    }[shape]
    trained, history = fit(
        lambda params, x: x @ params["W"],
        params,
        data,
        epochs=9,
        key=KEY,
        loss=loss,
        optimizer=SGD,
        progress=False,
        batch_size=10,
    )
    logits = data.x_test @ np.asarray(trained["W"])
    predicted = logits.argmax(axis=1) if shape == "one-hot" else (logits.reshape(-1) > 0).astype(int)
    labels = data.y_test.argmax(axis=1) if shape == "one-hot" else data.y_test
    assert history["val_accuracy"][-1] == pytest.approx((predicted == labels).mean(), abs=1e-6)


def test_accuracy_of_adaline_counts_from_a_half_on(blobs):
    data = blobs(60, 30, classes=2)
    run = partial(fit, models.adaline.apply, models.adaline.init(KEY, 4), data, epochs=9, key=KEY, batch_size=10)
    trained, history = run(loss=losses.squared_error, optimizer=optax.sgd(0.01), progress=False)
    right = np.asarray(models.adaline.predict(trained, jnp.asarray(data.x_test))) == data.y_test
    assert 0.6 < right.mean() == pytest.approx(history["val_accuracy"][-1], abs=1e-6)


def test_sequences_of_labels():
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, 5, (40, 6)).astype(np.int32)
    data = SimpleNamespace(x=tokens, y=(tokens + 1) % 5)
    params, history = fit(
        lambda params, x: params["E"][x], {"E": jnp.zeros((5, 5))}, data, epochs=20, key=KEY, batch_size=8,
        optimizer=optax.adam(0.1), progress=False,
    )  # fmt: skip
    assert history["accuracy"][-1] == 1
    assert np.array_equal(np.argmax(params["E"], axis=1), [1, 2, 3, 4, 0])


class TestDivergence:
    def test_stops_at_the_first_loss_that_is_not_finite(self, blobs, init, apply):
        data = blobs(40)
        optimizer = optax.chain(
            optax.scale_by_schedule(lambda t: jnp.where(t == 7, jnp.inf, -0.1)), optax.clip(float("inf"))
        )
        with pytest.raises(FloatingPointError, match=r"nan in epoch 2, step 4 of 5 .*learning rate.*standardi.*clip"):
            fit(apply, init(KEY), data, epochs=9, key=KEY, batch_size=8, optimizer=optimizer, progress=False)

    def test_a_loss_on_the_test_data_that_is_not_finite(self, blobs):
        data = blobs(40, 9)
        data.x_test[:] = 3e38
        params = {"W": jnp.ones((4, 3))}
        with pytest.raises(FloatingPointError, match="the loss on the test data is nan after epoch 1; try a smaller"):
            fit(lambda params, x: x @ params["W"], params, data, epochs=2, key=KEY, optimizer=SGD, progress=False)

    def test_a_step_that_breaks_the_parameters_at_the_very_end(self, blobs, init, apply):
        optimizer = optax.scale_by_schedule(lambda t: jnp.where(t == 9, jnp.nan, -0.1))
        with pytest.raises(FloatingPointError, match="last step of epoch 2"):
            fit(apply, init(KEY), blobs(40), epochs=2, key=KEY, batch_size=8, optimizer=optimizer, progress=False)

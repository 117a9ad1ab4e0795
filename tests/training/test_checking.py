"""What cannot be right is refused in one sentence, before anything is compiled or written."""

from functools import partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nnjax import losses, optimizers
from nnjax.checks import require_whole
from nnjax.training import fit, fit_many

KEY = jax.random.key(0)


def with_value(array, index, value):
    array = array.copy()
    array[index] = value
    return array


def change(data, **fields):
    return SimpleNamespace(**(vars(data) | fields))


DATA = {
    "fewer targets": (lambda d: change(d, y=d.y[:-1]), "dataset.x has 30 examples and dataset.y 29"),
    "fewer test inputs": (lambda d: change(d, x_test=d.x_test[1:]), "dataset.x_test has 8 .* dataset.y_test 9"),
    "no test targets": (lambda d: change(d, y_test=None), "dataset.y_test"),
    "empty": (lambda d: change(d, x=d.x[:0], y=d.y[:0]), r"dataset.x is empty \(shape \(0, 4\)\)"),
    "nan": (lambda d: change(d, x=with_value(d.x, (3, 1), np.nan)), r"dataset.x\[3, 1\] is nan"),
    "inf in the tests": (lambda d: change(d, x_test=with_value(d.x_test, (0, 2), np.inf)), r"x_test\[0, 2\] is inf"),
    "words": (lambda d: change(d, y=d.y.astype(str)), "dataset.y has dtype"),
    "label too high": (lambda d: change(d, y=with_value(d.y, 4, 3)), r"dataset.y holds the label 3, .* 3 output\(s\)"),
    "negative test label": (lambda d: change(d, y_test=with_value(d.y_test, 4, -1)), "y_test holds the label -1"),
    "other features in the tests": (lambda d: change(d, x_test=d.x_test[:, :3]), r"x has shape \(4,\), .*\(3,\)"),
    "no data set": (lambda d: SimpleNamespace(x=d.x), "without .y"),
    "wrong feature count": (
        lambda d: change(d, x=d.x[:, :3], x_test=d.x_test[:, :3]),
        r"cannot take inputs of shape \(8, 3\) with parameters of shapes \(4, 8\), \(8,\), \(8, 3\), \(3,\)",
    ),
    "targets of another shape": (
        lambda d: change(d, y=np.ones((30, 1, 3), np.float32), y_test=np.ones((9, 1, 3), np.float32)),
        r"returns \(8, 3\) for one batch and the targets are \(8, 1, 3\)",
    ),
}


@pytest.mark.parametrize("name", DATA)
def test_data(blobs, init, apply, name):
    spoil, sentence = DATA[name]
    data = spoil(blobs(30, 9))
    with pytest.raises(ValueError, match=sentence):
        fit(apply, init(KEY), data, epochs=1, key=KEY, batch_size=8, progress=False)


SETTINGS = {
    "no epochs": ({"epochs": 0}, "epochs is 0"),
    "no batch": ({"batch_size": 0}, "batch_size is 0"),
    "batch too large": ({"batch_size": 31}, "batch_size is 31, but there are only 30"),
    "a seed for a key": ({"key": 0}, r"key is 0; it must be a random key, such as jax.random.key\(0\)"),
    "no key": ({"key": None}, "key is None"),
    "many keys": ({"key": jax.random.split(KEY, 2)}, r"key is an array of shape \(2,\)"),
    "a loss for each example": (
        {"loss": lambda y, d: jnp.zeros(len(d))},
        r"loss\(outputs, targets\) gives an array of shape \(8,\), float32",
    ),
    "two losses": ({"loss": lambda y, d: (0.0, 1.0)}, "gives tuple"),
    "a loss of other arguments": ({"loss": losses.squared_error}, r"fails on arrays of shapes \(8, 3\), \(8,\)"),
    "no scalar penalty": ({"regularizer": lambda params: params[0]["b"]}, r"regularizer\(params\) gives .*\(8,\)"),
    "no optimizer": ({"optimizer": 0.1}, "optimizer is 0.1; it must be an optax.GradientTransformation"),
    "resume what": ({"resume": True}, "resume=True needs the directory"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(blobs, init, apply, name):
    changes, sentence = SETTINGS[name]
    with pytest.raises(ValueError, match=sentence):
        fit(apply, init(KEY), blobs(30, 9), **({"epochs": 1, "key": KEY, "batch_size": 8, "progress": False} | changes))


def test_parameters(blobs, apply):
    run = partial(fit, apply, dataset=blobs(30), epochs=1, key=KEY, batch_size=8, progress=False)
    with pytest.raises(ValueError, match="params holds no arrays"):
        run(params=[])
    with pytest.raises(ValueError, match=r"params\[0\]\['W'\] is int32"):
        run(params=[{"W": jnp.ones((4, 3), jnp.int32), "b": jnp.zeros(3)}])
    with pytest.raises(ValueError, match=r"params\[0\]\['b'\] is float; every leaf must be an array"):
        run(params=[{"W": jnp.ones((4, 3)), "b": 0.0}])


def test_networks(blobs, init):
    run = partial(fit, params=init(KEY), dataset=blobs(30), epochs=1, key=KEY, batch_size=8, progress=False)
    with pytest.raises(ValueError, match=r"returns \(3,\) for inputs of shape \(8, 4\)"):
        run(lambda params, x: params[1]["b"])
    with pytest.raises(ValueError, match="returns tuple"):
        run(lambda params, x: (x, x))
    with pytest.raises(ValueError, match=r"given a state of shapes .* and returned"):
        run(lambda params, state, x: (x[:, :3], {"n": state["n"][None]}), state={"n": jnp.zeros(3)})


def test_networks_that_hide_their_arguments(blobs, init, apply):
    run = partial(fit, params=init(KEY), dataset=blobs(30), epochs=1, key=KEY, batch_size=8, progress=False)
    with pytest.raises(ValueError, match=r"takes \*\*rest, which hides whether it wants a key or train"):
        run(lambda params, x, **rest: apply(params, x))
    with pytest.raises(ValueError, match=r"takes \*\*rest"):
        run(lambda params, x, train=False, **rest: apply(params, x))
    run(lambda params, x, *, key, train, **rest: apply(params, x), optimizer=optax.sgd(0.1))


TWO_CLASSES = {
    "three classes": (losses.binary_cross_entropy, [0, 1, 2], r"dataset.y\[2\]: d is 2; it must be .* at most 1"),
    "coded -1 and 1": (losses.perceptron_criterion, [-1, 1, 1], r"dataset.y\[0\]: d is -1"),
    "behind a function": (lambda z, d: losses.binary_cross_entropy(z, d), [0, 1.5, 0], r"dataset.y\[1\]: d is 1.5"),
}


@pytest.mark.parametrize("name", TWO_CLASSES)
def test_targets_that_the_loss_refuses(name):
    loss, y, sentence = TWO_CLASSES[name]
    data = SimpleNamespace(x=np.ones((3, 2), np.float32), y=np.array(y))
    run = partial(fit, lambda params, x: x @ params["W"], {"W": jnp.zeros(2)}, data, key=KEY, batch_size=2)
    with pytest.raises(ValueError, match=rf"loss\(outputs, targets\) refuses {sentence}"):
        run(epochs=1, loss=loss, progress=False)
    free = run(epochs=1, loss=losses.squared_error, optimizer=optax.sgd(0.1), progress=False)
    assert list(free.history) == ["loss"]


def test_nothing_is_compiled_before(blobs, init, apply):
    def loss(outputs, targets):
        raise AssertionError("was called")

    with pytest.raises(ValueError, match="nan"):
        fit(apply, init(KEY), change(blobs(30), x=np.full((30, 4), np.nan)), epochs=1, key=KEY, loss=loss)


@pytest.mark.parametrize("home", [False, True])
def test_a_directory_that_is_a_file(monkeypatch, tmp_path, blobs, init, apply, home):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "run").write_text("mine")
    directory = "~/run" if home else tmp_path / "run"
    with pytest.raises(ValueError, match="is a file"):
        fit(apply, init(KEY), blobs(30), epochs=1, key=KEY, batch_size=8, directory=directory, progress=False)


MANY = {
    "one key": ({"keys": KEY}, "keys must be an array of random keys"),
    "no keys": ({"keys": jax.random.split(KEY, 2)[:0]}, "keys must be an array"),
    "seeds": ({"keys": jnp.arange(3)}, r"keys\[0\] is an array of shape \(\)"),
    "settings of two lengths": (
        {"settings": {"learning_rate": [0.1, 0.2], "momentum": [0.5]}, "optimizer": optax.sgd},
        r"settings have the shapes .*'learning_rate': \(2,\), 'momentum': \(1,\)",
    ),
    "one setting": ({"settings": {"learning_rate": 0.1}}, r"'learning_rate': \(\)"),
    "settings for a made optimizer": (
        {"settings": {"learning_rate": [0.1]}, "optimizer": optax.sgd(0.1)},
        "optimizer must be a function",
    ),
    "a list of settings": ({"settings": [0.1, 0.2]}, "settings is a list; it must be a dict"),
    "a word": ({"settings": {"learning_rate": ["a", "b"]}}, r"settings\['learning_rate'\] has dtype <U1"),
    "a switch": (
        {"settings": {"learning_rate": [0.1, 0.1], "eps_in_sqrt": [True, False]}, "optimizer": optimizers.rmsprop},
        r"settings\['eps_in_sqrt'\] has dtype bool; only numbers",
    ),
    "a negative rate further on": ({"settings": {"learning_rate": [0.5, -5.0]}}, "-5.0}: learning_rate is -5; it"),
    "a rate that is no number": ({"settings": {"learning_rate": [0.5, np.nan]}}, "learning_rate is nan"),
    "too much momentum": (
        {"settings": {"learning_rate": [0.5, 0.5], "momentum": [0.9, 1.5]}, "optimizer": optimizers.sgd},
        "momentum is 1.5; it must be at least 0 and below 1",
    ),
    "an unknown name": ({"settings": {"lr": [0.5]}}, r"does not take the setting {'lr': 0.5}: .*'lr'"),
    "params for init": ({"init": [{"W": jnp.ones((4, 3))}]}, "init is a list; it must be a function of a key"),
    "a function without settings": ({"optimizer": optax.sgd}, "must be an optax.GradientTransformation"),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", MANY)
def test_many(blobs, init, apply, name):
    changes, sentence = MANY[name]
    with pytest.raises(ValueError, match=sentence):
        fit_many(
            apply,
            **({"init": init, "dataset": blobs(30), "epochs": 1, "keys": jax.random.split(KEY, 2)} | changes),
            batch_size=8,
            progress=False,
        )


def test_a_function_that_cannot_be_hashed_trains_too(blobs, init, apply, same):
    class Unhashable:
        __hash__ = None

        def __call__(self, params, x):
            return apply(params, x)

    run = partial(fit, params=init(KEY), dataset=blobs(40), epochs=1, key=KEY, batch_size=8, progress=False)
    run = partial(run, optimizer=optax.sgd(0.1))
    assert same(run(Unhashable()).params, run(apply).params)


@pytest.mark.parametrize("value", [0.5, True, "3", None, np.float32(2), -1])
def test_whole_numbers(value):
    with pytest.raises(ValueError, match=r"epochs is .*; it must be a whole number of at least 1"):
        require_whole("epochs", value)

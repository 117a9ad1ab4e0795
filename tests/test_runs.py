"""Run directories: every model on data that fits it, the same run twice, exports, errors that say what is wrong."""

import csv
import json
import os
import re
import tempfile
from contextlib import contextmanager

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import data, runs, training
from nnjax.runs import Settings

QUICK = {"epochs": 3, "batch_size": 16, "learning_rate": 0.01}


def rows_of(directory):
    with open(directory / "history.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("model", "data", "least"),
    [
        ("perceptron", "breast_cancer", 0.9),
        ("perceptron", "iris", 0.8),
        ("adaline", "breast_cancer", 0.9),
        ("logistic", "iris", 0.7),
        ("mlp", "breast_cancer", 0.9),
    ],
)
def test_every_classifier_learns(model, data, least, tmp_path):
    settings = Settings(model, data, **QUICK | {"epochs": 10})
    result = runs.train(settings, tmp_path / "run", progress=False)
    assert result["val_accuracy"] >= least
    assert len(rows_of(tmp_path / "run")) == 10


@pytest.mark.parametrize("model", ["linear", "mlp"])
def test_regression_lowers_its_loss_and_has_no_accuracy(model, tmp_path):
    runs.train(Settings(model, "diabetes", **QUICK | {"learning_rate": 0.1}), tmp_path, progress=False)
    rows = rows_of(tmp_path)
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert "accuracy" not in rows[0]


def outputs_of_the_file(path, x):
    return jax.export.deserialize(bytearray(path.read_bytes())).call(x)


def train_and_export(settings, tmp_path):
    """Train, export, compare the file's outputs with the network's; return the history's rows."""
    result = runs.train(settings, tmp_path / "run", progress=False)
    file = runs.export(tmp_path / "run", tmp_path / "model.jax")
    network, params = runs.load(tmp_path / "run")
    x = network.dataset.x_test[:5]
    expected = jax.jit(network.apply)(params, x)
    np.testing.assert_allclose(outputs_of_the_file(file, x), expected, rtol=1e-5, atol=1e-5)
    rows = rows_of(tmp_path / "run")
    assert {name: float(value) for name, value in rows[-1].items() if name != "epoch"} == result
    return rows


SMALL = {"width": 16, "layers": 1, "heads": 2}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "least"),
    [
        (Settings("cnn", "digits", filters=(8,), hidden=(16,), **QUICK), 0.8),
        (Settings("rnn", "digits", hidden=(16,), cell="elman", **QUICK), 0.6),
        (Settings("transformer", "digits", patch=2, dropout=0.1, **SMALL, **QUICK), 0.6),
        (Settings("text_cnn", "unicode_scripts", width=4, dropout=0.1, **QUICK | {"epochs": 1, "batch_size": 64}), 0.6),
        (Settings("logistic", "iris", **QUICK | {"epochs": 10}), 0.7),
        (Settings("mlp", "breast_cancer", **QUICK), 0.9),
    ],
    ids=lambda value: f"{value.model}-{value.data}" if isinstance(value, Settings) else "",
)
def test_a_classifier_learns_and_its_file_answers_as_it_does(settings, least, tmp_path):
    rows = train_and_export(settings, tmp_path)
    assert float(rows[-1]["val_accuracy"]) >= least


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        Settings("rnn", "unicode_names", width=8, hidden=(16, 8), cell="gru", epochs=2, batch_size=250, length=40),
        Settings("transformer", "unicode_names", **SMALL, epochs=2, batch_size=250, length=40),
    ],
    ids=lambda settings: settings.model,
)
def test_a_language_model_learns_and_its_file_answers_as_it_does(settings, tmp_path):
    rows = train_and_export(settings._replace(learning_rate=0.01), tmp_path)
    assert float(rows[-1]["val_loss"]) < float(rows[0]["val_loss"]) < np.log(39)
    most_frequent = np.bincount(data.load("unicode_names").y_test).max() / 70894
    assert float(rows[-1]["val_accuracy"]) > most_frequent


@pytest.fixture
def large_digits(monkeypatch):
    """The digits, each pixel four times as high and wide: 32 x 32, under the name of mnist."""
    digits = data.load("digits")
    x, x_test = (np.kron(images, np.ones((1, 4, 4, 1), np.float32)) for images in (digits.x, digits.x_test))
    monkeypatch.setattr(data, "load", lambda name, **_: digits._replace(x=x, x_test=x_test, name=name))


@pytest.mark.slow
@pytest.mark.usefixtures("large_digits")
def test_lenet_learns_images_of_32_pixels(tmp_path):
    rows = train_and_export(Settings("lenet", "mnist", **QUICK | {"epochs": 1, "learning_rate": 0.003}), tmp_path)
    assert float(rows[-1]["val_accuracy"]) >= 0.7


@pytest.mark.slow
def test_alexnet_learns(tmp_path):
    rows = train_and_export(Settings("alexnet", "digits", hidden=(32,), epochs=2, batch_size=32), tmp_path)
    assert float(rows[-1]["val_accuracy"]) >= 0.6


def test_adaline_is_trained_towards_0_and_1_and_answers_1_above_a_half():
    network = runs.prepare(Settings("adaline", "breast_cancer"))
    for output, loss, accuracy in (
        (0.75, (0.25**2 + 3 * 0.75**2) / 8, 0.25),
        (0.25, (0.75**2 + 3 * 0.25**2) / 8, 0.75),
    ):
        params = {"W": jnp.zeros(30), "b": jnp.asarray(output)}
        found = training.evaluate(network.apply, params, np.zeros((4, 30)), np.array([1, 0, 0, 0]), loss=network.loss)
        assert found == pytest.approx({"loss": loss, "accuracy": accuracy})


def test_the_same_settings_give_the_same_files_but_for_the_clock(tmp_path):
    settings = Settings("mlp", "moons", hidden=(4,), **QUICK)
    for name in ("a", "b"):
        runs.train(settings, tmp_path / name, progress=False)
    for name in ("settings.json", "history.csv", "curves.svg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    a, b = (np.load(tmp_path / name / "params.npz") for name in ("a", "b"))
    assert sorted(a.files) == ["[0]['W']", "[0]['b']", "[1]['W']", "[1]['b']"]
    assert all((a[leaf] == b[leaf]).all() for leaf in a.files)


def test_a_resumed_run_ends_where_the_unbroken_one_ends(tmp_path):
    longer = Settings("mlp", "moons", hidden=(4,), dropout=0.2, **QUICK | {"epochs": 4})
    runs.train(longer, tmp_path / "whole", progress=False)
    runs.train(longer._replace(epochs=2), tmp_path / "parts", progress=False)
    runs.train(longer, tmp_path / "parts", resume=True, progress=False)
    assert (tmp_path / "whole" / "history.csv").read_bytes() == (tmp_path / "parts" / "history.csv").read_bytes()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model": "mpl"}, "unknown model 'mpl'; did you mean 'mlp'"),
        ({"activation": "reul"}, "unknown activation 'reul'; did you mean 'relu'"),
        ({"optimizer": "Adam"}, "unknown optimizer 'Adam'; did you mean 'adam'"),
        ({"l2": -1.0}, "l2 is -1; it must be at least 0"),
        ({"dropout": 1.0}, "dropout is 1; it must be at least 0 and below 1"),
        ({"hidden": (4, 0)}, "hidden holds 0"),
        ({"cell": "lstn", "model": "rnn"}, "unknown cell 'lstn'; did you mean 'lstm'"),
        ({"model": "rnn", "data": "digits", "hidden": ()}, "hidden is []; it must have at least 1"),
        ({"model": "cnn", "data": "digits", "filters": (4, 0)}, "filters holds 0"),
        ({"model": "cnn", "data": "digits", "filters": (4,) * 4}, "digits, 8 x 8, can be halved 3 times"),
        ({"model": "cnn", "data": "digits", "kernel": 0}, "kernel is 0; it must be a whole number of at least 1"),
        ({"heads": 8}, "mlp does not use heads; leave it at its default (it is for transformer)"),
        ({"model": "lenet", "hidden": (3,)}, "lenet does not use hidden; leave it at its default (it is for mlp, cnn"),
        ({"model": "cnn"}, "moons holds rows of numbers; cnn wants images"),
        ({"model": "lenet", "data": "digits"}, "digits has images of 8 x 8 x 1 in 10 classes; lenet wants 28 x 28 x 1"),
        ({"data": "unicode_names"}, "unicode_names holds a stream of text; mlp wants rows of numbers or images"),
        ({"model": "text_cnn", "data": "unicode_names"}, "unicode_names holds a stream of text; text_cnn wants texts"),
        (
            {"model": "rnn", "data": "unicode_scripts"},
            "unicode_scripts holds texts with a label each; rnn wants images",
        ),
        (
            {"model": "transformer", "data": "unicode_names", "heads": 5},
            "heads is 5, which does not divide the width 64",
        ),
        (
            {"model": "transformer", "data": "digits", "patch": 3},
            "patch is 3, which does not divide the images, 8 high",
        ),
        (
            {"model": "rnn", "data": "unicode_names", "length": 70895},
            "length is 70895; rnn reads windows of that length, and unicode_names has 281238 characters to train on "
            "and 70894 to test on",
        ),
        ({"model": "logistic", "data": "diabetes"}, "diabetes has numbers as targets; logistic does not fit them"),
        ({"epochs": 0}, "epochs"),
        ({"seed": 10**23}, "seed is 100000000000000000000000; it must be at least -2^63 and below 2^63"),
    ],
)
def test_bad_settings_are_named_and_nothing_is_written(changes, sentence, tmp_path):
    settings = Settings("mlp", "moons", **QUICK)._replace(**changes)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        runs.train(settings, tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_a_directory_with_another_run_is_left_alone(tmp_path):
    settings = Settings("logistic", "moons", **QUICK)
    runs.train(settings, tmp_path, progress=False)
    before = (tmp_path / "history.csv").read_bytes()
    with pytest.raises(ValueError, match="holds a run already"):
        runs.train(settings, tmp_path, progress=False)
    with pytest.raises(ValueError, match="was begun with batch_size = 16, not 8"):
        runs.train(settings._replace(batch_size=8), tmp_path, resume=True, progress=False)
    assert (tmp_path / "history.csv").read_bytes() == before
    assert json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))["batch_size"] == 16


def files_of(directory):
    return {path.relative_to(directory): path.read_bytes() for path in directory.iterdir() if path.is_file()}


def test_a_refused_resume_leaves_the_finished_run_as_it_was(tmp_path):
    settings, run = Settings("logistic", "moons", **QUICK), tmp_path / "run"
    runs.train(settings, run, progress=False)
    before = files_of(run)
    with pytest.raises(ValueError, match="has 3 epochs already; epochs=2 is fewer"):
        runs.train(settings._replace(epochs=2), run, resume=True, progress=False)
    assert files_of(run) == before
    assert runs.export(run, tmp_path / "model.jax").exists()


def test_a_run_that_goes_on_is_the_finished_one_until_it_is_finished_again(tmp_path, monkeypatch):
    settings, run = Settings("logistic", "moons", **QUICK), tmp_path / "run"
    runs.train(settings, run, progress=False)
    before = files_of(run)
    with monkeypatch.context() as patch:
        patch.setattr(training.checkpoints, "save", broken_off)
        with pytest.raises(KeyboardInterrupt):
            runs.train(settings._replace(epochs=4), run, resume=True, progress=False)
    assert files_of(run) == before
    runs.train(settings._replace(epochs=4), run, resume=True, progress=False)
    assert len(rows_of(run)) == 4


def broken_off(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("resume", [False, True])
def test_a_run_without_a_finished_epoch_may_be_begun_anew(tmp_path, resume):
    settings = Settings("linear", "diabetes", epochs=1, optimizer="sgd", learning_rate=1e6)
    with pytest.raises(FloatingPointError, match="try a smaller learning rate"):
        runs.train(settings, tmp_path / "run", progress=False)
    runs.train(settings._replace(learning_rate=0.1), tmp_path / "run", resume=resume, progress=False)
    assert json.loads((tmp_path / "run" / "settings.json").read_text(encoding="utf-8"))["learning_rate"] == 0.1


@pytest.fixture
def full_disk(monkeypatch):
    """``with full_disk(name)``: there is no space left for the file of that name."""
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")

    @contextmanager
    def full(name):
        def mkstemp(*, prefix, **settings):
            handle, part = real(prefix=prefix, **settings)
            if name not in prefix:
                return handle, part
            os.close(handle)
            return os.open("/dev/full", os.O_WRONLY), part

        real = tempfile.mkstemp
        with monkeypatch.context() as patch:
            patch.setattr(tempfile, "mkstemp", mkstemp)
            yield

    return full


@pytest.mark.parametrize("name", ["settings.json", "params.npz", "history.csv", "curves.svg"])
def test_a_full_disk_is_said_with_the_file_and_leaves_no_part_of_it(full_disk, tmp_path, name):
    settings, run = Settings("logistic", "moons", **QUICK), tmp_path / "new" / "run"
    with (
        full_disk(name),
        pytest.raises(OSError, match=f"No space left on device|could not be written.*{name}") as caught,
    ):
        runs.train(settings, run, progress=False)
    assert caught.value.filename == str(run / name)
    assert not (tmp_path / "new").exists() if name == "settings.json" else not list(run.glob(".*"))
    runs.train(settings, run, resume=True, progress=False)
    assert len(rows_of(run)) == 3


def test_a_run_that_was_begun_before_a_setting_existed_goes_on(tmp_path):
    settings = Settings("logistic", "moons", **QUICK)
    runs.train(settings, tmp_path, progress=False)
    kept = json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))
    (tmp_path / "settings.json").write_text(json.dumps({k: v for k, v in kept.items() if k != "patch"}))
    assert runs.train(settings._replace(epochs=4), tmp_path, resume=True, progress=False)
    assert len(rows_of(tmp_path)) == 4


def unfinished(run):
    settings = json.loads((run / "settings.json").read_text(encoding="utf-8"))
    (run / "settings.json").write_text(json.dumps(settings | {"epochs": 9}))


def of_another_network(run):
    np.savez(run / "params.npz", W=np.zeros(3))


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda run: (run / "settings.json").unlink(), "is no run directory: there is no settings.json in it"),
        (lambda run: (run / "settings.json").write_text("{"), "settings.json does not hold the settings of a run"),
        (
            lambda run: (run / "settings.json").write_text('{"a": 1}'),
            "settings.json does not hold the settings of a run",
        ),
        (lambda run: (run / "params.npz").unlink(), "is not finished; go on with it first (resume, --resume)"),
        (lambda run: (run / "history.csv").unlink(), "is not finished"),
        (unfinished, "is not finished"),
        (lambda run: (run / "params.npz").write_bytes(b"PK"), "params.npz cannot be read"),
        (of_another_network, "params.npz does not hold the parameters of the network in settings.json beside it"),
    ],
)
def test_a_folder_that_is_no_finished_run_is_not_exported(harm, sentence, tmp_path):
    run = tmp_path / "run"
    runs.train(Settings("logistic", "moons", **QUICK | {"epochs": 1}), run, progress=False)
    harm(run)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        runs.export(run, tmp_path / "model.jax")
    assert not (tmp_path / "model.jax").exists()


def test_parse_hidden():
    assert runs.parse_hidden("128, 64") == (128, 64)
    assert runs.parse_hidden("") == ()
    with pytest.raises(ValueError, match="hidden is 'a'; it must be whole numbers"):
        runs.parse_hidden("a")
    with pytest.raises(ValueError, match="filters is '3x'; it must be whole numbers"):
        runs.parse_hidden("3x", "filters")

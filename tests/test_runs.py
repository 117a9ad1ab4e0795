"""Run directories: every model on data that fits it, the same run twice, and the errors that name what is wrong."""

import csv
import json

import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import runs
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
    result = runs.train(Settings(model, data, hidden=(16,), **QUICK | {"epochs": 10}), tmp_path / "run", progress=False)
    assert result["val_accuracy"] >= least
    assert len(rows_of(tmp_path / "run")) == 10


@pytest.mark.parametrize("model", ["linear", "mlp"])
def test_regression_lowers_its_loss_and_has_no_accuracy(model, tmp_path):
    runs.train(Settings(model, "diabetes", hidden=(8,), **QUICK | {"learning_rate": 0.5}), tmp_path, progress=False)
    rows = rows_of(tmp_path)
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert "accuracy" not in rows[0]


def test_adaline_is_trained_towards_0_and_1_and_answers_1_above_a_half():
    network = runs.prepare(Settings("adaline", "breast_cancer"))
    params = {"W": jnp.zeros(30), "b": jnp.asarray(0.75)}
    outputs = network.apply(params, jnp.zeros((2, 30)))
    assert (np.asarray(outputs) > 0).all()
    assert float(network.loss(outputs, jnp.array([1, 0]))) == pytest.approx((0.25**2 + 0.75**2) / 4)


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
        ({"model": "logistic", "data": "diabetes"}, "diabetes has numbers as targets; logistic does not fit them"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_bad_settings_are_named_and_nothing_is_written(changes, sentence, tmp_path):
    settings = Settings("mlp", "moons", **QUICK)._replace(**changes)
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(")):
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


def test_parse_hidden():
    assert runs.parse_hidden("128, 64") == (128, 64)
    assert runs.parse_hidden("") == ()
    with pytest.raises(ValueError, match="hidden is 'a'; it must be whole numbers"):
        runs.parse_hidden("a")

"""The command as a user types it: exit codes, one sentence for a mistake, JSON that parses."""

import inspect
import json
import os
import subprocess
import sys

import pytest

import nnjax
from nnjax import cli


def nnjax_command(monkeypatch, capsys, *arguments):
    """Run the command in this process; return (exit code, what it printed, what it printed as error)."""
    monkeypatch.setattr(sys, "argv", ["nnjax", *arguments])
    with pytest.raises(SystemExit) as left:
        cli.main()
    printed = capsys.readouterr()
    return left.value.code or 0, printed.out, printed.err


@pytest.fixture
def command(monkeypatch, capsys):
    return lambda *arguments: nnjax_command(monkeypatch, capsys, *arguments)


def test_version(command):
    assert command("--version") == (0, f"nnjax {nnjax.__version__}\n", "")


def test_no_arguments_show_the_help(command):
    code, out, err = command()
    assert code in (0, 2)
    for subcommand in ("tour", "certify", "train", "export", "data", "check", "watch", "hint", "progress", "grade"):
        assert subcommand in out + err


def test_certify_prints_a_certificate_as_json(command):
    code, out, _ = command("certify", "losses.squared_error", "--json")
    (certificate,) = json.loads(out)
    assert code == 0
    assert certificate["passed"] is True
    assert certificate["gradient"] <= 1e-10


def test_certify_fails_when_a_gradient_is_wrong(command, monkeypatch):
    from nnjax.manual import losses

    monkeypatch.setattr(losses, "squared_error", lambda y, d: (((y - d) ** 2).sum() / 2 / len(y), (y - d)))
    code, out, _ = command("certify", "losses.squared_error")
    assert code == 1
    assert "NO" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["certify", "layers.dens"], "nnjax: unknown certificate 'layers.dens'; did you mean 'layers.dense'?"),
        (["train", "mlp", "--data", "digit"], "'digits'"),
        (["train", "mlp", "--data", "digits", "--hidden", "12,x"], "nnjax: hidden is '12,x'; it must be whole numbers"),
        (["train", "linear", "--data", "digits"], "nnjax: digits has 10 classes; linear does not fit them"),
        (["train", "mlp", "--data", "digits", "--optimizer", "adma"], "nnjax: unknown optimizer 'adma'"),
        (["train", "mlp", "--data", "digits", "--learning-rate", "-1"], "nnjax: learning_rate is -1; it must be"),
        (["train", "mlp", "--data", "digits", "--batch-size", "0"], "batch_size"),
        (["train", "cnn", "--data", "digits", "--filters", "x"], "nnjax: filters is 'x'; it must be whole numbers"),
        (["train", "cnn", "--data", "moons"], "nnjax: moons holds rows of numbers; cnn wants images"),
        (["train", "rnn", "--data", "digits", "--cell", "gur"], "nnjax: unknown cell 'gur'; did you mean 'gru'?"),
        (
            ["train", "mlp", "--data", "digits", "--patch", "2"],
            "nnjax: mlp does not use patch; leave it at its default",
        ),
        (["export", "model", ".", "model.jax"], "nnjax: . is no run directory: there is no settings.json in it"),
        (["data", "get", "mnits"], "'mnist'"),
        (["export", "instructor", "-o", "file/out"], "nnjax: file/out: Not a directory"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(command, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    code, out, err = command(*arguments)
    assert code == 2
    assert sentence in err
    assert err.count("\n") == 1
    assert out == ""
    assert not list(tmp_path.rglob("settings.json"))


def test_data_lists_every_data_set(command, tmp_path, monkeypatch):
    monkeypatch.setenv("NNJAX_CACHE", str(tmp_path))
    from nnjax import data

    code, out, _ = command("data", "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert code == 0
    assert set(rows) == set(data.NAMES)
    assert rows["digits"]["where"] == "embedded"
    monkeypatch.setenv("COLUMNS", "80")
    out = command("data")[1]
    assert max(map(len, out.splitlines())) <= 80
    for row in rows.values():
        assert f"{row['name']} {row['source']}; licence: {row['licence']}" in " ".join(out.split())


def test_train_keeps_a_run_directory_and_resumes_it(command, tmp_path):
    run = tmp_path / "run"
    arguments = ("train", "logistic", "--data", "breast_cancer", "--out", str(run))
    code, out, err = command(*arguments, "--epochs", "2")
    assert (code, err) == (0, "")
    assert "val_accuracy" in out
    assert {path.name for path in run.iterdir()} == {
        "settings.json", "history.csv", "params.npz", "curves.svg", "checkpoints",
    }  # fmt: skip
    code, _, err = command(*arguments, "--epochs", "3")
    assert code == 2
    assert "--resume" in err
    assert command(*arguments, "--epochs", "3", "--resume")[0] == 0
    assert len((run / "history.csv").read_text(encoding="utf-8").splitlines()) == 1 + 3


def test_the_command_knows_the_models_and_settings_of_a_run_with_their_defaults():
    from nnjax import runs
    from nnjax.cli.app import Model, train

    assert tuple(Model) == runs.MODELS
    defaults = {name: argument.default for name, argument in inspect.signature(train).parameters.items()}
    for name, value in runs.Settings._field_defaults.items():
        assert (runs.parse_hidden(defaults[name]) if isinstance(value, tuple) else defaults[name]) == value, name


def test_a_trained_run_is_exported(command, tmp_path):
    run, file = str(tmp_path / "run"), tmp_path / "model.jax"
    arguments = ("--filters", "4", "--hidden", "", "--kernel", "2", "--epochs", "1", "--batch-size", "100")
    code, out, _ = command("train", "cnn", "--data", "digits", "--out", run, *arguments)
    assert code == 0
    assert "val_accuracy" in out
    assert command("export", "model", run, str(file)) == (0, f"written to {file}\n", "")
    assert file.stat().st_size > 0


NEURON = "def neuron(params, x):\n    return (x @ params['W'] + params['b'] >= 0) * 1.0\n"


def test_an_exercise_is_checked_and_a_hint_given(command, tmp_path, monkeypatch):
    monkeypatch.setenv("NNJAX_STATE", str(tmp_path / "state"))
    (tmp_path / "a.py").write_text(NEURON + "def sigmoid(z):\n    return z\n", encoding="utf-8")
    code, out, _ = command("check", str(tmp_path / "a.py"))
    assert (code, out.splitlines()[-1]) == (1, "1 of 2 right, 1 point")
    assert command("hint", "nueron") == (2, "", "nnjax: unknown exercise 'nueron'; did you mean 'neuron'?\n")


def test_a_class_of_one_is_marked_beside_files_that_are_nobodys(command, tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "ann.py").write_text(NEURON, encoding="utf-8")
    (folder / "roster.csv").touch()
    code, out, err = command("grade", str(folder), "-o", str(tmp_path / "out"), "--lesson", "1", "--no-sandbox")
    assert code == 0
    assert "1 student, 1 point, mean 1.0; 0 with problems" in " ".join(out.split())
    assert err.splitlines()[-1].endswith(": roster.csv")


def test_the_installed_command_starts():
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", "from nnjax.cli import main; main()", "--version"],
        capture_output=True, text=True, timeout=120, env=environment, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, f"nnjax {nnjax.__version__}\n", "")

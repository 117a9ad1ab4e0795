"""What is shown where."""

import io
import sys
from types import ModuleType, SimpleNamespace

import jax
import optax
import pytest
import rich.console

from nnjax.training import fit, progress


def lines_of(capsys, epochs, **settings):
    with progress.reporter(epochs, 10, **settings) as report:
        for epoch in range(settings.get("done", 0) + 1, epochs + 1):
            report(epoch, 4, {"loss": 9.0})
            report(epoch, 10, {"val_accuracy": 0.5, "loss": 0.25, "accuracy": 0.75, "val_loss": 3.0})
    return capsys.readouterr().out.splitlines()


def test_a_file_gets_about_ten_lines(capsys):
    lines = lines_of(capsys, 200)
    assert len(lines) == 10
    assert lines[0].startswith("epoch 20/200  loss 0.2500  accuracy 0.750  val accuracy 0.500")
    assert lines[0].endswith("s left")
    assert lines[-1].startswith("epoch 200/200")
    assert "\x1b" not in "".join(lines)


def test_a_short_or_resumed_run_gets_a_line_for_each_epoch(capsys):
    assert [line.split()[1] for line in lines_of(capsys, 3)] == ["1/3", "2/3", "3/3"]
    assert [line.split()[1] for line in lines_of(capsys, 3, done=2)] == ["3/3"]


def test_nothing_is_shown_when_not_wanted(capsys):
    assert lines_of(capsys, 3, shown=False) == []


def test_the_loss_on_test_data_is_shown_where_there_is_no_accuracy():
    assert progress.words({"val_loss": 2.0, "loss": 1.0}) == "loss 1.0000  val loss 2.0000"


def test_what_only_one_kind_of_training_measures_is_shown_first():
    players = {"discriminator": 1.0, "generator": 0.5, "accuracy": 0.75}
    assert progress.words(players) == "discriminator 1.0000  generator 0.5000  accuracy 0.750"


def test_a_terminal_gets_a_bar(monkeypatch):
    screen = io.StringIO()
    make = rich.console.Console
    monkeypatch.setattr(rich.console, "Console", lambda: make(file=screen, force_terminal=True, width=100))
    with progress.reporter(3, 10) as report:
        report(1, 5, {"loss": 1.5, "accuracy": 0.25})
        report(3, 10, {"loss": 0.5, "accuracy": 0.75, "val_accuracy": 0.625})
    shown = screen.getvalue()
    assert "\x1b[" in shown
    assert "epoch 0/3" in shown
    assert "epoch 3/3" in shown
    assert "loss 0.5000  accuracy 0.750  val accuracy 0.625" in shown


def test_jupyter_gets_one_line_that_changes(monkeypatch, capsys):
    shown = []

    def display(data, **options):
        shown.append(data["text/plain"])
        return SimpleNamespace(update=lambda data, raw: shown.append(data["text/plain"]))

    module = ModuleType("IPython.display")
    module.display = display
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr(rich.console, "_is_jupyter", lambda: True)
    with progress.reporter(2, 10) as report:
        report(2, 10, {"loss": 0.5})
    assert shown[0] == "compiling"
    assert shown[-1].startswith("epoch 2/2  loss 0.5000")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("n_test", [0, 12])
def test_fit_shows_each_epoch_once(capsys, blobs, init, apply, n_test):
    key = jax.random.key(0)
    _, history = fit(apply, init(key), blobs(40, n_test), epochs=3, key=key, batch_size=8, optimizer=optax.sgd(0.1))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["1/3", "2/3", "3/3"]
    assert f"loss {history['loss'][2]:.4f}" in lines[2]
    assert ("val accuracy" in lines[2]) == (n_test > 0)

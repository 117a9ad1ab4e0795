"""Curves of loss and accuracy: the lines are the histories, the bands one standard deviation."""

import numpy as np
import pytest

from nnjax import viz

EPOCHS = 20


def history(seeds=0, seed=0):
    rng = np.random.default_rng(seed)
    shape = (seeds, EPOCHS) if seeds else (EPOCHS,)
    falling = np.exp(-np.arange(EPOCHS) / 6)
    return {
        "loss": 2 * falling * rng.uniform(0.9, 1.1, shape),
        "val_loss": (2 * falling + 0.2) * rng.uniform(0.99, 1.01, shape),
        "accuracy": np.broadcast_to(1 - 0.9 * falling, shape) * rng.uniform(0.98, 1, shape),
        "val_accuracy": np.broadcast_to(0.95 - 0.8 * falling, shape) * rng.uniform(0.98, 1, shape),
    }


def band(collection):
    """The lower and the upper edge of a band from its outline."""
    vertices = collection.get_paths()[0].vertices
    return vertices[1 : EPOCHS + 1], vertices[EPOCHS + 2 : 2 * EPOCHS + 2][::-1]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize("log", [False, True])
def test_one_run_is_two_lines_equal_to_the_history(well_made, log):
    given = history()
    figure = viz.loss_curves(given, log=log)
    (axes,) = figure.axes
    assert [line.get_ydata().tolist() for line in axes.lines] == [given["loss"].tolist(), given["val_loss"].tolist()]
    assert axes.lines[0].get_xdata().tolist() == list(range(1, EPOCHS + 1))
    assert len(axes.collections) == 0
    assert axes.get_yscale() == ("log" if log else "linear")
    assert legend(figure) == [f"training: {given['loss'][-1]:.4f}", f"validation: {given['val_loss'][-1]:.3f}"]
    well_made(figure)


def test_many_seeds_are_a_mean_and_a_band():
    given = history(seeds=5)
    figure = viz.loss_curves(given)
    (axes,) = figure.axes
    for line, collection, key in zip(axes.lines, axes.collections, ("loss", "val_loss"), strict=True):
        mean, std = given[key].mean(axis=0), given[key].std(axis=0)
        np.testing.assert_allclose(line.get_ydata(), mean)
        low, high = band(collection)
        np.testing.assert_allclose(low[:, 1], mean - std)
        np.testing.assert_allclose(high[:, 1], mean + std)
    assert f"± {given['loss'][:, -1].std():.4f}" in legend(figure)[0]


def test_a_log_band_that_reaches_zero_stays_in_the_picture():
    losses = np.array([[1.0], [1e-3], [1e-3]]) * np.linspace(1, 0.5, EPOCHS)
    assert np.all(losses.mean(axis=0) < losses.std(axis=0))
    figure = viz.loss_curves({"loss": losses}, log=True)
    low, _ = band(figure.axes[0].collections[0])
    np.testing.assert_allclose(low[:, 1], losses.mean(axis=0)[-1])
    assert figure.axes[0].get_ylim()[0] > 0.1


def test_log_over_many_decades_has_readable_numbers(well_made):
    texts = well_made(viz.loss_curves({"loss": 10.0 ** -np.arange(0.0, 13.0)}, log=True))
    assert "1" in texts
    assert sum(text.startswith("10⁻") for text in texts) >= 2


def test_accuracy_is_in_per_cent(well_made):
    given = history(seeds=3)
    figure = viz.accuracy_curves(given)
    texts = well_made(figure)
    assert {"60", "80", "accuracy (%)", "epoch"} <= set(texts)
    assert figure.axes[0].get_ylim()[1] <= 1.005
    end = given["val_accuracy"][:, -1].mean()
    assert figure.get_suptitle() == f"Accuracy on unseen data reaches {100 * end:.1f} % after 20 epochs"


def test_a_run_without_validation_has_one_line():
    figure = viz.loss_curves({"loss": [3.0, 2.0]})
    assert len(figure.axes[0].lines) == 1
    assert figure.get_suptitle() == "Training loss falls from 3.00 to 2.00 in 2 epochs"


def test_one_epoch_shows_as_a_point(well_made):
    figure = viz.loss_curves({"loss": [3.0]})
    assert figure.axes[0].lines[0].get_marker() == "o"
    assert figure.get_suptitle() == "Training loss after one epoch: 3.00"
    well_made(figure)


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ([2.0, 1.0, 0.5, 0.9, 1.2], "Loss on unseen data is lowest after epoch 3, then rises"),
        ([2.0, 1.0, 0.5], "Loss on unseen data falls from 2.00 to 0.500 in 3 epochs"),
        ([2.0, 1.0, 2.5], "Loss on unseen data rises from 2.00 to 2.50"),
    ],
)
def test_the_headline_says_what_happened(losses, message):
    assert viz.loss_curves({"loss": losses, "val_loss": losses}).get_suptitle() == message
    assert viz.loss_curves({"loss": losses}, title="My own").get_suptitle() == "My own"


def test_diverged_seeds_are_counted_and_left_out(well_made):
    given = history(seeds=4)
    given["loss"][1, 7:] = np.nan
    given["loss"][3, 9] = np.inf
    figure = viz.loss_curves(given)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), given["loss"][[0, 2]].mean(axis=0))
    assert legend(figure)[0].endswith("(2 of 4 diverged)")
    well_made(figure)


def test_compare_draws_up_to_seven_curves_apart(well_made):
    curves = {f"optimizer number {i}": np.exp(-np.arange(30) * (i + 1) / 20) for i in range(7)}
    figure = viz.compare_curves(curves, log=True)
    lines = figure.axes[0].lines
    assert [line.get_ydata().tolist() for line in lines] == [values.tolist() for values in curves.values()]
    assert len({line.get_color() for line in lines}) == 7
    assert figure.get_suptitle() == "optimizer number 6 ends with the lowest validation loss"
    well_made(figure)
    with pytest.raises(ValueError, match="curves has 8 series"):
        viz.compare_curves({str(i): [1.0] for i in range(8)})


def test_the_best_accuracy_is_the_highest():
    figure = viz.compare_curves({"a": [0.1, 0.9], "b": [0.1, 0.95]}, quantity="test accuracy")
    assert figure.get_suptitle() == "b ends with the highest test accuracy"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: viz.loss_curves({"val_loss": [1.0]}), "history has no 'loss'; it has val_loss"),
        (lambda: viz.loss_curves({"loss": []}), r"history\['loss'\] is empty"),
        (lambda: viz.loss_curves({"loss": np.ones((2, 2, 2))}), r"history\['loss'\] has shape \(2, 2, 2\)"),
        (lambda: viz.loss_curves({"loss": [np.nan, 1.0]}), "nowhere finite"),
        (lambda: viz.loss_curves({"loss": [0.0, 0.0]}, log=True), "log=True needs values above 0"),
        (lambda: viz.accuracy_curves({"accuracy": [50.0]}), "accuracies outside 0 to 1; give them as fractions"),
        (lambda: viz.compare_curves({}), "curves has 0 series"),
    ],
)
def test_bad_input(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()

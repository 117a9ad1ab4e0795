"""Curves of training: loss and accuracy against the epoch, one run or the mean and spread over many seeds."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nnjax.viz import canvas, style, words
from nnjax.viz.inputs import Values, shaped

MOST_MARKERS = 12
"""Longer curves are drawn without a marker at each epoch."""


class Curve(NamedTuple):
    """Mean and standard deviation (epochs,) over the seeds that stayed finite; no deviation for one run."""

    mean: np.ndarray
    std: np.ndarray | None
    seeds: int
    diverged: int


@style.context()
def loss_curves(history: Mapping[str, Any], *, log: bool = False, title: str | None = None) -> Figure:
    """Return the picture of "loss" and, where ``history`` has it, "val_loss" against the epoch.

    Each is (epochs,), or (seeds, epochs): then the line is the mean over seeds and the band one standard deviation to
    each side. Seeds with a nan or an infinite loss are counted in the legend and left out. ``log`` makes the loss axis
    logarithmic. Raises ValueError when "loss" is missing, a shape is wrong, or no seed is finite.
    """
    curves = _of_history(history, "loss")
    figure = _draw(curves, "loss", log=log, percent=False)
    canvas.headline(figure, title or _loss_message(curves))
    return figure


@style.context()
def accuracy_curves(history: Mapping[str, Any], *, title: str | None = None) -> Figure:
    """Return the picture of "accuracy" and, where there, "val_accuracy", in per cent; otherwise like ``loss_curves``.

    Raises ValueError also for an accuracy outside 0 to 1.
    """
    curves = _of_history(history, "accuracy")
    for label, curve in curves.items():
        if np.min(curve.mean) < 0 or np.max(curve.mean) > 1:
            raise ValueError(f"history has {label} accuracies outside 0 to 1; give them as fractions")
    figure = _draw(curves, "accuracy (%)", log=False, percent=True)
    label, curve = list(curves.items())[-1]
    where = "on unseen data" if label == "validation" else "in training"
    end = words.percent(curve.mean[-1])
    canvas.headline(figure, title or f"Accuracy {where} reaches {end} after {words.several(len(curve.mean), 'epoch')}")
    return figure


@style.context()
def compare_curves(
    curves: Mapping[str, Values], *, quantity: str = "validation loss", log: bool = False, title: str | None = None
) -> Figure:
    """Return up to seven curves of one quantity in one picture, such as one for each optimizer.

    ``curves`` is {label: (epochs,) or (seeds, epochs)}. A quantity with "accuracy" in its name is shown in per cent,
    and the highest final value is called the best, else the lowest. Raises ValueError as ``loss_curves`` does.
    """
    style.require_series("curves", len(curves))
    drawn = {label: _curve(f"curves[{label!r}]", values) for label, values in curves.items()}
    percent = "accuracy" in quantity
    figure = _draw(drawn, f"{quantity} (%)" if percent else quantity, log=log, percent=percent)
    choose = max if percent else min
    best = choose(drawn, key=lambda label: float(drawn[label].mean[-1]))
    canvas.headline(figure, title or f"{best} ends with the {'highest' if percent else 'lowest'} {quantity}")
    return figure


def _of_history(history: Mapping[str, Any], name: str) -> dict[str, Curve]:
    if name not in history:
        raise ValueError(f"history has no {name!r}; it has {', '.join(sorted(history)) or 'nothing'}")
    found = {"training": name, "validation": f"val_{name}"}
    return {label: _curve(f"history[{key!r}]", history[key]) for label, key in found.items() if key in history}


def _curve(name: str, values: Any) -> Curve:
    array = np.atleast_2d(shaped(name, values, "epochs", "seeds epochs"))
    kept = array[np.all(np.isfinite(array), axis=1)]
    if len(kept) == 0:
        raise ValueError(f"{name} is nowhere finite over all epochs; train with a smaller learning rate")
    std = np.std(kept, axis=0) if len(array) > 1 else None
    return Curve(np.mean(kept, axis=0), std, len(array), len(array) - len(kept))


def _draw(curves: Mapping[str, Curve], quantity: str, *, log: bool, percent: bool) -> Figure:
    if log and not all(np.any(curve.mean > 0) for curve in curves.values()):
        raise ValueError("log=True needs values above 0; draw these with log=False")
    figure, (axes,) = canvas.blank()
    handles, labels = [], []
    for i, (label, curve) in enumerate(curves.items()):
        look = style.series(i)
        epochs = np.arange(1, len(curve.mean) + 1)
        if len(epochs) > MOST_MARKERS:
            look["marker"] = None
        (line,) = axes.plot(epochs, curve.mean, **look)
        if curve.std is not None:
            low, high = curve.mean - curve.std, curve.mean + curve.std
            # On a logarithmic axis a band that reaches 0 has no lower edge: it ends at the mean's lowest value.
            low = np.where(low > 0, low, np.min(curve.mean[curve.mean > 0])) if log else low
            axes.fill_between(epochs, low, high, color=look["color"], alpha=0.22, linewidth=0)
        handles.append(line)
        labels.append(_legend_label(label, curve, percent))
    if log:
        canvas.log_axis(axes)
    _axes_of_epochs(axes, max(len(curve.mean) for curve in curves.values()), quantity, percent)
    canvas.legend(figure, handles, labels)
    return figure


def _axes_of_epochs(axes: Axes, epochs: int, quantity: str, percent: bool) -> None:
    axes.set_xlabel("epoch")
    axes.set_ylabel(quantity)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if epochs > MOST_MARKERS:
        axes.set_xlim(1, epochs)
    if percent:
        canvas.percent_axis(axes)


def _legend_label(label: str, curve: Curve, percent: bool) -> str:
    last = float(curve.mean[-1])
    if curve.std is None:
        value = words.percent(last) if percent else words.number(last)
    else:
        std = float(curve.std[-1])
        value = f"{100 * last:.1f} ± {100 * std:.1f} %" if percent else words.spread(last, std)
    lost = f" ({curve.diverged} of {curve.seeds} diverged)" if curve.diverged else ""
    return f"{words.shorten(label, 30)}: {value}{lost}"


def _loss_message(curves: Mapping[str, Curve]) -> str:
    label, curve = list(curves.items())[-1]
    what = "Loss on unseen data" if label == "validation" else "Training loss"
    loss, best = curve.mean, int(np.argmin(curve.mean))
    first, last = words.number(loss[0]), words.number(loss[-1])
    if len(loss) == 1:
        return f"{what} after one epoch: {last}"
    if loss[-1] > loss[0]:
        return f"{what} rises from {first} to {last}"
    if loss[-1] > 1.1 * loss[best]:
        return f"{what} is lowest after epoch {best + 1}, then rises"
    return f"{what} falls from {first} to {last} in {len(loss)} epochs"

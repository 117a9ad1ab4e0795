"""The learning rate that works: final loss or accuracy against the learning rate, and where training diverges."""

import numpy as np
from matplotlib.figure import Figure

from nnjax.viz import canvas, style, words
from nnjax.viz.inputs import Values, shaped


@style.context()
def rate_sweep(
    rates: Values,
    values: Values,
    *,
    quantity: str = "validation loss",
    diverged_above: float = float("inf"),
    log: bool = False,
    title: str | None = None,
) -> Figure:
    """Return the picture of a final value against the learning rate, on a logarithmic rate axis.

    ``rates`` is (rates,), ``values`` (rates,) or (rates, seeds): the line is the mean, the band one standard deviation
    over the seeds. A value that is nan, infinite or above ``diverged_above`` is a run that diverged: a cross at the
    edge of the picture tells the rate, and such runs are in no mean. A quantity with "accuracy" in its name is shown in
    per cent and its best is the highest, else the lowest. ``log`` makes the value axis logarithmic too.
    Raises ValueError for a rate that is not positive, shapes that do not fit, or when every run diverged.
    """
    rates = shaped("rates", rates, "rates")
    values = shaped("values", values, "rates", "rates seeds")
    if len(values) != len(rates):
        raise ValueError(f"values has shape {values.shape} for {len(rates)} rates; its first axis must be the rates")
    if not np.all(rates > 0) or not np.all(np.isfinite(rates)):
        raise ValueError(f"rates holds {rates[~(np.isfinite(rates) & (rates > 0))][0]:g}; a rate must be above 0")
    order = np.argsort(rates)
    rates, runs = rates[order], values[order].reshape(len(rates), -1)
    stable = np.isfinite(runs) & (runs <= diverged_above)
    some = np.any(stable, axis=1)
    if not np.any(some):
        raise ValueError("values: every run diverged; try smaller rates")
    if log and np.min(runs[stable]) <= 0:
        raise ValueError("log=True needs values above 0; draw these with log=False")
    mean = np.array([np.mean(r[s]) if np.any(s) else np.nan for r, s in zip(runs, stable, strict=True)])
    std = np.array([np.std(r[s]) if np.any(s) else np.nan for r, s in zip(runs, stable, strict=True)])

    percent = "accuracy" in quantity
    figure, (axes,) = canvas.blank()
    axes.set_xscale("log")
    look = style.series(0)
    handles = axes.plot(rates, mean, **look)
    labels = ["mean ± one standard deviation" if runs.shape[1] > 1 else "one run a rate"]
    if runs.shape[1] > 1:
        low = np.where(mean - std > 0, mean - std, np.min(runs[stable])) if log else mean - std
        axes.fill_between(rates, low, mean + std, where=some, color=look["color"], alpha=0.22, linewidth=0)
    best = int(np.nanargmax(mean) if percent else np.nanargmin(mean))
    shown = words.percent(mean[best]) if percent else words.number(mean[best])
    handles += axes.plot(
        rates[best], mean[best], "o", markersize=13, markerfacecolor="none", markeredgewidth=2, color="black"
    )
    labels.append(f"best: {shown} at {words.number(rates[best], 2)}")
    diverged = ~np.all(stable, axis=1)
    if np.any(diverged):
        height = 0.03 if percent else 0.97
        handles += axes.plot(
            rates[diverged],
            np.full(np.sum(diverged), height),
            "x",
            transform=axes.get_xaxis_transform(),
            color=style.palette["vermilion"],
            markersize=9,
            markeredgewidth=2.5,
        )
        labels.append("some or all runs diverged" if np.any(diverged & some) else "diverged")
        axes.margins(y=0.12)
    if log:
        canvas.log_axis(axes)
    axes.set_xlabel("learning rate")
    axes.set_ylabel(f"final {quantity} (%)" if percent else f"final {quantity}")
    if percent:
        canvas.percent_axis(axes)
    canvas.legend(figure, handles, labels)
    canvas.headline(figure, title or f"The best learning rate is {words.number(rates[best], 2)}: {quantity} {shown}")
    return figure

"""Regression in one dimension: the data and the curves that networks fit to them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nnjax.viz import canvas, style, words
from nnjax.viz.inputs import Values, finite, outputs_of, shaped

POINTS = 500


@style.context()
def fitted_curves(
    fits: Mapping[str, tuple[Callable[..., Any], Any]],
    x: Values,
    d: Values,
    *,
    axes_names: tuple[str, str] = ("x", "y"),
    title: str | None = None,
) -> Figure:
    """Return the data and, for each {label: (apply, params)}, the curve of apply(params, x) over their range.

    ``x`` is (samples,) or (samples, 1); ``apply`` is given (points, 1) and returns (points,) or (points, 1); ``d``
    (samples,) or (samples, 1). The legend tells each curve's mean squared error on the data. Raises ValueError for
    other shapes, more than seven curves, or data that are not finite.
    """
    style.require_series("fits", len(fits))
    x = finite("x", shaped("x", x, "samples", "samples 1")).ravel()
    d = finite("d", shaped("d", d, "samples", "samples 1")).ravel()
    if len(x) != len(d):
        raise ValueError(f"x has {len(x)} samples and d {len(d)}; they must be as many")
    figure, (axes,) = canvas.blank()
    data: dict[str, Any] = {
        "linestyle": "none",
        "marker": "o",
        "markersize": 4.5,
        "color": style.palette["grey"],
        "alpha": 0.6,
    }
    axes.plot(x, d, **data)
    handles, labels, errors = [Line2D([], [], **data)], ["data"], {}
    across = np.linspace(x.min(), x.max(), POINTS)
    for i, (label, (apply, params)) in enumerate(fits.items()):
        curve, at_data = (outputs_of(apply, params, points[:, None]) for points in (across, x))
        if curve.shape[1] != 1:
            raise ValueError(f"fits[{label!r}] has {curve.shape[1]} outputs; a curve has one")
        errors[label] = float(np.mean((at_data.ravel() - d) ** 2))
        look = style.series(i) | {"marker": None}
        handles += axes.plot(across, curve.ravel(), **look)
        labels.append(f"{words.shorten(label, 30)}, error {words.number(errors[label], 2)}")
    axes.set(xlabel=axes_names[0], ylabel=axes_names[1])
    canvas.legend(figure, handles, labels)
    closest = min(errors, key=lambda label: errors[label])
    message = f"{closest} comes closest to the data" if len(fits) > 1 else f"{closest} and the data"
    canvas.headline(figure, title or message)
    return figure
